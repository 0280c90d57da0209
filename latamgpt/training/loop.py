"""The loop of continued pretraining: what every rank does, step by step, ready to be killed at any moment."""

import gc
import logging
import math
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.launch.heartbeat import Activity, Heart
from latamgpt.params import Precision
from latamgpt.progress import follow
from latamgpt.store import Workspace, replace_json
from latamgpt.tracking.points import RunLog
from latamgpt.training import resume, spikes
from latamgpt.training.drain import Drain, drained
from latamgpt.training.engine import Engine
from latamgpt.training.held_out import HeldOut, read_held_out
from latamgpt.training.job import OUTCOME_NAME, TrainingJob, TrainingOutcome, must_be_as_published
from latamgpt.training.kernels import make_deterministic
from latamgpt.training.left_out import documents_of, explain, must_learn_from_most
from latamgpt.training.loader import Loader
from latamgpt.training.pace import pace_of
from latamgpt.training.packing import PackedOrder, count_steps
from latamgpt.training.rank import Rank
from latamgpt.training.resume import Cursor, EvaluatedLanguage, EvaluatedStep, History, SavedState, TrainedStep
from latamgpt.training.roll_back import after_roll_back, to_quarantine
from latamgpt.training.schedule import learning_rate
from latamgpt.training.spikes import LeftOutStep
from latamgpt.training.state_writer import StateWriter
from latamgpt.training.weights import save_model
from latamgpt.training.world_size import read_own

log = logging.getLogger(__name__)

