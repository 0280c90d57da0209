"""What no filter drops for good: repetition that people write, and noise in a language of which nothing was learned."""

import pytest

from latamgpt.curation.cleaning import Cleaned, Task, clean
from latamgpt.curation.quality import measure
from latamgpt.params import Params
from latamgpt.registry.languages import thresholds_in_force
from tests.conftest import ROOT
from tests.curation.documents import SPANISH, document

NAMES = ("Juan", "María", "Pedro", "Rosa", "Tomás", "Lucía", "Diego", "Ana", "Mateo", "Inés")
REGISTER = "\n".join(
    f"En {day} de marzo de mil setecientos y noventa yo el cura de esta doctrina bauticé solemnemente puse óleo y crisma a "
    f"{NAMES[day % 10]}, hijo legítimo de {NAMES[(3 * day + 1) % 10]} y de {NAMES[(7 * day + 2) % 10]}, indios tributarios."
    for day in range(1, 21)
)
LINKS = (
    "el gato que se comió al ratón",
    "el perro que mordió al gato",
    "el palo que le pegó al perro",
    "el fuego que quemó al palo",
    "el agua que apagó el fuego",
    "el buey que se bebió el agua",
    "el herrero que mató al buey",
    "la muerte que vino por el herrero",
)
TALE = "\n".join(f"Vino {', '.join(reversed(LINKS[: at + 1]))}, en la casa de mi abuela." for at in range(len(LINKS)))
NOISY = SPANISH + " c0sa vie]a igle*ia a1to hcrm0so paLabra" * 3


def cleaned(text: str, params: Params, **changes: object) -> Cleaned:
    return clean(Task([document(text, ocr_confidence=None, **changes)], params.clean_documents, thresholds_in_force(ROOT)))


@pytest.mark.parametrize("text", [REGISTER, TALE])
def test_a_register_and_a_cumulative_tale_wait_for_a_person_and_are_not_called_made_by_a_machine(
    params: Params, text: str
) -> None:
    outcome = cleaned(text, params)
    assert measure(text).repeated_run_share > 0.5
    assert [row["reason"] for row in outcome.excluded] == ["runs_repeated"]
    assert [row["doc_id"] for row in outcome.undetermined] == [outcome.excluded[0]["doc_id"]]


@pytest.mark.parametrize(("language", "num_waiting"), [("es", 0), ("maz", 1)])
def test_noise_is_dropped_for_good_only_where_a_file_says_how_much_is_too_much(
    params: Params, language: str, num_waiting: int
) -> None:
    text = " ".join(["c0sa vie|a hcrm0so paLabra 1l9 tsu ngi"] * 2) if language == "maz" else NOISY
    outcome = cleaned(text, params, declared_language=language)
    assert [row["reason"] for row in outcome.excluded] == ["words_noisy"]
    assert len(outcome.undetermined) == num_waiting
