"""What every rank runs: continue the base's pretraining, step by step, and be ready to be killed at any moment.

`python -m latamgpt.training.worker JOB`, alone or under torchrun; the checkpoint stage starts it.
"""

import faulthandler
import logging
import math
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.launch.heartbeat import Activity, Heart
from latamgpt.launch.local import die_with_parent, errors_for_parent
from latamgpt.launch.watchdog import DUMP_SIGNAL
from latamgpt.params import Precision
from latamgpt.progress import follow
from latamgpt.store import Workspace, digest_of, write_json
from latamgpt.tracking.points import RunLog
from latamgpt.tracking.runs import DatasetUsed, start_run
from latamgpt.training import resume
from latamgpt.training.drain import Drain, drained
from latamgpt.training.engine import Engine, Rank, join_ranks
from latamgpt.training.held_out import HeldOut, read_held_out
from latamgpt.training.job import OUTCOME_NAME, TrainingJob, TrainingOutcome
from latamgpt.training.kernels import kernel_name, make_deterministic
from latamgpt.training.loader import Loader
from latamgpt.training.packing import PackedOrder, count_steps
from latamgpt.training.resume import Cursor, EvaluatedLanguage, EvaluatedStep, History, SavedState, TrainedStep
from latamgpt.training.schedule import learning_rate
from latamgpt.training.state_files import read_part
from latamgpt.training.state_writer import StateWriter
from latamgpt.training.weights import save_model
from latamgpt.training.world_size import read_repartitioned

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

GOES_ON_ELSEWHERE = (
    "%s processes saved this state and %s go on from it: the same data in the same order, added up in another, so that from here "
    "on the last bits are those of neither"
)
SAVED_AS = {Precision.BF16: "bfloat16", Precision.FP32: "float32"}


def must_be_as_published(workspace: Workspace, digests: Mapping[str, str]) -> None:
    """Refuse to train on inputs that were published anew since this training was planned: asked once they are mapped.

    Raises:
        InputDamagedError: it names which.
    """
    for name, digest in digests.items():
        if digest_of(workspace.place(name)) != digest:
            raise InputDamagedError(
                f"{workspace.place(name)} was published anew while this training began: what it planned would name other tokens. "
                "Run the command again."
            )


