from pathlib import Path

import pyarrow.parquet as pq
import pytest

from latamgpt.errors import OperatorError
from latamgpt.evaluation.items import by_hash
from latamgpt.evaluation.passages import Document, cut_passages, passage_tasks, read_ability_text
from latamgpt.evaluation.questions import HELD_TO_MARGINS, question_files, question_tasks
from latamgpt.params import Params
from latamgpt.records import HELD_OUT_SCHEMA
from latamgpt.store import Workspace, rows_to_table
from latamgpt.table_format import write_table


def test_question_tasks_hold_the_same_items_each_time_and_no_more_than_asked(params: Params):
    few = params.scorecard.model_copy(update={"max_items": 3, "max_ability_items": 2})
    tasks = question_tasks(few)
    assert tasks == question_tasks(few)
    assert [task.name for task in tasks] == [f"{path.parent.name}/{path.stem}" for path in question_files()]
    for task in tasks:
        assert len(task.items) == (4 if task.battery in HELD_TO_MARGINS else 6)
        questions = [item.id.removesuffix("/a") for item in task.items if item.id.endswith("/a")]
        assert [item.id for item in task.items] == [f"{question}/{form}" for question in questions for form in "ab"]


def test_passages_hold_the_whole_text_and_end_where_a_token_ends_a_word():
    passages = cut_passages("uno dos tres cuatro cinco", [3, 7, 12, 19, 25], 2)
    assert [(p.text, p.num_tokens) for p in passages] == [("uno dos", 2), ("tres cuatro", 2), ("cinco", 1)]


def test_passages_go_back_to_white_space_rather_than_cut_a_word():
    passages = cut_passages("uno dos tres", [3, 5, 7, 12], 2)
    assert [(p.text, p.num_tokens) for p in passages] == [("uno", 1), ("dos", 2), ("tres", 1)]


def test_passages_of_text_without_white_space_are_cut_at_tokens():
    assert [p.text for p in cut_passages("abcdefgh", [2, 4, 6, 8], 2)] == ["abcd", "efgh"]


def test_passages_of_an_empty_text_are_none():
    assert cut_passages("", [], 4) == []


def test_order_by_hash_does_not_depend_on_the_order_of_arrival():
    documents = [Document(str(n), "x") for n in range(20)]
    assert by_hash(documents, 3) == by_hash(documents[::-1], 3)
    assert by_hash(documents, 3) != by_hash(documents, 4)


def test_language_with_a_single_passage_is_left_out(published: Workspace, micro_params: Params):
    held_out = published.place("token_shards") / "held_out"
    row = pq.read_table(held_out / "00000.parquet").slice(0, 1).to_pylist()[0]
    write_table(held_out / "00001.parquet", rows_to_table([{**row, "language": "rap", "text": "Iorana"}], HELD_OUT_SCHEMA))
    tokenizer_file = published.place("base_model") / "tokenizer.json"
    ability_text = published.root / "samples" / "ability_text"
    tasks = passage_tasks(held_out, ability_text, tokenizer_file, micro_params.scorecard)
    assert [task.name.rpartition("/")[2] for task in tasks] == ["en", "en-replay", "es", "gug"]


def test_passages_stay_below_the_tokens_asked_for_and_come_from_many_documents(published: Workspace, micro_params: Params):
    held_out = published.place("token_shards") / "held_out"
    tokenizer_file = published.place("base_model") / "tokenizer.json"
    tasks = passage_tasks(held_out, published.root / "samples" / "ability_text", tokenizer_file, micro_params.scorecard)
    english = next(task for task in tasks if task.name == "bits_per_byte/en")
    assert {item.id.rsplit("-", 1)[0] for item in english.items} == {"en-0", "en-1"}
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    assert sum(len(tokenizer.encode(str(item.fields["text"])).ids) for item in english.items) <= 64


def test_ability_text_that_is_missing_is_an_operators_error(tmp_path: Path):
    with pytest.raises(OperatorError, match="nobody sees what the model forgot"):
        read_ability_text(tmp_path)


def test_ability_text_without_a_licence_names_file_line_and_key(tmp_path: Path):
    (tmp_path / "en.jsonl").write_text('{"id": "a", "text": "b", "source": "c"}\n')
    with pytest.raises(OperatorError, match=r"en\.jsonl, line 1: licence: is missing"):
        read_ability_text(tmp_path)
