"""A text in several spellings: one goes on to the corpus, the others are kept beside it, and they go where it goes."""

import gzip
import io
from collections.abc import Callable
from datetime import date

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from latamgpt.custody.delivery_search import Hit, search_folder
from latamgpt.custody.effect import leaving
from latamgpt.custody.needles import needle
from latamgpt.custody.tombstones import add_tombstone
from latamgpt.custody.traces import search
from latamgpt.governance.contents import content_id
from latamgpt.governance.withdrawals import Tombstone
from latamgpt.intake.delivery import Fields
from latamgpt.intake.taking_in import contents_of
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import PARTNER, deliver, documents, exclusions, orthographies, reasons, register, take_in

FIELDS = {"text": "unificado", "id": "n", "orthographies": {"Ragileo": "ragileo", "Azümchefe": "azumchefe"}}
ROWS = [
    {"n": "1", "unificado": "Iñche mapuche ngen.", "ragileo": "Ince mapuce gen.", "azumchefe": "Iñche mapuche gen."},
    {"n": "2", "unificado": "Küme felen.", "ragileo": "", "azumchefe": "Küme felen."},
]


def json_lines(rows: list[dict[str, str]]) -> bytes:
    return b"\n".join(orjson.dumps(row) for row in rows)


def csv(rows: list[dict[str, str]]) -> bytes:
    return "\r\n".join(",".join(row) for row in [list(rows[0]), *(list(row.values()) for row in rows)]).encode()


