"""Translation both ways, of verified pairs of sentences: what a model writes behind two shown pairs, by chrF."""

from pathlib import Path
from typing import cast

import yaml
from pydantic import Field, model_validator

from latamgpt.evaluation.items import TASKS_FOLDER, Item, Measure, Task, by_hash, read_lines
from latamgpt.evaluation.questions import CANARY, TRANSLATION
from latamgpt.evaluation.score import DECIMALS, Score
from latamgpt.params import ScorecardParams
from latamgpt.records import Frozen

TRANSLATION_FILE = "translation.yaml"
NUM_SHOWN = 2  # pairs of the file that stand in each prompt and are never asked


class Pair(Frozen):
    """A sentence in two languages."""

    id: str
    language: str
    other: str  # the other language
    text: str = Field(min_length=1)
    other_text: str = Field(min_length=1)
    source: str = Field(min_length=1)
    licence: str
    canary: str

    @model_validator(mode="after")
    def _is_marked(self) -> "Pair":
        if self.canary != CANARY:
            raise ValueError(f"canary: must be {CANARY!r}")
        return self

    def turned(self) -> "Pair":
        """The same from the other side."""
        changed = {"language": self.other, "other": self.language, "text": self.other_text, "other_text": self.text}
        return self.model_copy(update=changed)


def translation_tasks(params: ScorecardParams, folder: Path = TASKS_FOLDER) -> list[Task]:
    """Two tasks for each file of pairs: out of its language, and into it; at most `max_translations` pairs, chosen by hash."""
    if not params.max_translations:
        return []
    settings = yaml.safe_load((TASKS_FOLDER / TRANSLATION_FILE).read_text(encoding="utf-8"))
    tasks: list[Task] = []
    for path in sorted((folder / TRANSLATION).glob("*.jsonl")):
        pairs = by_hash(read_lines(path, Pair), params.seed)
        shown, asked = pairs[:NUM_SHOWN], pairs[NUM_SHOWN : NUM_SHOWN + params.max_translations]
        for turn in (lambda pair: pair, Pair.turned):
            items = tuple(_as_item(turn(pair), [turn(one) for one in shown]) for pair in sorted(asked, key=lambda pair: pair.id))
            if items:
                one = turn(asked[0])
                name = f"{TRANSLATION}/{one.language}-{one.other}"
                tasks.append(Task(name, Measure.CHRF, TRANSLATION, settings, items))
    return tasks


def score_translation(item: Item, written: str) -> Score:
    """ChrF (characters up to six in a row) of what a model wrote against the reference: 0 to 100."""
    from sacrebleu.metrics.chrf import CHRF  # noqa: PLC0415

    reference = cast("str", item.fields["reference"])
    return Score(item.id, round(CHRF().sentence_score(written.strip(), [reference]).score, DECIMALS), 1.0)


def _as_item(pair: Pair, shown: list[Pair]) -> Item:
    lines = [f"{one.language}: {one.text}\n{one.other}: {one.other_text}\n\n" for one in shown]
    prompt = f"{''.join(lines)}{pair.language}: {pair.text}\n{pair.other}:"
    item_id = f"{pair.id}/{pair.language}-{pair.other}"
    return Item(item_id, {"prompt": prompt, "reference": pair.other_text}, pair.id, {"language": pair.other})
