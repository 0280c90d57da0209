"""Whole trainings on data with documents that must not be learned from, and what is published of it."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import TOKEN_SHARD_SCHEMA
from latamgpt.shards import token_type, write_shard
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, sha256_file, write_report
from latamgpt.training import checkpoint
from latamgpt.training.left_out import documents_of
from latamgpt.training.packing import PackedOrder
from tests.training.conftest import VOCAB_SIZE, make_pieces, make_ready, publish_mixture
from tests.training.faulty_worker import KILL_VARIABLE, POISON

MODULE = "tests.training.faulty_worker"
PLANTED = {"poison": 30, "garbage-1": 70, "garbage-2": 76, "garbage-3": 82}
PUBLISHED = ("model.safetensors", "curve.json", "data_order.parquet", "report.json", "spikes.parquet")


@pytest.fixture(scope="session")
def spiky(small: Params) -> Params:
    """A window that fits a training of thirty steps; a state every two, so that one lies before what spikes."""
    spikes = small.checkpoint.spikes.model_copy(
        update={"window_steps": 8, "warmup_steps": 6, "steps_before_spike": 1, "max_left_out_share": 0.5}
    )
    sizes = {"spikes": spikes, "learning_rate": 0.003}
    return small.model_copy(update={"checkpoint": small.checkpoint.model_copy(update=sizes)})


@pytest.fixture(autouse=True)
def _faulty_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    run = checkpoint.run_processes
    monkeypatch.setattr(checkpoint, "run_processes", lambda site, _, *rest, **more: run(site, MODULE, *rest, **more))


def make_spiky(root: Path, base: Path) -> Workspace:
    """Documents of random tokens towards the end, and one earlier whose gradients are no numbers."""
    pieces = make_pieces(base)
    draw = np.random.default_rng(1)
    for name, position in PLANTED.items():
        tokens = [POISON] * 32 if name == "poison" else draw.integers(1, 370, 32 * 4).tolist()
        pieces[position * 7 % len(pieces)] |= {"doc_id": name, "tokens": tokens}
    return make_ready(root, base, pieces)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, spiky: Params) -> Workspace:
    """A training with spikes that ran without any kill."""
    with pytest.MonkeyPatch.context() as patch:
        run = checkpoint.run_processes
        patch.setattr(checkpoint, "run_processes", lambda site, _, *rest, **more: run(site, MODULE, *rest, **more))
        workspace = make_spiky(tmp_path_factory.mktemp("spiky") / "ready", base_folder)
        run_stage(workspace, spiky, "checkpoint")
    return workspace


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_documents_that_spike_are_left_out_and_named(straight: Workspace, spiky: Params) -> None:
    folder = straight.read("checkpoint")
    report = straight.report("checkpoint")
    spikes = pq.read_table(folder / "spikes.parquet").to_pylist()
    print(report.summary)
    for row in spikes: print(row)
    assert 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_in_the_middle_of_a_roll_back_it_goes_on_to_the_same_bytes(
    straight: Workspace, base_folder: Path, spiky: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_spiky(tmp_path / "ready", base_folder)
    for kill in ("step_of:0",):
        monkeypatch.setenv(KILL_VARIABLE, kill)
        with pytest.raises(RuntimeError, match="was ended by SIGKILL"):
            run_stage(workspace, spiky, "checkpoint")
    monkeypatch.delenv(KILL_VARIABLE)
    run_stage(workspace, spiky, "checkpoint")
    for name in PUBLISHED:
        assert sha256_file(workspace.place("checkpoint") / name) == sha256_file(straight.place("checkpoint") / name), name