def parquet(rows: list[dict[str, str]]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


@pytest.mark.parametrize(("name", "write"), [("a.jsonl", json_lines), ("a.csv", csv), ("a.parquet", parquet)])
def test_a_record_s_spellings_are_kept_side_by_side(
    archive: Workspace, params: Params, name: str, write: Callable[[list[dict[str, str]]], bytes]
) -> None:
    deliver(archive, {name: write(ROWS)}, format="files", fields=FIELDS)
    take_in(archive, params)
    texts = {row["doc_id"]: row["text"] for row in documents(archive)}
    assert sorted(str(text) for text in texts.values()) == ["Iñche mapuche ngen.", "Küme felen."]
    assert {(texts[doc_id], spelling, text) for doc_id, spelling, text in orthographies(archive)} == {
        ("Iñche mapuche ngen.", "Ragileo", "Ince mapuce gen."),
        ("Iñche mapuche ngen.", "Azümchefe", "Iñche mapuche gen."),
        ("Küme felen.", "Azümchefe", "Küme felen."),
    }


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_spelling_whose_column_is_missing_is_named(archive: Workspace, params: Params, name: str) -> None:
    rows = [{"n": "1", "unificado": "Küme felen.", "ragileo": "Kvme felen."}]
    deliver(archive, {name: csv(rows) if name == "a.csv" else parquet(rows)}, format="files", fields=FIELDS)
    take_in(archive, params)
    assert [(row["path"], "azumchefe" in str(row["detail"])) for row in exclusions(archive)] == [(name, True)]
    assert not documents(archive)


def test_another_spelling_that_is_no_text_sets_the_record_aside(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.jsonl": json_lines([{**ROWS[0], "ragileo": "a\0b"}, ROWS[1]])}, format="files", fields=FIELDS)
    take_in(archive, params)
    assert reasons(archive) == {"a.jsonl#1": "encoding"}


def test_a_person_s_data_is_found_in_every_spelling(archive: Workspace, params: Params) -> None:
    raw = gzip.compress(json_lines([{**ROWS[0], "ragileo": "Wapi 12.345.678-5"}]))
    folder = deliver(archive, {"a.jsonl.gz": raw}, format="files", fields=FIELDS)
    hits = [one for one in search_folder(folder, needle("12.345.678-5"), params.documents) if isinstance(one, Hit)]
    assert [(hit.path, hit.times) for hit in hits] == [("a.jsonl.gz", 1)]


@pytest.mark.parametrize("names", [{"": "a"}, {"a\nb": "a"}, {"x" * 41: "a"}, {str(n): "a" for n in range(9)}])
def test_spellings_have_short_names_and_are_few(names: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Fields(orthographies=names)


def test_a_spelling_that_is_no_text_at_all_sets_the_record_aside(archive: Workspace, params: Params) -> None:
    row: dict[str, object] = {**ROWS[0], "ragileo": ["Ince"]}
    deliver(archive, {"a.jsonl": orjson.dumps(row)}, format="files", fields=FIELDS)
    take_in(archive, params)
    assert reasons(archive) == {"a.jsonl#1": "record_invalid"}


def test_a_licence_in_another_spelling_counts_for_the_document(archive: Workspace, params: Params) -> None:
    reserved = {**ROWS[0], "ragileo": "Ince mapuce gen. Todos los derechos reservados."}
    rows = [reserved, ROWS[1], {**ROWS[1], "n": "3", "unificado": "Kom."}]
    deliver(archive, {"a.jsonl": json_lines(rows)}, format="files", fields=FIELDS)
    take_in(archive, params)
    assert reasons(archive) == {"a.jsonl#1": "licence_contradiction"}


@pytest.mark.parametrize("withdrawn", ["Ince mapuce gen.", "Iñche mapuche ngen."])
def test_a_document_leaves_whichever_of_its_spellings_was_withdrawn(archive: Workspace, params: Params, withdrawn: str) -> None:
    day = date(2026, 10, 1)
    tombstone = Tombstone(
        withdrawn_on=day, reason="lo pidió", delivery="otra", document="f" * 64, contents=(content_id(withdrawn),)
    )
    (edit,) = add_tombstone(archive.root, PARTNER, tombstone).edits
    (archive.root / edit.path).parent.mkdir(parents=True)
    (archive.root / edit.path).write_text(edit.after, encoding="utf-8")
    deliver(archive, {"a.jsonl": json_lines(ROWS)}, format="files", fields=FIELDS)
    take_in(archive, params)
    assert reasons(archive) == {"a.jsonl#1": "withdrawn"}
    assert [text for _, _, text in orthographies(archive)] == ["Küme felen."]


def test_a_withdrawal_knows_a_text_again_by_each_of_its_spellings(archive: Workspace, params: Params) -> None:
    folder = deliver(archive, {"a.jsonl": json_lines(ROWS)}, format="files", fields=FIELDS)
    take_in(archive, params)
    wanted = {content_id(text) for row in ROWS for name, text in row.items() if name != "n" and text}
    assert contents_of(folder, params.documents) == wanted
    assert leaving(archive, PARTNER, delivery=folder.name).contents == wanted
    assert len(leaving(archive, PARTNER, contents={content_id("Ince mapuce gen.")}).doc_ids) == 1


@pytest.mark.parametrize("column", ["ragileo", "azumchefe"])
def test_a_person_s_data_that_stands_in_another_spelling_alone_is_traced(archive: Workspace, params: Params, column: str) -> None:
    spelled = {**ROWS[1], column: "Wapi 12.345.678-5"}
    rows = [{**ROWS[0], "unificado": "RUT 12.345.678-5"}, {**spelled, "ragileo": spelled["ragileo"] or "Kvme felen."}]
    deliver(archive, {"a.jsonl": json_lines(rows)}, format="files", fields=FIELDS)
    take_in(archive, params)
    found = search(archive, [PARTNER], needle("12.345.678-5")).traces
    assert {(trace.place, trace.times) for trace in found} == {("deliveries", 2), ("documents", 1)}
    assert {trace.item for trace in found if trace.place == "documents"} == {str(row["doc_id"]) for row in documents(archive)}


def test_two_spellings_have_columns_of_their_own() -> None:
    with pytest.raises(ValidationError, match="the same column"):
        Fields(orthographies={"Ragileo": "a", "Azümchefe": "a"})
    assert Fields(orthographies={"K'iche' ALMG": "a"}).named == ["text", "a"]
