"""Which items the corpus is held against, and which lines are refused."""

from pathlib import Path

import orjson
import pytest

from latamgpt.curation.evaluation_sets import FOLDERS, TASKS, read_items, read_set
from latamgpt.errors import OperatorError
from tests.conftest import ROOT

QUESTION = {"id": "q-1", "licence": "CC0-1.0", "prompt": "La autora es", "choices": ["Elena Garro", "Rosario"], "answer": 1}
TEXT = {"id": "t-1", "licence": "CC0-1.0", "text": "uno dos tres cuatro cinco seis siete ocho"}


def written(folder: Path, *rows: object) -> Path:
    path = folder / "obras.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_every_line_of_every_set_in_the_repository_is_an_item() -> None:
    lines = sum(len(path.read_bytes().splitlines()) for folder in (TASKS, *FOLDERS) for path in (ROOT / folder).rglob("*.jsonl"))
    items = read_items(ROOT)
    assert len(items) == lines == len({(item.set, item.id) for item in items})
    assert {Path(item.set).stem for item in items} >= {"arithmetic", "english", "in_context", "es", "indigenous", "pt", "en"}


def test_a_question_is_its_prompt_with_the_right_answer(tmp_path: Path) -> None:
    question, text = read_set(written(tmp_path, QUESTION, TEXT), "obras.jsonl")
    assert (question.words, question.wrong) == (("la", "autora", "es", "rosario"), (("elena", "garro"),))
    assert (text.words, text.answer) == (tuple(TEXT["text"].split()), ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"licence": None}, "licence: asks for words"),
        ({"id": ""}, "id: is empty"),
        ({"choises": []}, "choises: there is no such key"),
        ({"text": "x"}, "text or prompt: an item has one of the two"),
        ({"prompt": ""}, "text or prompt: an item has one of the two"),
        ({"prompt": "¿?"}, "prompt: holds no word"),
        ({"choices": []}, "choices: is missing"),
        ({"choices": "uno"}, "choices: asks for a list, as in [train, evaluate], found 'uno'"),
        ({"answer": 2}, "answer: must be the number of one of the 2 choices, from 0, found 2"),
        ({"answer": None}, "answer: must be the number of one of the 2 choices, from 0, found None"),
        ({"choices": ["Elena Garro", "!"]}, "choices: the right one, '!', holds no word"),
        ({"prompt": "", "text": "Elena Garro"}, "choices and answer: they belong to a prompt"),
        ({"prompt": "", "text": "Elena Garro", "choices": [], "answer": None}, "text: has 2 words, and with fewer than 8"),
        ({"id": "t-1"}, "id: 't-1' stands in line 1 already"),
    ],
)
def test_a_line_that_is_no_item_is_refused_by_file_line_and_field(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = written(tmp_path, TEXT, QUESTION | changes)
    with pytest.raises(OperatorError) as refused:
        read_set(path, "evaluation_sets/obras.jsonl")
    assert str(refused.value).startswith(f"evaluation_sets/obras.jsonl, line 2: {message}")


@pytest.mark.parametrize("line", [b"{", b"", b'{"id": "\xff"}', b"[1, 2]"])
def test_a_line_that_is_no_json_object_is_refused_by_file_and_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "obras.jsonl"
    path.write_bytes(orjson.dumps(TEXT) + b"\n" + line + b"\n")
    with pytest.raises(OperatorError, match=r"evaluation_sets/obras\.jsonl, line 2"):
        read_set(path, "evaluation_sets/obras.jsonl")


def test_a_missing_folder_stops_the_reading(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"ability_text is missing: documents that hold evaluation items .*git checkout"):
        read_items(tmp_path)
