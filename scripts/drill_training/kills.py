"""SIGKILL at random moments of a training, again and again: what comes out has to be what comes out without."""

import random
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from latamgpt.launch.heartbeat import Activity, Beat, read_beats
from latamgpt.params import Params, Precision
from latamgpt.store import Workspace, sha256_file
from latamgpt.training.batches import Batch
from latamgpt.training.drain import Drain
from latamgpt.training.job import OUTCOME_NAME, TrainingJob
from latamgpt.training.loader import Loader
from latamgpt.training.resume import newest_step, only_trainer
from scripts.drill_training.workspace import plan
from scripts.drill_training.zygote import Ranks, fork_ranks

MOST_STEPS_BEFORE_KILL = 6
SEEN_NAME = "seen-{rank}.log"
WEIGHTS_NAME = "model.safetensors"


@dataclass(frozen=True)
class Combination:
    """What is killed."""

    zero_stage: int
    precision: Precision
    ranks: int

    def __str__(self) -> str:
        return f"ZeRO {self.zero_stage}, {self.precision}, {self.ranks} ranks"


@dataclass
class Killed:
    """What came of the kills of one combination."""

    combination: str
    kills: int = 0
    trainings: int = 0
    steps: int = 0  # of one training
    steps_replayed: int = 0
    differing: list[str] = field(default_factory=list[str])
    restart_seconds: list[float] = field(default_factory=list[float])  # from the start of the processes to the first step


def kill_often(workspace: Workspace, params: Params, wanted: Combination, kills: int, seed: int) -> Killed:
    """Train once without a kill, then with `kills` of them over as many trainings as it takes; hold each against the first."""
    given = params.checkpoint.model_copy(update={"zero_stage": wanted.zero_stage, "precision": wanted.precision})
    drill = _Drill(workspace, params.model_copy(update={"checkpoint": given}), wanted, random.Random(seed))
    straight = drill.train("straight", 0)
    found = Killed(str(wanted), steps=len(straight.seen))
    while found.kills < kills:
        found.trainings += 1
        again = drill.train("killed", kills - found.kills, found)
        found.differing += again.differs_from(straight)
        found.steps_replayed += again.times_seen - len(again.seen)
    return found


@dataclass(frozen=True)
class _Outcome:
    """What a training made, and what it saw."""

    weights: str
    history: bytes
    seen: dict[str, set[str]]  # of each rank's step: digests of the batches, one if it saw the same at each replay
    times_seen: int

    def differs_from(self, other: "_Outcome") -> list[str]:
        """By name."""
        pairs = {
            "weights": (self.weights, other.weights),
            "losses": (self.history, other.history),
            "samples": (self.seen, other.seen),
        }
        return [name for name, (one, two) in pairs.items() if one != two]


@dataclass
class _Drill:
    workspace: Workspace
    params: Params
    wanted: Combination
    random: random.Random

    def train(self, name: str, kills: int, found: Killed | None = None) -> _Outcome:
        """One training from its beginning to its end, killed at most so often."""
        folder = self.workspace.root / "drill" / name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "output").mkdir(parents=True)
        job = plan(self.workspace, self.params, folder)
        while True:
            started, before = time.monotonic(), newest_step(Path(job.resume))
            ranks = fork_ranks(
                self.wanted.ranks, lambda: train_without_mlflow(job, folder), folder / "log", folder / "heartbeats"
            )
            target = before + self.random.randrange(MOST_STEPS_BEFORE_KILL) if kills else None
            if not self._kill_at(ranks, target, before, started, folder / "log", found):
                return _read(folder, self.wanted.ranks)
            kills -= 1
            if found:
                found.kills += 1

    def _kill_at(self, ranks: Ranks, target: int | None, before: int, started: float, log: Path, found: Killed | None) -> bool:
        """Whether the ranks were killed before they ended by themselves."""
        is_seen = False
        while ranks.pids:
            codes = ranks.poll()
            if any(codes):
                ranks.kill()
                raise RuntimeError(f"{self.wanted}: a rank ended with {codes}:\n{log.read_text(encoding='utf-8')[-4000:]}")
            step = _step_begun(read_beats(ranks.heartbeats))
            if step is not None and not is_seen:
                is_seen = True
                if found and before:
                    found.restart_seconds.append(time.monotonic() - started)
            if target is not None and step is not None and step.step >= target:
                time.sleep(self.random.uniform(0, 1.5 * step.step_seconds))
                self.random.shuffle(ranks.pids)
                ranks.kill()
                return True
            time.sleep(0.001)
        return False


def _step_begun(beats: list[Beat]) -> Beat | None:
    return next((beat for beat in beats if beat.rank == 0 and beat.activity is not Activity.START), None)


def train_without_mlflow(job: TrainingJob, folder: Path) -> None:
    """What a rank does; without MLflow, which has drills of its own."""
    import contextlib  # noqa: PLC0415

    from latamgpt.training.kernels import make_deterministic  # noqa: PLC0415
    from latamgpt.training.loop import Training  # noqa: PLC0415
    from latamgpt.training.rank import join_ranks  # noqa: PLC0415

    rank = join_ranks()
    make_deterministic(job.threads, job.params.checkpoint.seed)
    with contextlib.ExitStack() as stack:
        if rank.is_first:
            stack.enter_context(only_trainer(Path(job.resume)))
        training = Training(job, rank, Drain())
        stack.callback(training.states.close)
        first = training.go_on()
        _note_batches(training.loader, folder / SEEN_NAME.format(rank=rank.number))
        training.train(first, None)
        training.hand_back()


def _note_batches(loader: Loader, path: Path) -> None:
    """Append to the log which sequences each call asked for, and a digest of their tokens."""
    import hashlib  # noqa: PLC0415

    batch = loader.batch

    def noted(*asked: int) -> Batch:
        made = batch(*asked)
        digest = hashlib.sha256(made.input_ids_BT.tobytes()).hexdigest()
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{asked[0]} {digest}\n")
        return made

    loader.batch = noted  # pyright: ignore[reportAttributeAccessIssue]


def _read(folder: Path, ranks: int) -> _Outcome:
    seen: dict[str, set[str]] = {}
    times = 0
    for rank in range(ranks):
        for line in (folder / SEEN_NAME.format(rank=rank)).read_text(encoding="utf-8").splitlines():
            first, digest = line.split()
            seen.setdefault(f"{rank} {first}", set()).add(digest)
            times += 1
    output = folder / "output"
    return _Outcome(sha256_file(output / WEIGHTS_NAME), (output / OUTCOME_NAME).read_bytes(), seen, times)
