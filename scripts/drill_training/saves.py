"""A save killed before, and in the midst of, each thing that it does to the disk: every write, flush, rename and removal.

`python -m scripts.drill_training.saves FOLDER`: in a process of its own, since a fork has none of its parent's threads.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latamgpt.launch.local import die_with_parent
from latamgpt.training import resume, state_files
from latamgpt.training.resume import Cursor, History, SavedState
from latamgpt.training.state_writer import StateWriter

if TYPE_CHECKING:
    from torch import Tensor

HOOKED = ("write", "fsync", "rename", "replace", "mkdir", "unlink", "rmdir", "open")
BYTES_PER_WRITE = 1 << 16
NUM_FLOATS = 1 << 19
STEPS = (2, 4, 6, 8)


def kill_in_save(folder: Path, points: int = 0) -> list[str]:
    """Kill a fourth save at `points` evenly chosen points, or at all; returns a line for each, with what was found afterwards.

    Raises:
        AssertionError: a state was lost, or a partial one was visible.
    """
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)  # threads of the parent are not in its forks, where torch would wait for them for ever
    template = folder / "template"
    for step in STEPS[:-1]:
        _save(template, step)
    total = _run(template, folder / "counted", stop_at=None)
    chosen = range(1, total + 1) if not points else sorted({round(1 + n * (total - 1) / (points - 1)) for n in range(points)})
    return [f"point {point} of {total}: step {_kill_at(template, folder / 'killed', point)}" for point in chosen]


def _kill_at(template: Path, folder: Path, point: int) -> int:
    _run(template, folder, stop_at=point)
    for state in folder.glob("step-*"):
        manifest = state_files.read_manifest(state)
        for entry in manifest.files:
            state_files.read_whole(state, entry.path)
    resume.clear_drafts(folder)
    found = resume.find_state(folder)
    assert found is not None, f"no state was left by a kill at point {point}"
    step = resume.step_of(found)
    assert step in STEPS[-2:], f"a kill at point {point} lost the states after step {step}"
    part = state_files.read_part(found, 0)
    assert part["master.00000"][0].item() == step
    _save(folder, 10)  # and the next save is not in anybody's way
    assert resume.newest_step(folder) == 10
    return step


def _run(template: Path, folder: Path, stop_at: int | None) -> int:
    """Save in a process that SIGKILLs itself at the point; without one, how many points there are."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    count = folder.with_suffix(".count")
    pid = os.fork()
    if pid == 0:
        die_with_parent()
        try:
            calls = _hook(stop_at)
            _save(folder, STEPS[-1])
            count.write_text(str(calls()), encoding="utf-8")
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    if stop_at is not None:
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, f"the save ended before point {stop_at}"
        return 0
    return int(count.read_text(encoding="utf-8"))


def _hook(stop_at: int | None) -> Callable[[], int]:
    """Count the calls that change the disk, and die at one of them: a write is then half done, all else not begun."""
    calls = 0

    def wrap(name: str) -> None:
        original: Callable[..., Any] = getattr(os, name)

        def hooked(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == stop_at:
                if name == "write":
                    original(arguments[0], arguments[1][: len(arguments[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **named)

        setattr(os, name, hooked)

    for name in HOOKED:
        wrap(name)
    return lambda: calls


def _save(folder: Path, step: int) -> None:
    before, state_files.BYTES_PER_WRITE = state_files.BYTES_PER_WRITE, BYTES_PER_WRITE
    writer = StateWriter(folder, 0, lambda told: [told])
    writer.save(SavedState(cursor=Cursor(step=step, sequences=step, num_ranks=1), history=History()), _tensors(step))
    writer.join()
    writer.close()
    state_files.BYTES_PER_WRITE = before


def _tensors(step: int) -> "dict[str, Tensor]":
    import torch  # noqa: PLC0415

    return {"master.00000": torch.full((NUM_FLOATS,), float(step)), "counters": torch.tensor([step])}


if __name__ == "__main__":
    print("\n".join(kill_in_save(Path(sys.argv[1]))))