class Training:
    """One training on one rank: what it reads, how far it is, what it measured."""

    def __init__(self, job: TrainingJob, rank: Rank, drain: Drain):
        workspace = Workspace(Path(job.root))
        shards = workspace.place("token_shards")
        self.job, self.rank, self.params = job, rank, job.params.checkpoint
        self.folder = Path(job.resume)
        self.order = PackedOrder(workspace.place("mixture"), self.params)
        self.num_steps = count_steps(self.order, self.params)
        self.loader = Loader(self.order, shards, self.params.seq_len_tokens)
        must_be_as_published(workspace, job.digests)
        self.held_out: list[HeldOut] = read_held_out(
            shards, self.params.evaluate_tokens, self.params.seq_len_tokens, self.params.micro_batch_sequences
        )
        self.engine = Engine(Path(job.base), self.params, rank)
        self.states = StateWriter(self.folder, rank.number, self.engine.exchange)
        self.heart, self.drain = Heart(rank.number), drain
        self.history = History()

    def go_on(self) -> int:
        """Take up the newest state whose every byte is as it was written on every rank; returns the step to begin with."""
        self.states.join()
        if self.rank.is_first:
            resume.clear_drafts(self.folder)
        while step := self.engine.agree(resume.newest_step(self.folder) if self.rank.is_first else 0):
            state = resume.state_folder(self.folder, step)
            found = self._read(state, step)
            if not self.engine.any_of(found is None) and found is not None:
                self.history = found[0].history
                self.engine.take_up(found[1])
                return step
            if self.rank.is_first:
                resume.discard(state)
        return 0

    def _read(self, state: Path, step: int) -> "tuple[SavedState, dict[str, Tensor]] | None":
        """What this rank needs of a state; None where it is damaged, and the log says how."""
        try:
            saved = resume.read_state(state, self._cursor(step))
            if saved.cursor.num_ranks == self.rank.count:
                return saved, read_part(state, self.rank.number)
            log.warning(GOES_ON_ELSEWHERE, saved.cursor.num_ranks, self.rank.count)
            return saved, read_repartitioned(state, saved.cursor.num_ranks, self.engine.state())
        except InputDamagedError as error:
            log.warning("%s", error)
            return None

    def _cursor(self, step: int) -> Cursor:
        return Cursor(step=step, sequences=step * self.params.batch_sequences, num_ranks=self.rank.count)

    def train(self, first_step: int, run_log: RunLog | None) -> None:
        """All steps from `first_step` on; what a killed process measured but had not sent to MLflow yet is sent first."""
        if run_log:
            for step in self.history.steps:
                run_log.log(_measured(step), step.tokens)
            for evaluation in self.history.evaluations:
                run_log.log(_measured_languages(evaluation), evaluation.tokens)
        self.drain.begin()
        if not self.history.evaluations:
            self._evaluate(0, run_log)
        with self._progress(first_step) as advance:
            for step in range(first_step, self.num_steps):
                self._step(step, run_log)
                done = step + 1
                if done % self.params.evaluate_every_steps == 0 or done == self.num_steps:
                    self._evaluate(self._tokens_seen(done), run_log)
                if done % self.params.save_every_steps == 0 and done < self.num_steps:
                    self._save(done)
                self._stop_if_asked(done)
                advance(step)
        self.states.join()

    def hand_back(self) -> None:
        """Write the weights and what was measured into the job's output."""
        self.heart.beat(Activity.END, self.num_steps)
        weights = self.engine.weights()
        if self.rank.is_first:
            output = Path(self.job.output)
            save_model(output, self.engine.model, weights, SAVED_AS[self.params.precision])
            num_parameters = sum(weight.numel() for weight in weights.values())
            outcome = TrainingOutcome(history=self.history, num_steps=self.num_steps, num_parameters=num_parameters)
            write_json(output / OUTCOME_NAME, outcome)

    def _step(self, step: int, run_log: RunLog | None) -> None:
        self.heart.beat(Activity.STEP, step, self.engine.own_time.take())
        params, started = self.params, time.monotonic()
        rate = learning_rate(step, self.num_steps, params.learning_rate, params.warmup_share, params.final_learning_rate_share)
        first = step * params.batch_sequences
        end = first + params.batch_sequences
        passes = [self.loader.batch(first + mine.start, first + mine.stop, end) for mine in self.engine.passes]
        num_targets = self.order.num_targets(first, end)
        loss, grad_norm = self.engine.train_step(passes, num_targets, rate)
        self._must_be_finite(step, loss, grad_norm)
        seen = self._tokens_seen(step + 1)
        done = TrainedStep(tokens=seen, loss=loss, grad_norm=grad_norm, learning_rate=rate)
        self.history = History(steps=(*self.history.steps, done), evaluations=self.history.evaluations)
        if run_log:
            speed = (seen - self._tokens_seen(step)) / (time.monotonic() - started)
            run_log.log({**_measured(done), "perf/tokens_per_s": speed}, seen)

    def _evaluate(self, seen: int, run_log: RunLog | None) -> None:
        self.heart.beat(Activity.EVALUATION, len(self.history.steps), self.engine.own_time.take())
        nats = iter(self.engine.nats_of([batch for part in self.held_out for batch in part.batches]))
        languages = tuple(
            EvaluatedLanguage(language=part.language, bits_per_byte=part.bits_per_byte([next(nats) for _ in part.batches]))
            for part in self.held_out
        )
        done = EvaluatedStep(tokens=seen, languages=languages)
        self.history = History(steps=self.history.steps, evaluations=(*self.history.evaluations, done))
        if run_log:
            run_log.log(_measured_languages(done), seen)

    def _save(self, done: int) -> None:
        self.heart.beat(Activity.SAVE, done, self.engine.own_time.take())
        self.states.save(SavedState(cursor=self._cursor(done), history=self.history), self.engine.state())

    def _stop_if_asked(self, done: int) -> None:
        """Save and end here, where some rank was asked to stop: all ranks end after the same step."""
        if done < self.num_steps and self.engine.any_of(self.drain.asked != ""):
            if done % self.params.save_every_steps:
                self._save(done)
            self.states.join()
            self.heart.beat(Activity.END, done)
            raise drained(done, self.num_steps)

    def _must_be_finite(self, step: int, loss: float, grad_norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(grad_norm):
            return
        first = step * self.params.batch_sequences
        positions = {s.position for i in range(self.params.batch_sequences) for s in self.order.segments(first + i)}
        documents = sorted({self.order.doc_ids[position] for position in positions})
        raise OperatorError(
            f"checkpoint: at step {step + 1} of {self.num_steps} the loss is {loss} and the gradient norm {grad_norm}: the "
            "training broke down, and weights from here on would be worthless. Nothing was published; the states before it are "
            f"kept. The step saw documents {', '.join(documents)}. Look at them, or lower checkpoint.learning_rate."
        )

    @contextmanager
    def _progress(self, first_step: int) -> Generator[Callable[[int], None]]:
        if not self.rank.is_first:
            yield lambda _: None
            return
        with follow("checkpoint", "", "tokens", self._tokens_seen(self.num_steps)) as progress:
            progress.advance(self._tokens_seen(first_step), "from the last state" if first_step else "")
            yield lambda step: progress.advance(
                self._tokens_seen(step + 1) - self._tokens_seen(step), f"loss {self.history.steps[-1].loss:.3f}"
            )

    def _tokens_seen(self, num_steps: int) -> int:
        return self.order.num_tokens(num_steps * self.params.batch_sequences)


@contextmanager
def log_to_mlflow(training: Training) -> Generator[RunLog]:
    """The MLflow run of this training: the one that an earlier, killed process began, or a new one."""
    job, workspace = training.job, Workspace(Path(training.job.root))
    tags = {
        "kernel": kernel_name(job.params.checkpoint.precision),
        "ranks": str(training.rank.count),
        "threads_per_rank": str(job.threads),
        **{f"data.{name}": digest for name, digest in job.digests.items()},
    }
    sections = job.params.model_dump(mode="json", include={"base_model", "tokenizer", "mixture", "checkpoint", "rights"})
    name = f"cpt-{job.params.base_model.name}-{job.digests['mixture'][:8]}"
    datasets = [DatasetUsed(name, workspace.place(name), "training") for name in ("mixture", "token_shards")]
    before = resume.read_run_id(training.folder)
    with start_run(
        workspace, "checkpoint", name, sections, tags, continue_run=before, datasets=datasets, system_metrics=True
    ) as log:
        resume.write_run_id(training.folder, log.run_id)
        yield log


def _measured(step: TrainedStep) -> dict[str, float]:
    return {"train/loss": step.loss, "train/grad_norm": step.grad_norm, "train/learning_rate": step.learning_rate}


def _measured_languages(evaluation: EvaluatedStep) -> dict[str, float]:
    return {f"eval/bits_per_byte/{each.language}": each.bits_per_byte for each in evaluation.languages}


def run_job(job: TrainingJob) -> None:
    """Train, from the start or from where a killed process was, and hand the weights back."""
    drain = Drain()
    drain.listen()
    rank = join_ranks()
    make_deterministic(job.threads, job.params.checkpoint.seed)
    with ExitStack() as stack:
        if rank.is_first:
            stack.enter_context(resume.only_trainer(Path(job.resume)))
            resume.forget_others(Path(job.resume))
        training = Training(job, rank, drain)
        stack.callback(training.states.close)
        first_step = training.go_on()
        run_log = stack.enter_context(log_to_mlflow(training)) if rank.is_first else None
        training.train(first_step, run_log)
        training.hand_back()


def main() -> None:
    """Do the job that the first argument names."""
    die_with_parent()
    faulthandler.register(DUMP_SIGNAL, file=sys.stdout)
    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
    with errors_for_parent():
        run_job(TrainingJob.model_validate_json(Path(sys.argv[1]).read_bytes()))


if __name__ == "__main__":
    main()
