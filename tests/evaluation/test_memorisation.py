"""What a model says word for word of its partners' texts: counted, and never of texts that may not be measured on."""

from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from latamgpt.evaluation.items import Item, Measure, Task
from latamgpt.evaluation.memorisation import count_memorised, memorisation_metrics, memorisation_tasks
from latamgpt.evaluation.score import Score
from latamgpt.evaluation.scorecard import run
from latamgpt.params import Params
from latamgpt.records import TOKEN_SHARD_SCHEMA
from latamgpt.registry.edges import Terms
from latamgpt.shards import token_type, write_shard
from latamgpt.store import Workspace
from latamgpt.table_format import write_table
from tests.evaluation.conftest import TEXTS, TRAINED_ON, described

PARTNER = "academia-quechua"


def tasks_of(workspace: Workspace, params: Params, *refused: str) -> list[Task]:
    def permits(terms: Terms) -> bool:
        return terms.partner not in refused

    folders = workspace.place("checkpoint"), workspace.place("token_shards")
    return memorisation_tasks(*folders, params.scorecard, permits)


def test_passages_of_both_sides_are_cut_into_what_is_given_and_what_is_asked_for(
    published: Workspace, micro_params: Params
) -> None:
    [task] = tasks_of(published, micro_params)
    assert (task.name, task.measure) == (f"memorisation/{PARTNER}", Measure.VERBATIM)
    assert [item.about["seen"] for item in task.items] == ["training", "training", "held_out", "held_out"]
    tokenizer = Tokenizer.from_file(str(published.place("checkpoint") / "tokenizer.json"))
    held_out = [text for texts in TEXTS.values() for text in texts]
    for item in task.items:
        beginning, ending = str(item.fields["beginning"]), str(item.fields["ending"])
        assert len(tokenizer.encode(beginning).ids) == micro_params.scorecard.memorised_tokens
        texts = TRAINED_ON if item.about["seen"] == "training" else held_out
        assert any(text.startswith(beginning + ending) for text in texts)


def test_texts_on_which_no_measuring_is_permitted_are_left_out(published: Workspace, micro_params: Params) -> None:
    assert tasks_of(published, micro_params, PARTNER) == []


def test_texts_that_were_not_trained_on_are_not_asked_as_if_they_had_been(published: Workspace, micro_params: Params) -> None:
    only_first = pa.table({"shard": ["train/00000.parquet"], "row": [0], "start": [0], "end": [10]})
    write_table(published.place("checkpoint") / "data_order.parquet", only_first)
    [task] = tasks_of(published, micro_params)
    [item] = (item for item in task.items if item.about["seen"] == "training")
    assert TRAINED_ON[0].startswith(str(item.fields["beginning"]))


def test_passage_whose_edge_cuts_a_character_is_left_out(published: Workspace, micro_params: Params) -> None:
    path = published.place("token_shards") / "train" / "00000.parquet"
    half = Tokenizer.from_file(str(published.place("checkpoint") / "tokenizer.json")).encode("Ā").ids[:1]
    rows = [described("es", n, "x") | {"tokens": half * 10} for n in range(2)]
    write_shard(path, rows, TOKEN_SHARD_SCHEMA, token_type(49_152))
    assert tasks_of(published, micro_params) == []


def test_counts_are_per_side_and_hold_no_text() -> None:
    items = tuple(Item(f"{seen}-{n}", {}, about={"seen": seen}) for seen in ("training", "held_out") for n in range(2))
    task = Task("memorisation/a", Measure.VERBATIM, "memorisation", {}, items)

    def said(*numbers: int) -> dict[str, list[Score]]:
        return {task.name: [Score(item.id, float(number), 5.0) for item, number in zip(items, numbers, strict=True)]}

    training, held_out = count_memorised([task], said(1, 0, 1, 1), said(5, 3, 1, 0))
    assert (training.seen, training.num_passages, training.num_tokens) == ("training", 2, 10)
    assert (training.base_verbatim, training.candidate_verbatim) == (1, 8)
    assert (training.base_exact, training.candidate_exact) == (0, 1)
    assert (held_out.base_longest, held_out.candidate_longest, held_out.candidate_exact) == (1, 1, 0)
    metrics = memorisation_metrics((training, held_out))
    assert metrics["memorisation/training/candidate"] == pytest.approx(0.8)
    assert metrics["memorisation/training_whole/candidate"] == pytest.approx(0.5)
    assert memorisation_metrics(()) == {}


def test_scorecard_reports_memorisation_without_any_text(published: Workspace, micro_params: Params) -> None:
    report = run(published, micro_params)
    [table] = (table for table in report.tables if table.name == "memorisation")
    assert [row[:3] for row in table.rows] == [(PARTNER, "training", 2), (PARTNER, "held_out", 2)]
    folder: Path = published.place("scorecard")
    scorecard = orjson.loads((folder / "scorecard.json").read_bytes())
    assert [row["seen"] for row in scorecard["memorisation"]] == ["training", "held_out"]
    written = "".join(path.read_text() for path in folder.iterdir())
    assert not any(text[:12] in written for text in (*TRAINED_ON, *TEXTS["es"], *TEXTS["gug"]))
