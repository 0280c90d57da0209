"""One document without its partner's boilerplate: described anew, judged anew, and nobody's identifier brought to light."""

from pathlib import Path

import pyarrow as pa
import pytest

from latamgpt.curation.boilerplate import Repeated, RepeatedLine, line_hashes, plain_hash
from latamgpt.curation.cleaning import WORKED
from latamgpt.curation.quality import Drop
from latamgpt.curation.stripping import STRIPPED, Stripped, Stripping, strip_row, take_boilerplate
from latamgpt.curation.unchanged import INPUT_SCHEMA, Made, Shelf
from latamgpt.params import Params
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.registry.toxic_terms import read_term_lists
from latamgpt.store import read_table, rows_to_table
from latamgpt.table_format import write_table
from tests.conftest import ROOT
from tests.curation.documents import SPANISH, Row
from tests.curation.test_duplicates import clean

LINE = "Todos los derechos reservados a la Academia Nacional de la Lengua"


@pytest.fixture
def repeated(params: Params) -> Repeated:
    known = RepeatedLine(LINE.lower(), 60, is_short=False)
    return Repeated({plain_hash(known.line): known}, params.clean_documents.boilerplate)


def stripped(row: Row, repeated: Repeated, params: Params) -> Stripped | None:
    return strip_row(row, Stripping(repeated, params.clean_documents, thresholds_in_force(ROOT)))


def left(text: str, repeated: Repeated, params: Params) -> Row | Drop:
    found = stripped(clean(text), repeated, params)
    assert found is not None
    return found.left


def test_a_document_without_a_line_is_described_anew(repeated: Repeated, params: Params) -> None:
    found = stripped(clean(f"{SPANISH}\n{LINE}"), repeated, params)
    assert found is not None
    assert isinstance(found.left, dict)
    names = ("text", "num_bytes", "text_sha256")
    assert [found.left[name] for name in names] == [clean(SPANISH)[name] for name in names]
    assert (found.taken, found.num_bytes) == (tuple(repeated.lines), len(f"\n{LINE}"))


def test_a_document_without_such_lines_stays_as_it_is(repeated: Repeated, params: Params) -> None:
    assert stripped(clean(SPANISH), repeated, params) is None


@pytest.mark.parametrize("parted", ["DNI\n{}\n23.456.789", "Rosa Quispe, alumna\n{}\nde 9 años, dejó la escuela."])
def test_a_line_that_parts_what_together_names_a_person_stays(repeated: Repeated, params: Params, parted: str) -> None:
    assert stripped(clean(f"{SPANISH}\n\n{parted.format(LINE)}"), repeated, params) is None


def test_a_document_of_which_too_little_is_left_is_dropped_with_the_reason(repeated: Repeated, params: Params) -> None:
    drop = left(f"Una frase corta que estaba sola.\n\n{LINE}\n\n{LINE}", repeated, params)
    assert isinstance(drop, Drop)
    assert drop.reason == "too_few_chars"
    assert drop.detail.endswith("asked for es, once lines that many documents of academia-quechua repeat are out")


def test_what_is_left_is_held_against_slurs_and_phrases_and_its_variety_is_asked_anew(repeated: Repeated, params: Params) -> None:
    slur = read_term_lists()["es"].forms_in("")[0]
    filler = f"\n{LINE}" * 30
    toxic = left(f"{SPANISH} {slur}. {slur}!{filler}", repeated, params)
    machine = left(f"{SPANISH} {' Soy un modelo de lenguaje.' * 2}{filler}", repeated, params)
    assert isinstance(toxic, Drop)
    assert isinstance(machine, Drop)
    assert (toxic.reason, machine.reason) == ("toxic_terms", "machine_made")
    row = clean(f"{SPANISH}\n{LINE}") | {"variety": "es-rioplat", "country": "", "declared_language": "es"}
    anew = stripped(row, repeated, params)
    assert anew is not None
    assert isinstance(anew.left, dict)
    assert anew.left["variety"] == "es"


def test_what_people_decide_waits_for_them_sorted_and_whole(tmp_path: Path, params: Params) -> None:
    slur = read_term_lists()["es"].forms_in("")[0]
    texts = [f"{SPANISH} {chr(97 + n // 26)}{chr(97 + n % 26)}.\n{LINE}" for n in range(60)] + [
        f"{SPANISH} {slur} {chr(97 + n)}. {slur}!\n{LINE}" for n in range(3)
    ]
    rows = sorted((clean(text) for text in texts), key=lambda row: str(row["doc_id"]))
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    tables: dict[str, list[Row]] = {
        "documents": rows,
        "lines": [
            {"doc_id": row["doc_id"], "lines": line_hashes(str(row["text"]), params.clean_documents.boilerplate)} for row in rows
        ],
    }
    for name, schema in WORKED.items():
        write_table(source / f"{name}.parquet", rows_to_table(tables.get(name, []), schema))
    inputs = pa.table({"doc_id": [row["doc_id"] for row in rows], "digest": [bytes(16)] * len(rows)}, INPUT_SCHEMA)
    shelf = Shelf(tmp_path, "stripped", "archivo-sur", "key", STRIPPED)
    take_boilerplate(Made({source: frozenset()}), inputs, target, shelf, params.clean_documents, thresholds_in_force(ROOT))
    excluded = read_table(target / "exclusions.parquet").to_pylist()
    waiting = read_table(target / "undetermined.parquet").to_pylist()
    assert [row["reason"] for row in excluded] == ["toxic_terms"] * 3
    assert [row["doc_id"] for row in waiting] == sorted(row["doc_id"] for row in excluded)
    assert all(LINE in row["text"] for row in waiting)
    assert read_table(target / "documents.parquet").num_rows == 60
