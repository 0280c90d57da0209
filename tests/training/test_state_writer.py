"""States written by a thread: what was copied at the step, as safetensors reads it, one at a time, errors told."""

from pathlib import Path
from threading import Event

import pytest
import torch

from latamgpt.errors import OperatorError
from latamgpt.training.resume import Cursor, History, SavedState, newest_step, state_folder
from latamgpt.training.state_files import PART_NAME, read_part
from latamgpt.training.state_writer import FAILED, StateWriter


def alone(told: bytes) -> list[bytes]:
    return [told]


def at(step: int) -> SavedState:
    return SavedState(cursor=Cursor(step=step, sequences=4 * step, num_ranks=1), history=History())


def tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return {
        "master.00000": torch.randn(7, 3),
        "half.00000": torch.randn(5).bfloat16(),
        "step.00000": torch.tensor(3.0),
        "counters": torch.tensor([1, 2]),
        "random.cpu": torch.get_rng_state(),
        "empty.00000": torch.zeros(0),
    }


def test_what_is_written_is_what_was_there_at_the_step(tmp_path: Path) -> None:
    go = Event()

    def exchange(told: bytes) -> list[bytes]:
        go.wait()
        return [told]

    writer, now = StateWriter(tmp_path, 0, exchange), tensors()
    before = {name: tensor.clone() for name, tensor in now.items()}
    writer.save(at(2), now)
    now["master.00000"].zero_()  # the training went on
    go.set()
    writer.join()
    found = read_part(state_folder(tmp_path, 2), 0)
    assert found.keys() == before.keys()
    assert all(torch.equal(found[name], before[name]) and found[name].dtype == before[name].dtype for name in before)


def test_same_state_has_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        writer = StateWriter(tmp_path / folder, 0, alone)
        writer.save(at(2), tensors())
        writer.join()
    one, two = (state_folder(tmp_path / folder, 2) for folder in ("one", "two"))
    assert [(p.name, p.read_bytes()) for p in sorted(one.iterdir())] == [(p.name, p.read_bytes()) for p in sorted(two.iterdir())]


def test_next_save_waits_for_the_one_before(tmp_path: Path) -> None:
    writer = StateWriter(tmp_path, 0, alone)
    for step in range(1, 6):
        writer.save(at(step), tensors())
        assert newest_step(tmp_path) >= step - 1
    writer.join()
    assert newest_step(tmp_path) == 5


def test_save_that_failed_is_told_at_the_next(tmp_path: Path) -> None:
    (tmp_path / "draft-2" / PART_NAME.format(rank=0)).mkdir(parents=True)  # what cannot be written over
    writer = StateWriter(tmp_path, 0, alone)
    writer.save(at(2), tensors())
    with pytest.raises(OperatorError, match="rank 0 could not write the state after step 2"):
        writer.save(at(4), tensors())
    assert not list(tmp_path.iterdir())  # nor is the disk left full of it


def test_rank_that_could_not_write_stops_the_others(tmp_path: Path) -> None:
    writer = StateWriter(tmp_path, 0, lambda told: [told, FAILED])
    writer.save(at(2), tensors())
    with pytest.raises(OperatorError, match="of the state after step 2, rank-00001.safetensors could not be written"):
        writer.join()
    assert newest_step(tmp_path) == 0
