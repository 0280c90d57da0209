"""What only a GPU can show: `make test-gpu`. Skipped, with the reason, where there is none, or fewer than a test needs."""

from pathlib import Path

import pytest
import torch

from latamgpt.params import CheckpointParams, Params, Precision
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, sha256_file
from latamgpt.training.resume import Cursor, History, SavedState, state_folder
from latamgpt.training.state_files import read_part
from latamgpt.training.state_writer import StateWriter
from tests.training.conftest import make_ready
from tests.training.losses_process import HALF
from tests.training.test_checkpoint import PUBLISHED, kill_when
from tests.training.test_engine import Losses, numbers, order, run_orders

NUM_GPUS = torch.cuda.device_count()
WAYS = [(stage, attention) for stage in range(4) for attention in ("mask", "varlen")]

pytestmark = [
    pytest.mark.requires_gpu,
    pytest.mark.skipif(not NUM_GPUS, reason="no GPU on this machine"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def in_bf16(small: Params) -> CheckpointParams:
    return small.checkpoint.model_copy(update={"precision": Precision.BF16})


def name_of(stage: int, attention: str) -> str:
    return f"zero {stage} {attention}"


def train(base: Path, folder: Path, given: CheckpointParams, processes: int) -> tuple[Losses, Losses]:
    """Each way from its beginning to its end, and again from the state in the middle of that."""
    first = [order(given, name_of(*way), save=str(folder / name_of(*way)), zero_stage=way[0], attention=way[1]) for way in WAYS]
    again = [order(given, name_of(*way), begin=str(folder / name_of(*way)), zero_stage=way[0], attention=way[1]) for way in WAYS]
    return run_orders(base, folder, processes, first), run_orders(base, folder, processes, again)


@pytest.fixture(scope="module")
def alone(base_folder: Path, in_bf16: CheckpointParams, tmp_path_factory: pytest.TempPathFactory) -> tuple[Losses, Losses]:
    """One GPU."""
    return train(base_folder, tmp_path_factory.mktemp("alone"), in_bf16, 1)


@pytest.mark.parametrize(("stage", "attention"), WAYS)
def test_training_in_bf16_goes_on_from_a_state_to_the_same_bits(alone: tuple[Losses, Losses], stage: int, attention: str) -> None:
    straight, resumed = (losses[name_of(stage, attention)] for losses in alone)
    assert resumed == straight[HALF:]


def test_every_way_of_sharing_and_attending_learns_the_same(alone: tuple[Losses, Losses]) -> None:
    straight, _ = alone
    expected = [float.fromhex(line.split()[0]) for line in straight[name_of(1, "mask")][:-1]]
    assert expected[-1] < expected[0]
    for name, lines in straight.items():
        assert [float.fromhex(line.split()[0]) for line in lines[:-1]] == pytest.approx(expected, rel=5e-3), name


@pytest.mark.skipif(NUM_GPUS < 2, reason="fewer than two GPUs on this machine")
def test_two_gpus_over_nccl_resume_to_the_same_bits_and_learn_what_one_does(
    alone: tuple[Losses, Losses], base_folder: Path, in_bf16: CheckpointParams, tmp_path: Path
) -> None:
    straight, resumed = train(base_folder, tmp_path, in_bf16, 2)
    for name, lines in straight.items():
        assert resumed[name] == lines[HALF:], name
        assert numbers(lines[:-1]) == pytest.approx(numbers(alone[0][name][:-1]), rel=5e-3), name


def test_state_of_a_gpu_is_copied_to_pinned_memory_and_read_back_as_it_was(tmp_path: Path) -> None:
    writer = StateWriter(tmp_path, 0, lambda told: [told])
    now = {"master.00000": torch.randn(1 << 20, device="cuda"), "half.00000": torch.randn(5, device="cuda").bfloat16()}
    before = {name: tensor.cpu() for name, tensor in now.items()}
    writer.save(SavedState(cursor=Cursor(step=2, sequences=8, num_ranks=1), history=History()), now)
    for tensor in now.values():
        tensor.zero_()  # the training went on
    writer.join()
    assert all(copy.is_pinned() for copy in writer._copies.values())  # pyright: ignore[reportPrivateUsage]
    found = read_part(state_folder(tmp_path, 2), 0)
    assert all(torch.equal(found[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize("attention", ["mask", "varlen"])
def test_killed_stage_on_a_gpu_goes_on_to_the_same_bytes(
    base_folder: Path, small: Params, in_bf16: CheckpointParams, tmp_path: Path, attention: str
) -> None:
    checkpoint = CheckpointParams.model_validate({**in_bf16.model_dump(), "attention": attention})
    params = small.model_copy(update={"checkpoint": checkpoint})
    straight, killed = (make_ready(tmp_path / name, base_folder) for name in ("straight", "killed"))
    run_stage(straight, params, "checkpoint")
    kill_when(killed, params, "step-00000006")
    run_stage(killed, params, "checkpoint")
    for name in PUBLISHED:
        assert _published(killed, name) == _published(straight, name), name


def _published(workspace: Workspace, name: str) -> str:
    return sha256_file(workspace.place("checkpoint") / name)
