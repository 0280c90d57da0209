"""Published sets in their own shapes, with invented rows: what a model is asked, and what is left out."""

import csv
from collections.abc import Sequence
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
import yaml

from latamgpt.errors import OperatorError
from latamgpt.evaluation.adapters.mapping import FOLDER, read_adapter
from latamgpt.evaluation.adapters.questions import adapted_tasks
from latamgpt.evaluation.adapters.rows import read_rows
from latamgpt.evaluation.items import Item
from latamgpt.params import Params, ScorecardParams
from latamgpt.table_format import write_table

Row = dict[str, object]
MCQ = ("article_id", "question", "answer", "distractor1", "distractor2", "distractor3")
LATAMQA: list[Row] = [
    dict(zip(MCQ, (7, "¿Qué se come?", "Locro", "Paella", "locro", "Sushi"), strict=True)),
    dict(zip(MCQ, (7, "¿Y qué se bebe?", "Mate", "Sake", "Té", "Kvas"), strict=True)),
    dict(zip(MCQ, (8, "", "Mate", "Sake", "Té", "Kvas"), strict=True)),
]
OPEN = ("Entity", "Country", "Category", "Difficulty", "Question", "Answer")
CHOCLO: list[Row] = [
    dict(zip(OPEN, (f"E{n}", "Perú" if n % 2 else "Chile", "Food", "easy", f"¿Q{n}?", f"R{n}"), strict=True)) for n in range(6)
]
NLI: list[Row] = [
    {"language": "quy", "premise": "Wasiqa hatunmi", "hypothesis": "Wasiqa huchuymi", "label": "contradiction"},
    {"language": "quy", "premise": "Wasiqa hatunmi", "hypothesis": "Wasi kanmi", "label": "0"},
    {"language": "gn", "premise": 'Oky "heta"', "hypothesis": "Oky", "label": "entailment"},
    {"language": "gn", "premise": "Oky", "hypothesis": "Oky", "label": "-"},
]


@pytest.fixture
def asked(params: Params) -> ScorecardParams:
    return params.scorecard.model_copy(update={"max_items": 100})


