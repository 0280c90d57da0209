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


def test_every_set_in_the_repository_is_read_each_form_and_text_by_itself_and_its_canary_once() -> None:
    items = read_items(ROOT)
    assert len(items) == len({(item.set, item.id) for item in items})
    sets = {item.set for item in items}
    assert sets == {
        path.relative_to(ROOT).as_posix() for folder in (TASKS, *FOLDERS) for path in (ROOT / folder).rglob("*.jsonl")
    }
    canaries = [item for item in items if item.id.startswith("canary-")]
    assert {item.set for item in canaries} == {name for name in sets if name.startswith(TASKS.as_posix())}
    assert {item.prompt[:5] for item in canaries} == {("latam", "gpt", "evaluation", "data", "not")}
    assert len(items) > 5000


def test_forms_of_a_question_are_items_without_the_words_that_frame_them(tmp_path: Path) -> None:
    first = {"prompt": "Pregunta: ¿Quién la escribió?\nRespuesta:", "choices": ["Elena Garro", "Rosario"], "answer": 0}
    second = {"prompt": "La escribió", "choices": ["[]", "Rosario"], "answer": 0}
    (only,) = read_set(written(tmp_path, {"id": "q", "licence": "CC0-1.0", "forms": [first, second]}), "obras.jsonl")
    assert (only.id, only.words) == ("q/a", ("quien", "la", "escribio", "elena", "garro"))


def test_both_texts_of_a_translation_are_items_where_they_are_long_enough(tmp_path: Path) -> None:
    pair = {"id": "p", "licence": "CC0-1.0", "text": TEXT["text"], "other_text": "corto", "language": "quc", "other": "es"}
    (only,) = read_set(written(tmp_path, pair), "obras.jsonl")
    assert (only.id, only.words) == ("p/a", tuple(TEXT["text"].split()))


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
        ({"text": "x"}, "text, prompt or forms: an item has one of the three"),
        ({"prompt": ""}, "text, prompt or forms: an item has one of the three"),
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
