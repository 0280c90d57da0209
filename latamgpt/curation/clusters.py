"""Workers of a Dask cluster: on this machine, or in jobs of Slurm. One thread each, for the length of one `map`."""

import math
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latamgpt.curation.in_order import DEATHS_ALLOWED, Input, Output, in_order
from latamgpt.errors import OperatorError
from latamgpt.launch.slurm import Slurm, queued_jobs, require_interface, require_slurm, try_job

if TYPE_CHECKING:
    import distributed

HERE_ONLY = "127.0.0.1:0"
"""Dask serves its dashboards on all of the machine's addresses unless it is told one; and on port 8787, unless 0 says any."""
SECONDS_BETWEEN_LOOKS = 5  # at the jobs, while a result is waited for
SECONDS_WITHOUT_SCHEDULER = 60  # after which a worker ends, and its job: nothing computes for a command that was killed


class DaskCluster:
    """Worker processes of a Dask LocalCluster."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, function: Callable[[Input], Output], inputs: Sequence[Input]) -> Iterator[Output]:
        """See Executor."""
        import dask
        import distributed

        with (
            dask.config.set(_settings(DEATHS_ALLOWED)),
            distributed.LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=HERE_ONLY,
                worker_dashboard_address=HERE_ONLY,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield from _spread(client, function, inputs, self.workers, DEATHS_ALLOWED)


class SlurmCluster:
    """Worker processes in jobs of Slurm, with the scheduler in this process; between them TLS, by a key made for this `map`.

    A worker that dies is started again by its job; a job that was requeued brings its workers back; one that ended after its
    workers had come is submitted again.
    """

    def __init__(self, workers: int, slurm: Slurm, name: str) -> None:
        self.workers = workers
        self.slurm = slurm
        self.job_name = f"latamgpt-{name}" if name else "latamgpt"
        self.num_jobs = math.ceil(workers / slurm.workers_per_job)
        # All workers may be preempted at once, and one task be handed from each to the next that dies: not by its fault.
        self.deaths_allowed = workers + DEATHS_ALLOWED

    def map(self, function: Callable[[Input], Output], inputs: Sequence[Input]) -> Iterator[Output]:
        """See Executor.

        Raises:
            OperatorError: Slurm's commands are missing, it refuses the jobs, no worker comes, or one task kills its workers.
        """
        import distributed

        require_slurm()
        require_interface(self.slurm.scheduler_interface)
        with self._cluster() as cluster, distributed.Client(cluster) as client:
            try_job(cluster.job_script())
            cluster.scale(jobs=self.num_jobs)
            yield from _spread(client, function, inputs, self.workers, self.deaths_allowed, _Jobs(self, cluster).look_after)

    @contextmanager
    def _cluster(self) -> Generator[Any]:
        import dask

        dask_jobqueue = _jobqueue()
        asked, per_job = self.slurm, self.slurm.workers_per_job
        with (
            dask.config.set(_settings(self.deaths_allowed)),
            _certificate(Path(asked.log_folder)) as security,
            dask_jobqueue.SLURMCluster(
                name=self.job_name,
                job_name=self.job_name,
                queue=asked.partition,
                account=asked.account or None,
                walltime=str(asked.walltime_minutes),
                processes=per_job,
                cores=per_job,
                memory=f"{per_job * asked.memory_mib_per_worker}MiB",
                job_cpu=per_job * asked.cores_per_worker,
                job_mem=f"{per_job * asked.memory_mib_per_worker}M",
                interface=asked.worker_interface,
                scheduler_options={"interface": asked.scheduler_interface, "dashboard_address": HERE_ONLY},
                security=security,
                local_directory=asked.local_folder,
                log_directory=asked.log_folder,
                worker_extra_args=["--no-dashboard", "--dashboard-address", HERE_ONLY],
                death_timeout=SECONDS_WITHOUT_SCHEDULER,
                job_extra_directives=["--requeue", "--open-mode=append", *asked.directives],
            ) as cluster,
        ):
            yield cluster


def _jobqueue() -> Any:
    """dask_jobqueue 0.9, which when imported has Ctrl-C end the process as if all had gone well."""
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    signal.signal(signal.SIGINT, before)
    return dask_jobqueue


@contextmanager
def _certificate(shared: Path) -> Generator["distributed.Security"]:
    """A key of this `map` alone, in files that only this user can read: who does not have it is let in by no worker."""
    import distributed

    shared.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="key-", dir=shared) as folder:
        made = distributed.Security.temporary().get_tls_config_for_role("worker")
        files = {name: Path(folder, name) for name in ("ca_file", "cert", "key")}
        for name, path in files.items():
            path.touch(mode=0o600)
            path.write_text(made[name], encoding="ascii")
        of_roles = {
            f"tls_{role}_{name}": str(files[name]) for role in ("client", "scheduler", "worker") for name in ("cert", "key")
        }
        yield distributed.Security(require_encryption=True, tls_ca_file=str(files["ca_file"]), **of_roles)


class _Jobs:
    """The jobs of one `map`, while results are waited for."""

    def __init__(self, asked: SlurmCluster, cluster: Any) -> None:
        self.asked = asked
        self.cluster = cluster
        self.with_worker: set[str] = set()  # jobs whose workers have come
        self.last_worker = self.last_look = time.monotonic()

    def look_after(self) -> None:
        """Give up where no worker was there for long; submit again what ended after it had worked.

        Called for every result and while one is waited for; looks once in a while. Where nobody looked for long, since results
        were worked on, that time says nothing of workers.
        """
        now = time.monotonic()
        if now - self.last_look < SECONDS_BETWEEN_LOOKS:
            return
        if now - self.last_look > 3 * SECONDS_BETWEEN_LOOKS:
            self.last_worker = now
        self.last_look = now
        names = [str(worker.name) for worker in list(self.cluster.scheduler.workers.values())]
        self.with_worker |= {job for job in self.cluster.workers for name in names if f"{name}-".startswith(f"{job}-")}
        if names:
            self.last_worker = time.monotonic()
        queued = queued_jobs(self.asked.job_name)
        minutes = self.asked.slurm.wait_minutes
        if time.monotonic() - self.last_worker > 60 * minutes:
            raise OperatorError(self._explain(minutes, queued))
        if queued is not None:
            self._submit_again(queued)

    def _submit_again(self, queued: dict[str, str]) -> None:
        ended = [name for name, job in self.cluster.workers.items() if job.job_id and job.job_id not in queued]
        again = self.with_worker.intersection(ended)
        for name in again:
            del self.cluster.workers[name]
        self.with_worker -= again
        if again:
            self.cluster.scale(jobs=self.asked.num_jobs)

    def _explain(self, minutes: float, queued: dict[str, str] | None) -> str:
        if queued is None:
            seen = "squeue does not answer"
        else:
            seen = "squeue says " + ("; ".join(f"{job}: {state}" for job, state in queued.items()) or "that no job is left")
        return (
            f"no worker of {self.asked.num_jobs} jobs {self.asked.job_name} was there for {minutes:g} minutes: {seen}. Nothing "
            "is published and nothing lost; the jobs are cancelled. Look at what they printed, in "
            f"{self.asked.slurm.log_folder}; where they still wait, ask for less, or wait longer (wait_minutes), in the section "
            "slurm of the site's file, and run the command again."
        )


def _settings(deaths_allowed: int) -> dict[str, Any]:
    return {
        "distributed.scheduler.allowed-failures": deaths_allowed - 1,
        # After this time without its worker Dask cancels a job; but one that Slurm requeued comes back when there is room.
        "distributed.deploy.lost-worker-timeout": "365 days",
    }


def _spread(
    client: "distributed.Client",
    function: Callable[[Input], Output],
    inputs: Sequence[Input],
    workers: int,
    deaths_allowed: int,
    look_after: Callable[[], None] = lambda: None,
) -> Iterator[Output]:
    import distributed

    def submit(one: Input) -> Callable[[], Output]:
        future = client.submit(function, one, pure=False)

        def result() -> Output:
            while True:
                try:
                    distributed.wait(future, timeout=SECONDS_BETWEEN_LOOKS)
                except TimeoutError:
                    look_after()
                else:
                    look_after()
                    return future.result()

        return result

    done = 0
    try:
        for result in in_order(submit, inputs, workers):
            yield result
            done += 1
    except distributed.KilledWorker as error:
        raise OperatorError(
            f"worker processes died {deaths_allowed} times over task {done + 1} of {len(inputs)}: killed for memory, as a rule. "
            "Nothing is published and nothing lost. Give each worker more memory (on Slurm: memory_mib_per_worker of the site's "
            "file) and run the command again."
        ) from error
