"""The batch script of a training job: a pure function of what runs, which job it is and where it runs."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latamgpt.errors import DRAINED, OperatorError
from latamgpt.launch.local import FAILURE_VARIABLE
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.site import Site

SECONDS_FOR_PEERS = 30  # after the first rank ended: what the others need to end by themselves, then Slurm ends them
NOT_THE_OWNER = 75
FIRST_PORT, NUM_PORTS = 20_000, 12_000  # below those that the kernel gives away


@dataclass(frozen=True)
class Command:
    """What every rank runs: `python -m module arguments`, in `folder`."""

    python: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class JobFiles:
    """The files of one job, beside each other in a folder that this machine and the nodes share."""

    folder: Path
    name: str  # of the job

    def _file(self, suffix: str) -> Path:
        return self.folder / f"{self.name}.{suffix}"

    @property
    def script(self) -> Path:
        """As sbatch got it."""
        return self._file("sh")

    @property
    def log(self) -> Path:
        """What the ranks print, over all starts of the job."""
        return self._file("log")

    @property
    def claim(self) -> Path:
        """Who submits it; with the job's id, once Slurm gave one."""
        return self._file("claim")

    @property
    def owner(self) -> Path:
        """The id of the one job that may do this work; the script writes it."""
        return self._file("owner")

    @property
    def failure(self) -> Path:
        """The words of a rank that failed by somebody's mistake."""
        return self._file("failure.json")

    @property
    def cancelled(self) -> Path:
        """Is there once somebody cancelled the work: a job that drains is then not started again."""
        return self._file("cancelled")


def batch_script(command: Command, job: JobFiles, comment: str, site: Site) -> str:
    """The text for sbatch: its directives, then what runs on the first node.

    Every rank is a task of one `srun`, and finds RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT as torch expects them.
    (Not torchrun: it ends with 1 whatever its ranks ended with, and is not sure to restart them.) The port is another one in
    every start, so that a rank left over from the one before meets nobody.

    Raises:
        OperatorError: the site does not say what the job asks for.
    """
    jobs = training_jobs(site)
    return "\n".join(["#!/bin/bash", *_directives(command, job, comment, site, jobs), *_body(command, job, site, jobs)]) + "\n"


def training_jobs(site: Site) -> RankJobs:
    """What the site's jobs ask for.

    Raises:
        OperatorError: it does not say.
    """
    if site.training is None:
        raise OperatorError(
            f"sites/{site.name}.yaml has no section training, which says what the job of the ranks asks for. Nothing was "
            "submitted. Add it (docs/training-on-slurm.md lists its fields), or choose another site (LATAMGPT_SITE)."
        )
    return site.training


def _directives(command: Command, job: JobFiles, comment: str, site: Site, jobs: RankJobs) -> list[str]:
    wanted = {
        "job-name": job.name,
        "comment": shlex.quote(comment),
        "partition": jobs.partition,
        "account": jobs.account,
        "nodes": site.nodes,
        "ntasks-per-node": site.processes,
        "cpus-per-task": site.threads_per_process,
        "gres": jobs.gres,
        "time": jobs.walltime_minutes,
        "signal": f"B:USR1@{jobs.drain_seconds}",
        "open-mode": "append",
        "output": job.log,
        "chdir": command.folder,
        "export": "ALL",
    }
    lines = [f"#SBATCH --{name}={value}" for name, value in wanted.items() if value != ""]
    return [*lines, "#SBATCH --requeue", *(f"#SBATCH {directive}" for directive in jobs.directives)]


