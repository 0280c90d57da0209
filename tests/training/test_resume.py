"""States: whole or not at all, the newest whole one wins, one trainer at a time."""

from pathlib import Path

import pytest
import torch

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.training.resume import (
    Cursor,
    History,
    SavedState,
    TrainedStep,
    clear_drafts,
    discard,
    draft_state,
    find_state,
    forget_others,
    newest_step,
    only_trainer,
    publish_state,
    read_state,
    step_of,
)
from latamgpt.training.state_files import read_part, write_part

HISTORY = History(steps=(TrainedStep(tokens=128, loss=0.1 + 0.2, grad_norm=1.0, learning_rate=1e-3),))


def cursor(step: int) -> Cursor:
    return Cursor(step=step, sequences=4 * step, num_ranks=1)


def save(folder: Path, step: int) -> Path:
    draft = draft_state(folder, step)
    draft.mkdir(parents=True)
    part = write_part(draft, 0, {"master.00000": torch.full((100,), float(step))})
    publish_state(folder, SavedState(cursor=cursor(step), history=HISTORY), [part])
    return folder / f"step-{step:08}"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_newest_state_is_found_and_its_history_is_exact(tmp_path: Path) -> None:
    for step in (2, 4, 6, 10):
        save(tmp_path, step)
    state = find_state(tmp_path)
    assert state is not None
    assert step_of(state) == newest_step(tmp_path) == 10
    assert read_state(state, cursor(10)).history == HISTORY
    assert [p.name for p in sorted(tmp_path.glob("step-*"))] == ["step-00000004", "step-00000006", "step-00000010"]


def test_damaged_newest_state_gives_way_to_the_one_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path, 2)
    flip(save(tmp_path, 4) / "rank-00000.safetensors")
    state = find_state(tmp_path)
    assert state is not None
    assert step_of(state) == 2
    assert "the state after step 4 is damaged and is removed" in caplog.text


def test_damaged_part_is_refused_where_it_is_read(tmp_path: Path) -> None:
    state = save(tmp_path, 4)
    assert torch.equal(read_part(state, 0)["master.00000"], torch.full((100,), 4.0))
    with pytest.raises(InputDamagedError, match="it was saved by fewer ranks"):
        read_part(state, 1)
    flip(state / "rank-00000.safetensors")
    with pytest.raises(InputDamagedError, match="the sha256 is not the one in the manifest"):
        read_part(state, 0)


def test_state_of_another_point_of_the_training_is_refused(tmp_path: Path) -> None:
    state = save(tmp_path, 4)
    with pytest.raises(InputDamagedError, match="is at step=4 sequences=16 num_ranks=1, and should be at step=4 sequences=8"):
        read_state(state, Cursor(step=4, sequences=8, num_ranks=1))
    moved = state.rename(tmp_path / "step-00000006")
    with pytest.raises(InputDamagedError, match="is not as it was written, or of another state"):
        read_state(moved, cursor(6))


def test_half_written_state_never_counts(tmp_path: Path) -> None:
    draft = draft_state(tmp_path, 6)
    draft.mkdir()
    write_part(draft, 0, {"master.00000": torch.zeros(10)})
    assert find_state(tmp_path) is None
    clear_drafts(tmp_path)
    assert not draft.exists()


def test_removed_state_is_gone_at_once(tmp_path: Path) -> None:
    discard(save(tmp_path, 2))
    assert newest_step(tmp_path) == 0
    assert not list(tmp_path.iterdir())


def test_second_trainer_is_refused(tmp_path: Path) -> None:
    with only_trainer(tmp_path), pytest.raises(OperatorError, match="another process already trains"), only_trainer(tmp_path):
        pass


def test_states_of_other_trainings_are_forgotten(tmp_path: Path) -> None:
    save(tmp_path / "old", 2)
    save(tmp_path / "new", 2)
    forget_others(tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["new"]
