"""Rows that wait on disk come back sorted, whole deliveries at a time; tables written in parts are the tables written at once."""

from datetime import date
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latamgpt import table_format
from latamgpt.intake.delivery import Delivery
from latamgpt.intake.found import Found
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.row_groups import write_rows
from latamgpt.intake.rows_on_disk import RowsOnDisk, rows_on_disk
from latamgpt.params import Params
from latamgpt.store import Workspace, rows_to_table
from latamgpt.table_format import write_table
from tests.intake.deliveries import DESCRIPTION, deliver, documents, exclusions, register, take_in

SCHEMA = pa.schema([pa.field("doc_id", pa.string(), nullable=False), pa.field("text", pa.string(), nullable=False)])


def described(name: str) -> Delivery:
    return Delivery.model_validate(DESCRIPTION | {"id": name})


def refuse_whole(rows: RowsOnDisk) -> None:
    with rows.delivery(described("mala"), "AR"):
        rows.keep("a", Found("a.txt", "río"), "es")
        rows.set_aside("mala", SetAside("b.txt", Reason.NOT_READ, "b", 1))
        raise Rejected(Reason.TOO_LARGE, "demasiado")


@pytest.mark.parametrize("num_rows", [0, 1, 4096, 4097, 9000])
def test_rows_written_as_they_come_are_the_bytes_of_the_whole_table(tmp_path: Path, num_rows: int) -> None:
    rows: list[dict[str, object]] = [{"doc_id": f"{n:05}", "text": f"El río {n % 50} baja."} for n in range(num_rows)]
    write_table(tmp_path / "whole", rows_to_table(rows, SCHEMA))
    write_rows(tmp_path / "parts", ({**row, "text": str(row["text"]).encode()} for row in rows), SCHEMA)
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_row_group_ends_where_it_would_grow_above_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_format, "MAX_GROUP_BYTES", 100)
    write_rows(tmp_path / "a", [{"doc_id": str(n), "text": "x" * size} for n, size in enumerate([40, 40, 400, 40])], SCHEMA)
    with pq.ParquetFile(tmp_path / "a") as file:
        assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [2, 1, 1]


def test_rows_come_back_sorted_and_with_their_delivery() -> None:
    with rows_on_disk() as rows:
        for name, ids in (("dos", "db"), ("uno", "ca")):
            with rows.delivery(described(name), "AR"):
                for letter in ids:
                    rows.keep(letter, Found(f"{letter}.txt", "río"), "es-AR")
                    rows.set_aside(name, SetAside(f"{letter}.wav", Reason.AUDIO_WITHHELD, "", 1))
        assert [(row.doc_id, row.delivery) for row in rows.documents()] == [
            ("a", "uno"),
            ("b", "dos"),
            ("c", "uno"),
            ("d", "dos"),
        ]
        assert [row.path for row in rows.exclusions()] == ["b.wav", "d.wav", "a.wav", "c.wav"]
        first = next(rows.documents())
        assert (first.delivery_date, first.licence, first.text) == (date(2026, 3, 1), "CC-BY-4.0", "río".encode())


def test_of_a_delivery_that_is_refused_no_row_stays() -> None:
    with rows_on_disk() as rows:
        with pytest.raises(Rejected):
            refuse_whole(rows)
        assert (list(rows.documents()), list(rows.exclusions())) == ([], [])


def test_a_record_s_id_is_known_by_its_text_and_only_in_its_delivery() -> None:
    with rows_on_disk() as rows:
        with rows.delivery(described("uno"), "AR"):
            assert rows.other_text_of(Found("a#1", "río", record_id="7")) == ""
            assert rows.other_text_of(Found("a#2", "río", record_id="7")) == ""
            assert rows.other_text_of(Found("a#3", "mar", record_id="7")) == "a#1"
        with rows.delivery(described("dos"), "AR"):
            assert rows.other_text_of(Found("a#1", "mar", record_id="7")) == ""


def test_one_id_for_two_texts_of_two_partners_or_deliveries_keeps_both(workspace: Workspace, params: Params) -> None:
    sent = {("archivo-sur", "uno"): "El río.", ("archivo-sur", "dos"): "El mar.", ("museo-norte", "uno"): "La sierra."}
    register(workspace)
    register(workspace, "museo-norte")
    for (partner, name), text in sent.items():
        raw = orjson.dumps({"id": "7", "text": text}) + b"\n" + orjson.dumps({"id": "8", "text": "La misma copla."})
        deliver(workspace, {"a.jsonl": raw}, partner, id=name, format="jsonl", fields={"id": "id"})
    kept: list[dict[str, object]] = []
    for partner in ("archivo-sur", "museo-norte"):
        take_in(workspace, params, partner)
        kept += documents(workspace, partner)
        assert exclusions(workspace, partner) == []
    assert sorted(str(row["text"]) for row in kept) == sorted([*sent.values(), *["La misma copla."] * 3])
    assert len({row["doc_id"] for row in kept}) == len(kept)


def test_a_path_that_is_no_text_is_kept_as_it_is_and_shown_in_words() -> None:
    with rows_on_disk() as rows:
        rows.set_aside("", SetAside("a\udcff.txt", Reason.NOT_READ, "no\ttext", 1))
        assert list(rows.files_set_aside()) == [("a\udcff.txt", "not_read")]
        assert [(row.path, row.detail) for row in rows.exclusions()] == [("a\\udcff.txt", "no text")]


def test_what_waited_on_disk_is_gone_once_the_stage_has_published(workspace: Workspace, params: Params) -> None:
    register(workspace)
    deliver(workspace, {"a.txt": "El río que no duerme baja cantando hasta el mar."})
    take_in(workspace, params)
    assert sorted(path.name for path in workspace.place("documents", "archivo-sur").iterdir()) == [
        "documents.parquet",
        "exclusions.parquet",
        "manifest.json",
        "orthographies.parquet",
        "report.json",
    ]
    assert list((workspace.root / "var" / "unpublished").iterdir()) == []
    assert len(documents(workspace)) == 1
