"""Whoever withdraws is told first what training did with the texts, and that is kept: the next corpus no longer tells it."""

import json

import pyarrow.parquet as pq
import pytest

from latamgpt.cli import main
from latamgpt.governance.recipients import Recipient, add_recipient
from latamgpt.params import Params
from latamgpt.store import Workspace, digest_of
from tests.custody.test_withdraw import PARTNER, small, withdraw
from tests.custody.test_withdrawn_receipt import train_and_release

__all__ = ["small"]


@pytest.fixture
def trained(small: tuple[Workspace, Params]) -> dict[str, str]:
    """What training saw of the two partners' texts: the corpus' first document, in a release that a ministry has."""
    workspace = small[0]
    train_and_release(workspace)
    add_recipient(workspace.root, Recipient(release=digest_of(workspace.place("release")), name="Ministerio", address="mesa"))
    return pq.read_table(workspace.place("corpus") / "documents.parquet").to_pylist()[0]


def test_shards_steps_release_recipients_and_remedies_are_told_before_and_kept_after(
    small: tuple[Workspace, Params], trained: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = small[0]
    assert main(["trace", "--document", trained["doc_id"], "--json"]) == 0
    traced = json.loads(capsys.readouterr().out)
    order = withdraw("--document", trained["doc_id"])
    assert main([*order, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "  shards      1: 1 rows, 1 token ranges\n  steps       1 of 60; 64 tokens seen\n" in said
    assert f"manifest {digest_of(workspace.place('release'))[:12]}: Ministerio (mesa)" in said
    assert [name for name in ("roll_back_and_retrain", "drop_adapter", "output_filter") if f"\n  {name} " not in said] == []
    assert not (workspace.root / "var" / "traces").exists()
    assert main(order) == 0
    kept = workspace.root / "var" / "traces" / f"{PARTNER}-1.json"
    assert f"is kept in {kept}" in capsys.readouterr().out
    assert json.loads(kept.read_bytes()) == traced


def test_texts_that_no_training_saw_have_nothing_to_undo(
    small: tuple[Workspace, Params], trained: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = "cartas" if trained["delivery"] == "relatos" else "relatos"
    assert main(withdraw("--delivery", other)) == 0
    assert "No training published here saw any of them" in capsys.readouterr().out
    assert not (small[0].root / "var" / "traces").exists()


def test_damaged_shards_stop_no_withdrawal(
    small: tuple[Workspace, Params], trained: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (small[0].place("token_shards") / "train" / "00000.parquet").write_bytes(b"x")
    assert main(withdraw("--document", trained["doc_id"])) == 0
    said = capsys.readouterr().out
    assert "What training did with them cannot be followed: " in said
    assert "Entered as number 1 of the audit log" in said