def _body(command: Command, job: JobFiles, site: Site, jobs: RankJobs) -> list[str]:
    network = {name: jobs.interface for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME") if jobs.interface}
    variables = {**command.environment, **network, **jobs.environment, FAILURE_VARIABLE: str(job.failure)}
    values = {
        "OWNER": shlex.quote(str(job.owner)),
        "CANCELLED": shlex.quote(str(job.cancelled)),
        "FAILURE": shlex.quote(str(job.failure)),
        "EXPORTS": "\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())),
        "SETUP": "\n".join(jobs.setup),
        "RESTARTS": str(jobs.restarts),
        "REQUEUES": str(jobs.requeues),
        "PEERS": str(SECONDS_FOR_PEERS),
        "CORES": str(site.threads_per_process),
        "PORT": f"{FIRST_PORT} + (SLURM_JOB_ID * 131 + start * 17 + try) % {NUM_PORTS}",
        "DRAINED": str(DRAINED),
        "NOT_OWNER": str(NOT_THE_OWNER),
        "OPTIONS": "".join(f" {shlex.quote(option)}" for option in jobs.srun_options),
        "RANK": shlex.join([command.python, "-m", command.module, *command.arguments]),
    }
    text = BODY
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text.splitlines()


BODY = """
owner=@OWNER@
cancelled=@CANCELLED@
failure=@FAILURE@
start=${SLURM_RESTART_COUNT:-0}
say() { echo "latamgpt: job $SLURM_JOB_ID, start $((start + 1)): $*"; }

# One job does this work. A second one that slipped in ends here.
echo "$SLURM_JOB_ID" >"$owner.$SLURM_JOB_ID"
ln "$owner.$SLURM_JOB_ID" "$owner" 2>/dev/null
rm -f "$owner.$SLURM_JOB_ID"
if [ "$(cat "$owner")" != "$SLURM_JOB_ID" ]; then
    say "job $(cat "$owner") does this work already"
    exit @NOT_OWNER@
fi

@EXPORTS@
@SETUP@
export LATAMGPT_START=$start
unset LATAMGPT_PROGRESS
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_ADDR

# Slurm tells this script that the time is nearly over; the ranks are told here, and save. Who is preempted is told by Slurm.
asked=
interrupted=
ranks=
code=@DRAINED@
drain() {
    asked=yes
    interrupted=yes
    say "the time is nearly over: the ranks are asked to save"
    if [ -n "$ranks" ]; then kill -USR1 "$ranks"; fi
}
trap drain USR1
trap 'interrupted=yes' TERM

for ((try = 0; try <= @RESTARTS@; try++)); do
    if [ -n "$asked" ]; then break; fi
    rm -f "$failure"
    export MASTER_PORT=$((@PORT@))
    say "ranks on $SLURM_JOB_NODELIST, port $MASTER_PORT"
    srun@OPTIONS@ --wait=@PEERS@ --kill-on-bad-exit=0 --cpus-per-task=@CORES@ --unbuffered bash -c \\
        'export RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID WORLD_SIZE=$SLURM_NTASKS; exec "$@"' \\
        rank @RANK@ </dev/null &
    ranks=$!
    code=127
    interrupted=yes
    while [ -n "$interrupted" ]; do
        interrupted=
        wait "$ranks"
        now=$?
        if [ "$now" != 127 ]; then code=$now; fi
    done
    say "the ranks ended with exit code $code"
    if [ "$code" = 0 ] || [ -e "$failure" ] || [ -e "$cancelled" ]; then exit "$code"; fi
    if [ "$code" = @DRAINED@ ]; then break; fi
done
if [ "$code" != @DRAINED@ ] && [ -z "$asked" ]; then exit "$code"; fi

# They saved. A job that was cancelled, or that Slurm takes back by itself, is not RUNNING any more: it is left alone.
if [ "$start" -ge @REQUEUES@ ]; then
    say "was started $((start + 1)) times, which is all that the site allows"
    exit "$code"
fi
for ((look = 0; look < 60; look++)); do
    state=$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%T) && [ -n "$state" ] && break
    sleep 2
done
if [ "$state" != RUNNING ]; then exit "$code"; fi
say "asks to be started again"
scontrol requeue "$SLURM_JOB_ID" && sleep 300
exit "$code"
"""
