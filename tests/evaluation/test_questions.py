"""The written items: enough of them, of enough countries, each in two forms that can be answered and checked."""

from collections import Counter
from functools import cache
from pathlib import Path

import orjson
import pytest

from latamgpt.errors import OperatorError
from latamgpt.evaluation.items import TASKS_FOLDER
from latamgpt.evaluation.questions import CANARY, Question, read_questions

WRITTEN_FILES = sorted(path for path in TASKS_FOLDER.glob("*/*.jsonl") if path.parent.name != "translation")


@cache
def questions() -> dict[str, tuple[Question, ...]]:
    return {f"{path.parent.name}/{path.stem}": tuple(read_questions(path)) for path in WRITTEN_FILES}


def every() -> list[Question]:
    return [question for found in questions().values() for question in found]


def test_there_are_as_many_of_as_many_countries_as_was_promised() -> None:
    assert len(every()) >= 1500
    of_region = [q for name, found in questions().items() if not name.startswith("ability/") for q in found]
    by_country = Counter(question.country for question in of_region)
    assert len([country for country, number in by_country.items() if country and number >= 15]) >= 15
    assert {name.split("/")[0] for name in questions()} == {
        "ability", "culture", "hallucination", "indigenous", "stereotype", "variety",
    }  # fmt: skip
    assert {question.language for question in every()} >= {
        "es",
        "pt",
        "en",
        "que",
        "gug",
        "nah",
        "arn",
        "ayr",
        "quc",
        "yua",
        "rap",
    }


def test_each_stands_once_under_its_name_with_source_licence_and_canary() -> None:
    names = Counter(question.id for question in every())
    assert max(names.values()) == 1
    assert {(question.licence, question.author) for question in every()} == {("CC0-1.0", "written for this project")}
    assert all(len(question.source.strip()) > 3 for question in every())
    for path in TASKS_FOLDER.glob("*/*.jsonl"):
        assert all(orjson.loads(line)["canary"] == CANARY for line in path.read_bytes().splitlines()), path


def test_the_two_forms_are_no_copies_of_each_other_and_of_no_other_question() -> None:
    asked = Counter((form.prompt, frozenset(form.choices)) for question in every() for form in question.forms)
    assert max(asked.values()) == 1


def test_where_the_right_choice_stands_says_nothing() -> None:
    for name, found in questions().items():
        places: dict[int, Counter[int]] = {}
        for question in found:
            for form in question.forms:
                places.setdefault(len(form.choices), Counter())[form.answer] += 1
        for number, counted in places.items():
            assert max(counted.values()) - min(counted[place] for place in range(number)) <= 1, name


def test_how_long_the_right_choice_is_says_little() -> None:
    for battery in ("culture", "hallucination", "variety", "indigenous"):
        forms = [
            form
            for name, found in questions().items()
            if name.startswith(battery)
            for question in found
            for form in question.forms
            if form.abstain is None and len(form.choices) == 4
        ]
        if not forms:
            continue
        longest = sum(len(f.choices[f.answer]) > max(len(c) for n, c in enumerate(f.choices) if n != f.answer) for f in forms)
        assert 0.12 < longest / len(forms) < 0.33, battery


def test_hallucination_asks_as_much_that_can_be_known_as_that_cannot() -> None:
    for name, found in questions().items():
        if name.startswith("hallucination/"):
            forms = [form for question in found for form in question.forms]
            assert all(form.abstain is not None for form in forms)
            answerable = sum(form.answer != form.abstain for form in forms)
            assert answerable * 2 == len(forms), name


def test_stereotypes_name_the_choice_of_the_stereotype_wherever_it_is_not_the_right_one() -> None:
    for name in ("stereotype/es", "stereotype/pt"):
        forms = [form for question in questions()[name] for form in question.forms]
        assert sum(form.stereotype is None for form in forms) / len(forms) < 0.2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"canary": "x"}, "canary"),
        ({"source": ""}, "source"),
        ({"forms": []}, "forms"),
        ({"answer": 4}, "answer"),
        ({"stereotype": 0}, "stereotype: is the right choice"),
        ({"choices": ["a", "a"]}, "two are the same"),
    ],
)
def test_a_line_that_is_no_question_is_refused_by_file_line_and_key(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    form = {"prompt": "uno", "choices": ["a", "b"], "answer": 0}
    form |= {name: value for name, value in changes.items() if name in ("answer", "stereotype", "choices")}
    row = {"id": "q", "language": "es", "country": "CL", "theme": "food", "forms": [form, form], "source": "libro"}
    row |= {"author": "yo", "licence": "CC0-1.0", "canary": CANARY}
    row |= {name: value for name, value in changes.items() if name in row}
    path = tmp_path / "q.jsonl"
    path.write_bytes(orjson.dumps(row) + b"\n")
    with pytest.raises(OperatorError, match=r"q\.jsonl, line 1") as refused:
        read_questions(path)
    assert message in str(refused.value)
