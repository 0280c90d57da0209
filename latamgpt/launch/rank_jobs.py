"""What the job asks for in which a site's ranks train: the section training of sites/NAME.yaml."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from latamgpt.launch.slurm import Count, Directive
from latamgpt.records import Frozen

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
OneLine = Annotated[str, Field(pattern=r"^[^\n\r]*$")]
Positive = Annotated[float, Field(gt=0)]


class RankJobs(Frozen):
    """One job for all ranks, `processes` on each of `nodes`; all that is not said here is Slurm's own default."""

    partition: str = Field(pattern=r"^[\w.,-]+$")
    account: str = Field(default="", pattern=r"^[\w.-]*$")  # none where the site charges nobody
    walltime_minutes: Count  # of one start: before it ends the ranks save, and the job asks to be started again
    drain_seconds: Count = 600  # as long before that end; Slurm may be 60 s early. More than saving one state takes
    gres: str = Field(default="", pattern=r"^[\w:.,-]*$")  # of a node, such as gpu:h200:8; none where ranks compute on cores
    interface: str = Field(
        default="", pattern=r"^[\w.,-]*$"
    )  # of the nodes' network, by which the ranks meet: ib0; else they choose
    environment: dict[
        VariableName, OneLine
    ] = {}  # of the ranks: how this site's network is used. Never a secret: scripts are kept
    setup: tuple[OneLine, ...] = ()  # lines of shell before the ranks start, such as: module load cuda
    directives: tuple[Directive, ...] = ()  # further ones of sbatch, such as --exclusive
    srun_options: tuple[Directive, ...] = ()  # further ones of the step of the ranks, such as HyperPod's --auto-resume=1
    job_folder: str = "var/slurm/jobs"  # shared by this machine and the nodes: scripts, claims and logs of the jobs
    poll_seconds: Positive = 10  # between two questions to the controller
    silence_minutes: Positive = 30  # of a running job, after which it is requeued: longer than loading the model takes
    unknown_minutes: Positive = 60  # for which Slurm may not know a job, before the command gives up
    restarts: int = Field(default=3, ge=0)  # of the ranks in one start of the job, after one of them died
    requeues: Count = 100  # of a job, by itself; more are a loop

    def folder(self, root: Path) -> Path:
        """Where the jobs' files lie."""
        return root / self.job_folder
