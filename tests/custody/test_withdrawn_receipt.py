"""After a withdrawal the partner's receipt names each document that left, and proves offline that the corpus holds none."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from latamgpt.cli import main
from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.receipts.publish import write_receipt
from latamgpt.records import TOKEN_SHARD_SCHEMA, Report
from latamgpt.store import Workspace, rows_to_table, write_report
from latamgpt.table_format import write_table
from latamgpt.training.checkpoint import DATA_ORDER_SCHEMA
from tests.builders import publish_rows, shard_row
from tests.curation.documents import PORTUGUESE
from tests.custody.test_withdraw import PARTNER, doc_id, run_to_corpus, small, withdraw
from tests.receipts.conftest import publish_release, seen

__all__ = ["small"]


def release(workspace: Workspace, params: Params) -> None:
    """The stages up to a signed release, of which training saw the corpus' first document."""
    run_to_corpus(workspace, params)
    train_and_release(workspace)


def train_and_release(workspace: Workspace) -> None:
    """A release of the published corpus."""
    first = pq.read_table(workspace.place("corpus") / "documents.parquet").to_pylist()[0]
    row = shard_row(first["doc_id"], [1] * 64, partner=first["partner"], agreement=first["agreement"])
    publish_rows(workspace, "token_shards", "", {"train/00000.parquet": ([row], TOKEN_SHARD_SCHEMA)})
    with workspace.publish("checkpoint") as folder:
        write_table(folder / "data_order.parquet", rows_to_table([seen(0, first["doc_id"], 0, 0, 64)], DATA_ORDER_SCHEMA))
        counts = {"num_steps": 60, "num_tokens": 61_440, "num_parameters": 1_000_000}
        write_report(folder, Report(stage="checkpoint", summary="a fixture", counts=counts))
    publish_release(workspace)


def told(workspace: Workspace, params: Params, out: Path) -> dict[str, dict[str, object]]:
    """Path -> what a fresh receipt says of the document, once its checker, alone, found every word proved."""
    write_receipt(workspace, params, PARTNER, Language.SPANISH, out)
    command = [sys.executable, "-I", "-S", str(out / "verify_receipt.py"), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:7]) == (0, "proved:"), done.stdout
    return {one["path"]: one for one in json.loads((out / "receipt.json").read_bytes())["documents"]}


@pytest.mark.parametrize(
    ("what", "gone", "reason"),
    [
        (("--delivery", "relatos"), {"rio.txt", "vila.txt"}, "withdrawn"),
        (("--agreement", "as-1"), {"rio.txt", "vila.txt", "years.txt"}, "agreement_withdrawn"),
        (("--document", "vila.txt"), {"vila.txt"}, "withdrawn"),
    ],
)
def test_each_document_of_what_was_withdrawn_is_proved_absent(
    small: tuple[Workspace, Params], tmp_path: Path, what: tuple[str, str], gone: set[str], reason: str
) -> None:
    workspace, params = small
    rows = pq.read_table(workspace.place("documents", PARTNER) / "documents.parquet").to_pylist()
    ids = {row["path"]: row["doc_id"] for row in rows}
    assert main(withdraw(what[0], ids[what[1]] if what[0] == "--document" else what[1])) == 0
    release(workspace, params)
    after = told(workspace, params, tmp_path / "after")
    assert {path for path, one in after.items() if one["excluded"] and one["reason"] == reason} == gone
    assert {path: one["doc_id"] for path, one in after.items()} == ids
    assert {path for path, one in after.items() if one["included"]} == set(ids) - gone


def test_a_partner_finds_a_withdrawn_text_of_its_own_in_the_receipt(small: tuple[Workspace, Params], tmp_path: Path) -> None:
    workspace, params = small
    expected = doc_id(workspace, "vila.txt")
    assert main(withdraw("--delivery", "relatos")) == 0
    release(workspace, params)
    told(workspace, params, tmp_path / "receipt")
    (tmp_path / "mine.txt").write_text(PORTUGUESE, encoding="utf-8")
    command = [sys.executable, "-I", str(tmp_path / "receipt" / "verify_receipt.py"), str(tmp_path / "receipt")]
    asked = [*command, "--text", str(tmp_path / "mine.txt"), "--delivery", "relatos"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{expected}: withdrawn")


def test_a_withdrawn_delivery_whose_files_were_deleted_keeps_its_reason_without_proofs(
    small: tuple[Workspace, Params], tmp_path: Path
) -> None:
    workspace, params = small
    assert main(withdraw("--delivery", "relatos")) == 0
    release(workspace, params)
    shutil.rmtree(workspace.root / "samples" / PARTNER / "relatos")
    said = told(workspace, params, tmp_path / "receipt")
    assert (said[""]["delivery"], said[""]["reason"], said[""]["excluded"]) == ("relatos", "withdrawn", None)