def write(path: Path, rows: Sequence[Row]) -> Path:
    if path.suffix == ".parquet":
        write_table(path, pa.Table.from_pylist(list(rows)))
    elif path.suffix == ".jsonl":
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    elif path.suffix == ".tsv":
        lines = ["\t".join(rows[0]), *("\t".join(map(str, row.values())) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def items_of(name: str, path: Path, asked: ScorecardParams) -> dict[str, list[Item]]:
    return {
        task.name: sorted(task.items, key=lambda item: item.id) for task in adapted_tasks(read_adapter(name), path, asked).tasks
    }


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_latamqa_is_read_with_its_distractors_once_each(tmp_path: Path, asked: ScorecardParams, suffix: str) -> None:
    adapted = adapted_tasks(read_adapter("latamqa_es_la"), write(tmp_path / f"set{suffix}", LATAMQA), asked)
    (task,) = adapted.tasks
    assert (task.name, task.battery, adapted.num_left_out) == ("latamqa_es_la/es", "latamqa_es_la", 1)
    first, second = sorted(task.items, key=lambda item: item.id)
    assert first.fields == {"prompt": "Pregunta: ¿Qué se come?\nRespuesta:", "choices": ["Locro", "Paella", "Sushi"], "answer": 0}
    assert first.cluster == second.cluster == "latamqa_es_la 7", "questions of one article hang together"


def test_an_open_question_of_choclo_gets_answers_to_like_ones(tmp_path: Path, asked: ScorecardParams) -> None:
    path = write(tmp_path / "BenchmarkCHOCLO.csv", CHOCLO)
    found = items_of("choclo", path, asked)
    assert set(found) == {"choclo/CL", "choclo/PE"}
    for item in (item for items in found.values() for item in items):
        choices = item.fields["choices"]
        assert isinstance(choices, list)
        assert len(choices) == len(set(choices)) == 4
        assert str(choices[0])[1:] == str(item.fields["prompt"]).partition("Q")[2].partition("?")[0]
        assert item.about["theme"] == "Food"
    assert found == items_of("choclo", path, asked)


def test_of_a_hundred_thousand_answers_a_few_are_drawn(tmp_path: Path, asked: ScorecardParams) -> None:
    rows = [{**CHOCLO[0], "Question": f"¿Q{n}?", "Answer": f"R{n}"} for n in range(2_000)]
    items = items_of("choclo", write(tmp_path / "set.csv", rows), asked)["choclo/CL"]
    assert all(len(set(choices)) == 4 for item in items if isinstance(choices := item.fields["choices"], list))
    assert len({str(item.fields["choices"]) for item in items}) == len(items)


def test_trueque_is_read_as_it_is_published(tmp_path: Path, asked: ScorecardParams) -> None:
    rows: list[Row] = [
        {"question": f"¿Q{n}?", "country": "República Dominicana", "reference_answer": f"R{n}", "topic": "historia"}
        for n in range(3)
    ]
    found = items_of("trueque", write(tmp_path / "trueque_benchmark_beta_0_1.csv", rows), asked)
    assert {name: len(items) for name, items in found.items()} == {"trueque/DO": 3}


def test_an_open_question_without_a_like_one_is_left_out(tmp_path: Path, asked: ScorecardParams) -> None:
    rows = [{**CHOCLO[0], "Category": "Flora"}, *CHOCLO]
    adapted = adapted_tasks(read_adapter("choclo"), write(tmp_path / "set.csv", rows), asked)
    assert adapted.num_left_out == 1


def test_americasnli_is_a_task_for_each_language(tmp_path: Path, asked: ScorecardParams) -> None:
    adapter = read_adapter("americasnli")
    adapted = adapted_tasks(adapter, write(tmp_path / "test.tsv", NLI), asked)
    tasks = {task.name: sorted(task.items, key=lambda item: item.id) for task in adapted.tasks}
    assert {name: len(items) for name, items in tasks.items()} == {"americasnli/gn": 1, "americasnli/quy": 2}
    assert adapted.num_left_out == 1
    first, second = tasks["americasnli/quy"]
    assert first.fields["prompt"] == "Wasiqa hatunmi, ¿correcto?"
    assert first.fields["choices"] == ["Sí, Wasiqa huchuymi", "Así que, Wasiqa huchuymi", "No, Wasiqa huchuymi"]
    assert (first.fields["answer"], second.fields["answer"]) == (2, 0)
    assert first.cluster == second.cluster
    assert tasks["americasnli/gn"][0].fields["prompt"] == 'Oky "heta", ¿correcto?', "quotation marks are text in a TSV"


@pytest.mark.parametrize(("told", "answer"), [("B", 1), ("b", 1), ("1", 1), ("dos", 1), ("Z", None), ("9", None), ("", None)])
def test_options_are_named_by_letter_number_or_words(
    tmp_path: Path, asked: ScorecardParams, told: str, answer: int | None
) -> None:
    rows: list[Row] = [
        {"question": "¿?", "A": "uno", "B": "dos", "C": "tres", "D": "", "answer": told},
        {"question": "¿?", "A": "uno", "B": "dos", "C": "", "D": "", "answer": "A"},
    ]
    items = items_of("la_leaderboard", write(tmp_path / "set.csv", rows), asked)["la_leaderboard/es"]
    numbers = {item.id: item.fields["answer"] for item in items}
    assert numbers.get("la_leaderboard-1-1") == answer
    assert numbers["la_leaderboard-2-2"] == 0


def test_options_may_stand_in_a_list(tmp_path: Path, asked: ScorecardParams) -> None:
    own = yaml.safe_load((FOLDER / "la_leaderboard.yaml").read_text())
    own["columns"]["choices"] = ["options"]
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(own))
    rows: list[Row] = [{"question": "¿?", "options": ["uno", "dos"], "answer": 1}]
    (item,) = items_of(str(path), write(tmp_path / "set.jsonl", rows), asked)["own/es"]
    assert item.fields == {"prompt": "Pregunta: ¿?\nRespuesta:", "choices": ["uno", "dos"], "answer": 1}


def test_at_most_so_many_rows_are_asked_whatever_their_order(tmp_path: Path, asked: ScorecardParams) -> None:
    few = asked.model_copy(update={"max_items": 2})
    (task,) = adapted_tasks(read_adapter("latamqa_es_la"), write(tmp_path / "a.csv", LATAMQA), few).tasks
    assert len(task.items) == 2


def test_columns_that_were_renamed_are_told_with_those_that_are_there(tmp_path: Path, asked: ScorecardParams) -> None:
    rows = [{("Pregunta" if name == "question" else name): value for name, value in row.items()} for row in LATAMQA]
    with pytest.raises(OperatorError, match=r"has no column question; it has article_id, Pregunta, .* Copy the adapter's file"):
        adapted_tasks(read_adapter("latamqa_es_la"), write(tmp_path / "set.csv", rows), asked)


def test_every_adapter_says_where_it_is_from_and_under_which_licence() -> None:
    for path in FOLDER.glob("*.yaml"):
        adapter = read_adapter(path.stem)
        assert adapter.source
        assert adapter.licence


@pytest.mark.parametrize(
    ("name", "content"), [("a.jsonl", b"{"), ("a.json", b"[1]"), ("a.csv", b"\xff\xfe"), ("a.xlsx", b""), ("a.parquet", b"x")]
)
def test_what_cannot_be_read_is_told_by_its_path(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(OperatorError, match=name):
        read_rows(path)


def test_an_unknown_adapter_is_told_with_those_that_there_are() -> None:
    with pytest.raises(OperatorError, match="Choose one of americasnli, choclo"):
        read_adapter("blend")
