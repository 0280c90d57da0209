"""States: whole or not at all, the newest whole one wins, one trainer at a time."""

from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.training.resume import (
    History,
    TrainedStep,
    draft_state,
    find_state,
    forget_others,
    only_trainer,
    publish_state,
    read_history,
    step_of,
)

HISTORY = History(steps=(TrainedStep(tokens=128, loss=0.1 + 0.2, grad_norm=1.0, learning_rate=1e-3),))


def save(folder: Path, step: int) -> Path:
    draft = draft_state(folder, step)
    draft.mkdir(parents=True)
    (draft / "weights").write_bytes(b"w" * step)
    publish_state(folder, step, HISTORY)
    return folder / f"step-{step:08}"


def test_newest_state_is_found_and_its_history_is_exact(tmp_path: Path) -> None:
    for step in (2, 4, 10):
        save(tmp_path, step)
    state = find_state(tmp_path)
    assert state is not None
    assert step_of(state) == 10
    assert read_history(state) == HISTORY
    assert [p.name for p in sorted(tmp_path.glob("step-*"))] == ["step-00000004", "step-00000010"]


def test_damaged_newest_state_gives_way_to_the_one_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path, 2)
    (save(tmp_path, 4) / "weights").write_bytes(b"wwwv")
    state = find_state(tmp_path)
    assert state is not None
    assert step_of(state) == 2
    assert "is damaged and is removed" in caplog.text


def test_half_written_state_never_counts(tmp_path: Path) -> None:
    draft = draft_state(tmp_path, 6)
    draft.mkdir()
    (draft / "weights").write_bytes(b"w")
    assert find_state(tmp_path) is None
    assert not draft.exists()


def test_second_trainer_is_refused(tmp_path: Path) -> None:
    with only_trainer(tmp_path), pytest.raises(OperatorError, match="another process already trains"), only_trainer(tmp_path):
        pass


def test_states_of_other_trainings_are_forgotten(tmp_path: Path) -> None:
    save(tmp_path / "old", 2)
    save(tmp_path / "new", 2)
    forget_others(tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["new"]
