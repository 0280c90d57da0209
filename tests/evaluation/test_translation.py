"""Pairs asked both ways behind two shown ones, scored by chrF against sacrebleu itself and against what stands in the file."""

from pathlib import Path

import orjson
import pytest

from latamgpt.errors import OperatorError
from latamgpt.evaluation.harness import measure
from latamgpt.evaluation.items import Item
from latamgpt.evaluation.questions import CANARY
from latamgpt.evaluation.translation import NUM_SHOWN, score_translation, translation_tasks
from latamgpt.params import Params, ScorecardParams
from latamgpt.store import Workspace


def write_pairs(folder: Path, **changed: str) -> Path:
    path = folder / "translation" / "gug.jsonl"
    path.parent.mkdir(exist_ok=True)
    pair = {"language": "gug", "other": "es", "source": "written for this test", "licence": "CC0-1.0", "canary": CANARY}
    lines = [{"id": f"gug-{n}", "text": f"oky {n}", "other_text": f"llueve {n}", **pair, **changed} for n in range(5)]
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return folder


@pytest.fixture
def asking(micro_params: Params) -> ScorecardParams:
    return micro_params.scorecard.model_copy(update={"max_translations": 9, "row_tokens": 128})


def test_pairs_are_asked_both_ways_and_those_that_are_shown_are_not(tmp_path: Path, asking: ScorecardParams) -> None:
    out, into = translation_tasks(asking, write_pairs(tmp_path))
    assert (out.name, into.name) == ("translation/gug-es", "translation/es-gug")
    for task, first, second in ((out, "gug", "es"), (into, "es", "gug")):
        assert len(task.items) == 5 - NUM_SHOWN
        for item in task.items:
            assert item.about == {"language": second}
            lines = str(item.fields["prompt"]).splitlines()
            assert [line.partition(":")[0] for line in lines] == [first, second, "", first, second, "", first, second]
            number = item.cluster.removeprefix("gug-")
            assert lines[-2].endswith(number)
            assert str(item.fields["reference"]).endswith(number)
            assert not any(line.endswith(number) for line in lines[:-2])


def test_translations_are_asked_only_where_params_say_so(tmp_path: Path, asking: ScorecardParams) -> None:
    folder = write_pairs(tmp_path)
    assert translation_tasks(asking.model_copy(update={"max_translations": 0}), folder) == []
    assert [len(task.items) for task in translation_tasks(asking.model_copy(update={"max_translations": 2}), folder)] == [2, 2]


def test_pair_without_the_canary_is_refused_by_line(tmp_path: Path, asking: ScorecardParams) -> None:
    with pytest.raises(OperatorError, match=r"gug\.jsonl, line 1: .*canary: must be"):
        translation_tasks(asking, write_pairs(tmp_path, canary="no"))


def test_chrf_is_100_of_the_reference_itself_and_falls_with_what_is_wrong() -> None:
    item = Item("a", {"reference": "La casa está junto al río."})
    values = [score_translation(item, text).value for text in ("La casa está junto al río.", "La casa está lejos.", "Oky.", "")]
    assert values[0] == 100.0
    assert values == sorted(values, reverse=True)
    assert values[-1] == 0.0


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_model_writes_greedily_and_the_same_each_time(published: Workspace, asking: ScorecardParams, tmp_path: Path) -> None:
    tasks = translation_tasks(asking, write_pairs(tmp_path))
    folder = published.place("checkpoint")
    first, second = (measure(folder, tasks, asking, lambda _: None) for _ in range(2))
    assert first == second
    assert [score.item for score in first[tasks[0].name]] == [item.id for item in tasks[0].items]
    assert all(0 <= score.value <= 100 for scores in first.values() for score in scores)
