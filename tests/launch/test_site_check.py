"""`latamgpt site check`: each thing that a site lacks is a line with what to do."""

import pytest

from latamgpt.cli import main
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.site import Site
from latamgpt.launch.site_check import Finding, check_site
from latamgpt.params import BaseModelKind, Params
from latamgpt.store import Workspace
from tests.launch.fakes import Fakes

SINFO = "cpu|40|(null)|up\ngpu|10|gpu:h200:8(S:0-1)|up\ngpu|2|gpu:h200:8(S:0-1)|down\n"


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def cluster(fakes: Fakes) -> Fakes:
    """A login node where all is well."""
    fakes.answers("sinfo", SINFO)
    fakes.answers(
        "sbatch", "", complaint="sbatch: Job 3 to start at 2026-11-23T02:00:00 using 96 processors on nodes gpu[1-10]\n"
    )
    return fakes


def check(workspace: Workspace, params: Params, **changes: object) -> dict[str, Finding]:
    jobs = RankJobs.model_validate({"partition": "gpu", "walltime_minutes": 60, "gres": "gpu:h200:8", **changes})
    site = Site(name="here", country="CL", nodes=10, processes=8, training=jobs)
    return {finding.subject: finding for finding in check_site(workspace, site, params.base_model)}


def test_a_cluster_where_all_is_well_lacks_what_only_its_operator_can_set(
    workspace: Workspace, params: Params, cluster: Fakes
) -> None:
    found = check(workspace, params)
    assert [subject for subject, finding in found.items() if finding.remedy] == ["MLflow", "python"]
    assert found["partition gpu"].line() == "ok      partition gpu: 10 nodes up with gpu:h200:8"
    assert found["job"].found.startswith("Job 3 to start at")
    assert "which the nodes do not reach. Set MLFLOW_TRACKING_URI" in found["MLflow"].line()


@pytest.mark.parametrize(
    ("changes", "subject", "words"),
    [
        ({"partition": "gpuu"}, "partition gpuu", "there are cpu, gpu. Mend partition in the site's file"),
        ({"gres": "gpu:b200:8"}, "partition gpu", r"0 nodes up with gpu:b200:8 of 10 (its nodes have: gpu:h200:8(S:0-1))"),
        ({"partition": "cpu", "gres": "gpu:h200:8"}, "partition cpu", "0 nodes up"),
    ],
)
def test_a_partition_that_does_not_fit_is_told(
    workspace: Workspace, params: Params, cluster: Fakes, changes: dict[str, str], subject: str, words: str
) -> None:
    assert words in check(workspace, params, **changes)[subject].line()


def test_a_machine_without_slurm_is_sent_to_the_login_node(
    workspace: Workspace, params: Params, cluster: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(cluster.folder))
    (cluster.folder / "sbatch").unlink()
    found = check(workspace, params)["commands"]
    assert found.line() == "missing commands: sbatch not on PATH. Run on the cluster's login node, after `module load slurm`"


def test_a_silent_controller_a_missing_accounting_and_a_refused_job_are_told_in_slurm_s_words(
    workspace: Workspace, params: Params, cluster: Fakes
) -> None:
    cluster.answers("sacct", "", code=1, complaint="Slurm accounting storage is disabled\n")
    cluster.answers("sbatch", "", code=1, complaint="allocation failure: Requested time limit is invalid\n")
    found = check(workspace, params)
    assert found["accounting"].line().startswith("missing accounting: Slurm accounting storage is disabled. A job that ended")
    assert found["job"].line().startswith("missing job: allocation failure: Requested time limit is invalid. Mend")
    cluster.answers("sinfo", "", code=1, complaint="Unable to contact slurm controller\n")
    assert check(workspace, params)["controller"].line().startswith("missing controller: Unable to contact slurm controller. Ask")


def test_a_base_model_that_the_site_keeps_is_looked_for(workspace: Workspace, params: Params, cluster: Fakes) -> None:
    kept = params.base_model.model_copy(update={"kind": BaseModelKind.FOLDER, "name": "llama"})
    changed = params.model_copy(update={"base_model": kept})
    assert "llama holds no config.json. Fetch llama as safetensors" in check(workspace, changed)["base model"].line()
    (workspace.root / "var" / "base_models" / "llama").mkdir(parents=True)
    (workspace.root / "var" / "base_models" / "llama" / "config.json").touch()
    assert not check(workspace, changed)["base model"].remedy


def test_the_command_ends_with_1_when_something_is_missing_and_with_0_when_nothing_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(64))
    assert main(["site", "check", "laptop"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "site laptop: nothing is missing"
    (workspace.root / "sites" / "laptop.yaml").write_text("nodes: 2\n")
    assert main(["site", "check", "laptop"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "missing country: not said. Write it into sites/laptop.yaml: agreements with a residency are held against it" in lines
    assert lines[-1] == "site laptop: 3 of 4 things are missing"
    assert main(["site", "check", "nowhere"]) == 2
