"""The batch scripts of the sites with a cluster, as tests/golden keeps them. `python -m tests.launch.scripts` writes them."""

from pathlib import Path

from latamgpt.launch.batch import Command, JobFiles, batch_script
from latamgpt.launch.claims import Work
from latamgpt.launch.site import read_site
from latamgpt.params import Precision
from latamgpt.training.kernels import pinned_environment
from tests.conftest import ROOT

SITES = ("aws", "tarapaca")
WORK = Work("checkpoint", "0123456789abcdef" * 4, Path("/shared/latamgpt"))


def golden(site: str) -> Path:
    """Where the script of a site is kept."""
    return ROOT / "tests" / "golden" / f"batch-{site}.sh"


def script(name: str) -> str:
    """The training's script at a site."""
    site = read_site(ROOT, name)
    assert site.training
    arguments = [str(WORK.root / "var/resume/checkpoint/0123456789abcdef/job.json")]
    environment = pinned_environment(Precision.BF16, site.threads_per_process)
    command = Command(f"{WORK.root}/.venv/bin/python", "latamgpt.training.worker", arguments, environment, WORK.root)
    return batch_script(command, JobFiles(site.training.folder(WORK.root), WORK.job_name(1)), WORK.comment(1), site)


if __name__ == "__main__":
    for each in SITES:
        golden(each).write_text(script(each))
