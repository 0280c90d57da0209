"""What a site lacks before work is begun there: each thing that was looked for, what was found, what to do."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from latamgpt.errors import OperatorError
from latamgpt.launch.batch import Command, JobFiles, batch_script
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.site import Site
from latamgpt.launch.slurm import call, require_interface
from latamgpt.object_store.door import ObjectStore
from latamgpt.params import BaseModelKind, BaseModelParams
from latamgpt.store import Workspace
from latamgpt.tracking.server import FILE, must_answer, tracking_uri

PROGRAMS = ("sbatch", "squeue", "sacct", "scancel", "scontrol", "sinfo")
CHECKED_KEY = "check"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Finding:
    """One thing that a site needs."""

    subject: str
    found: str
    remedy: str = ""  # what to do; '' where nothing is missing

    def line(self) -> str:
        """As a person reads it."""
        return f"{'missing' if self.remedy else 'ok':8}{self.subject}: {self.found}" + (f". {self.remedy}" if self.remedy else "")


def check_site(workspace: Workspace, site: Site, base_model: BaseModelParams) -> list[Finding]:
    """Everything that can be known from here without starting a job."""
    findings = [_country(site), _base_model(workspace, site, base_model), _tracking(workspace, site)]
    if site.states:
        findings.append(_states(site.states))
    if site.slurm is not None:
        findings.append(_interface(site.slurm.scheduler_interface))
    if site.training is None:
        return [*findings, *_this_machine(site)]
    return [
        *findings,
        _python(workspace),
        _shared_folder(site.training.folder(workspace.root)),
        *_slurm(workspace, site, site.training),
    ]


def _country(site: Site) -> Finding:
    remedy = "" if site.country else f"Write it into sites/{site.name}.yaml: agreements with a residency are held against it"
    return Finding("country", site.country or "not said", remedy)


def _base_model(workspace: Workspace, site: Site, wanted: BaseModelParams) -> Finding:
    if wanted.kind is not BaseModelKind.FOLDER:
        return Finding("base model", f"{wanted.name}, which the run makes or fetches itself")
    folder = site.base_model_folder(workspace.root, wanted.name)
    if (folder / "config.json").is_file():
        return Finding("base model", str(folder))
    return Finding(
        "base model", f"{folder} holds no config.json", f"Fetch {wanted.name} as safetensors to there, or mend base_models"
    )


def _tracking(workspace: Workspace, site: Site) -> Finding:
    uri = tracking_uri(workspace)
    try:
        must_answer(workspace)
    except OperatorError as error:
        return Finding("MLflow", str(error).rstrip("."), "Then check again")
    parts = urlsplit(uri)
    shown = "a file of this checkout" if uri.startswith(FILE) else f"{parts.scheme}://{parts.hostname}"
    if site.nodes > 1 and (uri.startswith(FILE) or parts.hostname in THIS_MACHINE):
        return Finding("MLflow", f"{shown}, which the nodes do not reach", "Set MLFLOW_TRACKING_URI to a server that they do")
    return Finding("MLflow", shown)


def _states(address: str) -> Finding:
    """Whether states can be copied there: an object is put, listed and removed."""
    try:
        store = ObjectStore(address)
        store.must_answer()
        store.put_bytes(CHECKED_KEY, b"latamgpt site check")
        found = [each.key for each in store.objects(CHECKED_KEY)]
        store.remove(CHECKED_KEY)
    except OperatorError as error:
        return Finding("states", str(error).rstrip("."), "Then check again")
    return Finding("states", f"{address} can be written, listed and cleaned" if found else f"{address} lists nothing")


def _interface(name: str) -> Finding:
    try:
        require_interface(name)
    except OperatorError:
        known = ", ".join(sorted(psutil.net_if_addrs()))
        return Finding("scheduler_interface", f"{name} is none of {known}", "Mend it in the section slurm of the site's file")
    return Finding("scheduler_interface", name)


def _this_machine(site: Site) -> Iterator[Finding]:
    if site.nodes > 1:
        yield Finding("nodes", f"{site.nodes}, and no section training", "Add it: docs/training-on-slurm.md lists its fields")
        return
    cores, wanted = len(os.sched_getaffinity(0)), site.processes * site.threads_per_process
    remedy = "" if cores >= wanted else "Training works, slowly: another number of threads would change its last bits"
    yield Finding("cores", f"{cores}, and the ranks take {wanted}", remedy)


def _python(workspace: Workspace) -> Finding:
    remedy = (
        ""
        if Path(sys.prefix).is_relative_to(workspace.root)
        else f"The nodes run the same: use one inside of {workspace.root}, which they see (`make setup`)"
    )
    return Finding("python", sys.executable, remedy)


def _shared_folder(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "check.lock").open("w") as probe:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return Finding(
            "job_folder", f"{folder}: {error.strerror}", "It must be writable and know locks (Lustre: mounted with flock)"
        )
    return Finding("job_folder", f"{folder} can be written and locked")


def _slurm(workspace: Workspace, site: Site, jobs: RankJobs) -> Iterator[Finding]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        yield Finding(
            "commands", f"{', '.join(missing)} not on PATH", "Run on the cluster's login node, after `module load slurm`"
        )
        return
    yield Finding("commands", ", ".join(PROGRAMS))
    told = call("sinfo", "--noheader", "--format=%R|%D|%G|%a")
    if told.returncode != 0:
        yield Finding("controller", " ".join(told.stderr.split()), "Ask whoever runs the cluster; `scontrol ping` says more")
        return
    yield _partition(told.stdout, site, jobs)
    yield _accounting()
    yield _job(workspace, site)


def _partition(sinfo: str, site: Site, jobs: RankJobs) -> Finding:
    rows = [line.split("|") for line in sinfo.splitlines()]
    subject, mine = f"partition {jobs.partition}", [row for row in rows if row[0] in jobs.partition.split(",")]
    if not mine:
        return Finding(subject, f"there are {', '.join(sorted({row[0] for row in rows}))}", "Mend partition in the site's file")
    fit = sum(int(num_nodes) for _, num_nodes, gres, up in mine if up == "up" and jobs.gres in gres)
    what = f"{fit} nodes up" + (f" with {jobs.gres}" if jobs.gres else "")
    if fit >= site.nodes:
        return Finding(subject, what)
    had = ", ".join(sorted({gres for _, _, gres, _ in mine}))
    return Finding(subject, f"{what} of {site.nodes} (its nodes have: {had})", "Mend nodes or gres in the site's file")


def _accounting() -> Finding:
    told = call("sacct", "--noheader", "--allocations", "--starttime=now")
    if told.returncode == 0:
        return Finding("accounting", "sacct answers")
    words = " ".join(told.stderr.split())
    return Finding("accounting", words, "A job that ended while nobody followed it is not found without: ask for slurmdbd")


def _job(workspace: Workspace, site: Site) -> Finding:
    command = Command(sys.executable, "latamgpt.training.worker", ["JOB"], {}, workspace.root)
    files = JobFiles(workspace.root, "check")
    told = call("sbatch", "--test-only", given=batch_script(command, files, "check", site))
    words = " ".join(told.stderr.replace("sbatch: ", "").split())
    if told.returncode == 0:
        return Finding("job", words)
    return Finding("job", words, "Mend the section training of the site's file")
