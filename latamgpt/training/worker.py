"""What the checkpoint stage starts on every rank: the loop, its place in the job, and its MLflow run.

`python -m latamgpt.training.worker JOB`, alone or under torchrun.
"""

import faulthandler
import logging
import os
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from latamgpt.errors import DrainedError
from latamgpt.launch.local import die_with_parent, errors_for_parent
from latamgpt.launch.notice import watch_for_notice
from latamgpt.launch.site import read_site
from latamgpt.launch.watchdog import DUMP_SIGNAL
from latamgpt.store import Workspace
from latamgpt.tracking.points import GOODPUT, RunLog
from latamgpt.tracking.runs import DatasetUsed, start_run
from latamgpt.training import resume
from latamgpt.training.copies import copying
from latamgpt.training.drain import Drain
from latamgpt.training.job import TrainingJob
from latamgpt.training.kernels import kernel_name, make_deterministic
from latamgpt.training.loop import Training
from latamgpt.training.rank import join_ranks
from latamgpt.training.read_first import NAME as READ_FIRST
from latamgpt.training.read_first import read_first
from latamgpt.training.run_name import compared_by, corpus_version, run_name


@contextmanager
def log_to_mlflow(training: Training) -> Generator[RunLog]:
    """The MLflow run of this training: the one that an earlier, killed process began, or a new one."""
    job, workspace = training.job, Workspace(Path(training.job.root))
    site = read_site(workspace.root)
    corpus = corpus_version(workspace.place("corpus"), job.digests)
    name, compared = run_name(job.params, corpus, site), compared_by(job.params, corpus, site, job.digests)
    tags = {**compared, "kernel": kernel_name(job.params.checkpoint.precision)}
    sections = job.params.model_dump(mode="json", include={"base_model", "tokenizer", "mixture", "checkpoint", "rights"})
    datasets = [DatasetUsed(name, workspace.place(name), "training") for name in ("mixture", "token_shards")]
    before = resume.read_run_id(training.folder)
    with start_run(
        workspace, "checkpoint", name, sections, tags, continue_run=before, datasets=datasets, watched=True
    ) as run_log:
        resume.write_run_id(training.folder, run_log.key)
        try:
            yield run_log
        finally:
            page = read_first(name, tags, training.history, run_log.series(GOODPUT))
            run_log.attach(READ_FIRST, page)


@contextmanager
def ending_together(training: Training) -> Generator[None]:
    """Where all went well or all were drained, let no rank end before the first: Slurm soon ends those left over."""
    try:
        yield
    except DrainedError:
        training.engine.any_of(False)
        raise
    training.engine.any_of(False)


def run_job(job: TrainingJob) -> None:
    """Train, from the start or from where a killed process was, and hand the weights back."""
    drain = Drain()
    drain.listen()
    rank = join_ranks()
    make_deterministic(job.threads, job.params.checkpoint.seed)
    if os.environ.get("LOCAL_RANK", "0") == "0":  # one for each machine
        watch_for_notice(read_site(Path(job.root)).notice, drain.ask)
    with ExitStack() as stack:
        if rank.is_first:
            stack.enter_context(resume.only_trainer(Path(job.resume)))
            resume.forget_others(Path(job.resume))
        training = Training(job, rank, drain)
        stack.callback(lambda: training.states.close())  # which a roll back may have replaced
        first_step = training.go_on()
        stack.enter_context(ending_together(training))
        if rank.is_first:
            stack.enter_context(copying(read_site(Path(job.root)), training.folder, drain))
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
