"""A scorecard with planted differences: made of numbers alone, no model is run."""

import random
from collections.abc import Sequence

from latamgpt.evaluation.items import Measure, digest_of_fields
from latamgpt.evaluation.page.differing import Wording
from latamgpt.evaluation.score import ItemScore, Made, Scorecard, Scored
from latamgpt.evaluation.statistics.cells import compare_all
from latamgpt.params import ScorecardParams

BASE, CANDIDATE = "base", "candidate"
COUNTRIES = ("AR", "CL", "PE")
ABSTAIN = 3
NUM_CHOICES = 4


def passages(language: str, gain: float, num: int = 12) -> list[Scored]:
    """Passages of 100 bytes; the candidate needs `gain` bits per byte fewer, give or take."""
    rng = random.Random(language)
    rows: list[Scored] = []
    for number in range(num):
        base = 200 + rng.random() * 20
        got = {BASE: base, CANDIDATE: base - 100 * gain + rng.random() * 4 - 2}
        rows.append(
            Scored(
                task=f"bits_per_byte/{language}",
                battery="",
                measure=Measure.BITS_PER_BYTE,
                item=f"{language}-{number}",
                asked=f"{language}{number}",
                cluster=f"{language}-{number}",
                language=language,
                weight=100,
                scores={name: ItemScore(value=round(value, 6)) for name, value in got.items()},
            )
        )
    return rows


def questions(task: str, country: str, gain: float, num: int = 10) -> list[Scored]:
    """Questions in two forms, of which every third has no answer where the battery is hallucination."""
    rng = random.Random(f"{task} {country}")
    battery = task.partition("/")[0]
    rows: list[Scored] = []
    for number in range(num):
        for form in "ab":
            wording = wording_of(f"{country}-{number}/{form}")
            answer = ABSTAIN if battery == "hallucination" and number % 3 == 0 else number % 3
            before = 0.3 + rng.random() * 0.1
            after = before + gain + rng.random() * 0.02 - 0.01
            got = {BASE: before, CANDIDATE: after}
            rows.append(
                Scored(
                    task=task,
                    battery=battery,
                    measure=Measure.CHOICE,
                    item=f"{country}-{number}/{form}",
                    asked=wording.digest,
                    cluster=f"{country}-{number}",
                    language="es",
                    country=country,
                    weight=1,
                    answer=answer,
                    abstain=ABSTAIN if battery == "hallucination" else None,
                    scores={
                        name: ItemScore(value=round(value, 6), chosen=answer if rng.random() < 2 * value else (answer + 1) % 4)
                        for name, value in got.items()
                    },
                )
            )
    return rows


def wording_of(item: str) -> Wording:
    """What the questions above ask."""
    choices = tuple(f"respuesta {letter} de {item}" for letter in "wxyz")
    fields: dict[str, object] = {"prompt": f"¿Qué se pregunta en {item}?", "choices": choices}
    return Wording(f"¿Qué se pregunta en {item}?", choices, f"Fuente de {item}", digest_of_fields(fields))


def wordings_of(items: Sequence[Scored]) -> dict[tuple[str, str], Wording]:
    """The words of all questions among some items."""
    return {(item.task, item.item): wording_of(item.item) for item in items if item.answer is not None}


def scorecard_of(items: Sequence[Scored], params: ScorecardParams, base: str = BASE, candidate: str = CANDIDATE) -> Scorecard:
    """A scorecard of some items."""
    return Scorecard(
        base=base,
        candidate=candidate,
        confidence=params.confidence,
        made=Made(code="c0de", settings={"seed": "19"}, weights={base: "ba5e", candidate: "cafe"}),
        items=tuple(items),
        cells=compare_all(items, base, candidate, params),
    )


def planted_items() -> list[Scored]:
    """Guarani gained and Spanish lost bits; culture gained in Argentina, lost in Chile, in Peru nobody can tell."""
    return [
        *passages("gug", 0.4),
        *passages("es", -0.2),
        *passages("en", 0.0),
        *questions("culture/ar", "AR", 0.1),
        *questions("culture/cl", "CL", -0.1),
        *questions("culture/pe", "PE", 0.0),
        *(one for country in COUNTRIES for one in questions(f"hallucination/{country.lower()}", country, 0.05)),
        *questions("ability/arithmetic", "", 0.0),
    ]
