"""Whole trainings on data with documents that must not be learned from, and what is published of it."""

from pathlib import Path
from typing import cast

import numpy as np
import pyarrow.parquet as pq
import pytest

from latamgpt.launch import ranks
from latamgpt.params import Params
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, sha256_file
from tests.training.conftest import make_pieces, make_ready
from tests.training.faulty_worker import KILL_VARIABLE, POISON

MODULE = "tests.training.faulty_worker"
PLANTED = {"poison": (30, 1), "garbage": (70, 16)}  # where in the mixture, and how many sequences long
PUBLISHED = ("model.safetensors", "curve.json", "data_order.parquet", "report.json", "spikes.parquet")


@pytest.fixture(scope="session")
def spiky(small: Params) -> Params:
    """A window that fits a training of thirty steps; a state every two, so that one lies before what spikes."""
    spikes = small.checkpoint.spikes.model_copy(
        update={"window_steps": 8, "warmup_steps": 6, "sigmas": 4, "steps_before_spike": 1, "max_left_out_share": 0.5}
    )
    sizes = {"spikes": spikes, "learning_rate": 0.003}
    return small.model_copy(update={"checkpoint": small.checkpoint.model_copy(update=sizes)})


@pytest.fixture(autouse=True)
def _faulty_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    run = ranks.run_processes
    monkeypatch.setattr(
        ranks, "run_processes", lambda site, _, *rest, **more: run(site, MODULE, *rest, **more | {"watched": None})
    )


def make_spiky(root: Path, base: Path) -> Workspace:
    """A document of tokens that no other has, four steps long, and one earlier whose gradients are no numbers."""
    pieces = make_pieces(base)
    unseen = sorted(set(range(1, POISON)) - {token for piece in pieces for token in cast("list[int]", piece["tokens"])})
    draw = np.random.default_rng(1)
    for name, (position, num_sequences) in PLANTED.items():
        tokens = [POISON] * 32 if name == "poison" else draw.choice(unseen, 32 * num_sequences).tolist()
        pieces[position * 7 % len(pieces)] |= {"doc_id": name, "tokens": tokens}
    return make_ready(root, base, pieces)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, spiky: Params) -> Workspace:
    """A training with spikes that ran without any kill."""
    with pytest.MonkeyPatch.context() as patch:
        run = ranks.run_processes
        patch.setattr(ranks, "run_processes", lambda site, _, *rest, **more: run(site, MODULE, *rest, **more | {"watched": None}))
        workspace = make_spiky(tmp_path_factory.mktemp("spiky") / "ready", base_folder)
        run_stage(workspace, spiky, "checkpoint")
    return workspace


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_documents_that_spike_are_left_out_and_named(straight: Workspace, spiky: Params) -> None:
    folder, report = straight.read("checkpoint"), straight.report("checkpoint")
    spikes = pq.read_table(folder / "spikes.parquet").to_pylist()
    poisoned = [row for row in spikes if row["doc_id"] == "poison"]
    assert {row["reason"] for row in poisoned} == {"loss or gradient not a number"}
    assert {row["grad_norm"] for row in poisoned} == {None}
    garbage = [row for row in spikes if row["doc_id"] == "garbage"]
    assert len(garbage) >= 3
    assert min(row["sigmas"] for row in garbage) > spiky.checkpoint.spikes.sigmas
    assert any(row["is_quarantined"] for row in garbage)
    left_out = {row["step"] for row in spikes}
    assert report.counts["num_steps_skipped"] == len(left_out)
    assert report.counts["num_rollbacks"] >= 1
    order = pq.read_table(folder / "data_order.parquet")
    assert set(order["step"].to_pylist()) == set(range(report.counts["num_steps"])) - left_out
    assert report.counts["num_tokens"] == sum(row["end"] - row["start"] for row in order.to_pylist())
    assert len(next(c for c in report.curves if c.name == "train/loss").x) == report.counts["num_steps"] - len(left_out)
    table = next(table for table in report.tables if table.name == "batches not learned from")
    assert any("garbage" in str(row[-1]) and row[1] == "quarantined" for row in table.rows)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_weight_is_published_that_is_not_a_number(straight: Workspace) -> None:
    from safetensors.numpy import load_file

    assert all(np.isfinite(weight).all() for weight in load_file(straight.read("checkpoint") / "model.safetensors").values())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_in_the_middle_of_a_roll_back_it_goes_on_to_the_same_bytes(
    straight: Workspace, base_folder: Path, spiky: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_spiky(tmp_path / "ready", base_folder)
    for kill in ("drop_states_after:1:before", "drop_states_after:1:after"):
        monkeypatch.setenv(KILL_VARIABLE, kill)
        with pytest.raises(RuntimeError, match="was ended by SIGKILL"):
            run_stage(workspace, spiky, "checkpoint")
    monkeypatch.delenv(KILL_VARIABLE)
    run_stage(workspace, spiky, "checkpoint")
    for name in PUBLISHED:
        assert sha256_file(workspace.place("checkpoint") / name) == sha256_file(straight.place("checkpoint") / name), name