SAVED_AS = {Precision.BF16: "bfloat16", Precision.FP32: "float32"}


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
        self.pace = pace_of(self.engine.model, rank.count, job.threads)
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
            found = read_own(state, self._cursor(step), self.rank.number, self.engine.state)
            if not self.engine.any_of(found is None) and found is not None:
                self.history = found[0].history
                self.engine.take_up(found[1])
                return step
            if self.rank.is_first:
                resume.discard(state)
        return 0

    def _cursor(self, step: int) -> Cursor:
        return Cursor(step=step, sequences=step * self.params.batch_sequences, num_ranks=self.rank.count)

    def train(self, first_step: int, run_log: RunLog | None) -> None:
        """All steps from `first_step` on; what a killed process measured but had not sent to MLflow yet is sent first."""
        if run_log:
            for step in self.history.steps:
                run_log.log(step.metrics, step.tokens)
            for evaluation in self.history.evaluations:
                run_log.log(evaluation.metrics, evaluation.tokens)
        self.drain.begin()
        if not self.history.evaluations and not self._evaluate(0, run_log):
            raise OperatorError(
                f"checkpoint: {self.job.params.base_model.name} gives no numbers for held-out text before any training: the "
                "base's weights are damaged. Nothing was trained. Run `latamgpt stage base_model` again."
            )
        step, furthest = first_step, first_step
        with self._progress(first_step) as advance:
            while step < self.num_steps:
                is_new = step >= furthest  # what is gone through again after a roll back was told already
                if not self._go_through(step, run_log if is_new else None):
                    step = self._roll_back(step)
                    continue
                step += 1
                self._stop_if_asked(step)
                if is_new:
                    furthest = step
                    advance(step)
        self.states.join()

    def hand_back(self) -> None:
        """Write the weights and what was measured into the job's output."""
        self.heart.beat(Activity.END, self.num_steps)
        weights = self.engine.weights()
        if self.rank.is_first:
            output = Path(self.job.output)
            shutil.rmtree(output, ignore_errors=True)  # of a start that was killed here, perhaps linked from what is published
            output.mkdir()
            save_model(output, self.engine.model, weights, SAVED_AS[self.params.precision])
            num_parameters = sum(weight.numel() for weight in weights.values())
            outcome = TrainingOutcome(history=self.history, num_steps=self.num_steps, num_parameters=num_parameters)
            replace_json(output / OUTCOME_NAME, outcome)

    def _go_through(self, step: int, run_log: RunLog | None) -> bool:
        """A step and what is due after it; False where the training has to go back."""
        if not self._is_quarantined(step):
            self._step(step, run_log)
            if spikes.must_roll_back(self.history.left_out, step, self.params.spikes):
                return False
        done = step + 1
        is_evaluated = done % self.params.evaluate_every_steps == 0 or done == self.num_steps
        is_saved = done % self.params.save_every_steps == 0 and done < self.num_steps
        if (is_evaluated or is_saved) and not self.engine.is_sound():
            return False
        if is_evaluated and not self._evaluate(self._tokens_seen(done), run_log):
            return False
        if is_saved:
            self._save(done)
        return True

    def _step(self, step: int, run_log: RunLog | None) -> None:
        self.heart.beat(Activity.STEP, step, self.engine.own_time.take())
        params, started = self.params, time.monotonic()
        rate = learning_rate(step, self.num_steps, params.learning_rate, params.warmup_share, params.final_learning_rate_share)
        first = step * params.batch_sequences
        end = first + params.batch_sequences
        passes = [self.loader.batch(first + mine.start, first + mine.stop, end) for mine in self.engine.passes]
        num_targets = self.order.num_targets(first, end)
        loss, grad_norm = self.engine.train_step(passes, num_targets, rate, lambda *found: self._spike(step, *found) is None)
        if spike := self._spike(step, loss, grad_norm):
            self._leave_out(spikes.left_out(step, spike, loss, grad_norm))
            return
        seen = self._tokens_seen(step + 1)
        done = TrainedStep(tokens=seen, loss=loss, grad_norm=grad_norm, learning_rate=rate)
        self.history = self.history.model_copy(update={"steps": (*self.history.steps, done)})
        if run_log:
            seconds = time.monotonic() - started
            run_log.log_step({**done.metrics, **self.pace.rates(seen - self._tokens_seen(step), seconds)}, seen, seconds)

    def _evaluate(self, seen: int, run_log: RunLog | None) -> bool:
        self.heart.beat(Activity.EVALUATION, len(self.history.steps), self.engine.own_time.take())
        nats = iter(self.engine.nats_of([batch for part in self.held_out for batch in part.batches]))
        languages = tuple(
            EvaluatedLanguage(language=part.language, bits_per_byte=part.bits_per_byte([next(nats) for _ in part.batches]))
            for part in self.held_out
        )
        if not all(math.isfinite(each.bits_per_byte) for each in languages):
            return False
        done = EvaluatedStep(tokens=seen, languages=languages)
        self.history = self.history.model_copy(update={"evaluations": (*self.history.evaluations, done)})
        if run_log:
            run_log.log(done.metrics, seen)
        return True

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

    def _spike(self, step: int, loss: float, grad_norm: float) -> spikes.Spike | None:
        is_full = (step + 1) * self.params.batch_sequences <= self.order.num_sequences  # a small batch measures with more noise
        before = self.history.steps[-self.params.spikes.window_steps :] if is_full else ()
        losses, norms = [step.loss for step in before], [step.grad_norm for step in before]
        return spikes.find_spike(losses, norms, loss, grad_norm, self.params.spikes)

    def _is_quarantined(self, step: int) -> bool:
        return any(each.step == step and each.is_quarantined for each in self.history.left_out)

    def _leave_out(self, *steps: LeftOutStep) -> None:
        """Note what the training does not learn from, and end it where that becomes too much."""
        self.history = self.history.model_copy(update={"left_out": spikes.joined(self.history.left_out, steps)})
        told = [explain(each, self.num_steps, documents_of(self.order, each.step, self.params)) for each in steps]
        if self.rank.is_first:
            log.warning("not learned from: %s", " ".join(told))
        must_learn_from_most(len(self.history.left_out), self.num_steps, told[-1], self.params.spikes)

    def _roll_back(self, step: int) -> int:
        """Return to the newest state before what is to blame, and leave that out from now on; returns the step to go on with."""
        quarantined = to_quarantine(self.history, step, self._tokens_seen, self.params.spikes)
        self._leave_out(*quarantined)
        given_up, self.history = self.history, History()
        self.states.join()
        if self.rank.is_first:
            resume.drop_states_after(self.folder, quarantined[0].step)
        first = self.go_on()
        if not first:
            self.states.close()
            del self.engine, self.states
            gc.collect()  # two would not fit
            make_deterministic(self.job.threads, self.params.seed)
            self.engine = Engine(Path(self.job.base), self.params, self.rank)
            self.states = StateWriter(self.folder, self.rank.number, self.engine.exchange)
        self.history = after_roll_back(self.history, given_up, quarantined)
        return first

    @contextmanager
    def _progress(self, first_step: int) -> Generator[Callable[[int], None]]:
        if not self.rank.is_first:
            yield lambda _: None
            return
        with follow("checkpoint", "", "tokens", self._tokens_seen(self.num_steps)) as progress:
            progress.advance(self._tokens_seen(first_step), "from the last state" if first_step else "")
            yield lambda done: progress.advance(
                self._tokens_seen(done) - self._tokens_seen(done - 1),
                f"loss {self.history.steps[-1].loss:.3f}" if self.history.steps else "",
            )

    def _tokens_seen(self, num_steps: int) -> int:
        return self.order.num_tokens(num_steps * self.params.batch_sequences)
