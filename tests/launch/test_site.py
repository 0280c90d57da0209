"""Sites: read, named when missing, refused when misspelt."""

from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site, read_site
from latamgpt.launch.slurm import require_slurm
from tests.conftest import ROOT


def test_laptop_is_the_site_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATAMGPT_SITE", raising=False)
    assert read_site(ROOT).num_ranks == 1
    assert read_site(ROOT).is_guess
    monkeypatch.setenv("LATAMGPT_SITE", "tarapaca")
    assert read_site(ROOT).num_ranks == 96
    assert not read_site(ROOT).is_guess


def test_site_knows_its_name_and_country() -> None:
    site = read_site(ROOT, "tarapaca")
    assert (site.name, site.country) == ("tarapaca", "CL")


def test_missing_site_lists_those_there_are() -> None:
    with pytest.raises(OperatorError, match=r"no site 'laptpo'.*the sites are: .*laptop, tarapaca"):
        read_site(ROOT, "laptpo")


def test_misspelt_field_is_named(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "laptop.yaml").write_text("proceses: 2\n")
    with pytest.raises(OperatorError, match="proceses: there is no such key"):
        read_site(tmp_path, "laptop")


def test_states_go_to_an_object_store_only(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    path = tmp_path / "sites" / "laptop.yaml"
    path.write_text("states: /fsx/states\n")
    with pytest.raises(OperatorError, match=r"states.*s3://"):
        read_site(tmp_path, "laptop")
    path.write_text("states: s3://bucket/states\n")
    assert read_site(tmp_path, "laptop").states == "s3://bucket/states"


SECTION = """engine: slurm
slurm:
  partition: cpu
  walltime_minutes: 60
  memory_mib_per_worker: 2000
  scheduler_interface: ib0
  worker_interface: ib0
"""


def slurm_site(folder: Path, text: str) -> Site:
    (folder / "sites").mkdir()
    (folder / "sites" / "laptop.yaml").write_text(text)
    return read_site(folder, "laptop")


def test_a_site_with_the_engine_slurm_says_what_its_jobs_ask_for(tmp_path: Path) -> None:
    slurm = slurm_site(tmp_path, SECTION).slurm
    assert slurm
    assert slurm.partition == "cpu"
    assert slurm.resolve(tmp_path).log_folder == str(tmp_path / "var/slurm/log")


def test_the_engine_slurm_without_its_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="engine is slurm, and there is no section slurm.*docs/slurm.md"):
        slurm_site(tmp_path, "engine: slurm\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("  walltime: 60", "slurm.walltime: there is no such key"),
        ("  directives: [qos=long]", r"slurm.directives \(number 1\): .*found 'qos=long'"),
        ('  directives: ["--qos=a\\n#SBATCH --uid=0"]', r"slurm.directives \(number 1\): "),
    ],
)
def test_a_wrong_field_of_the_section_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        slurm_site(tmp_path, SECTION + line + "\n")


def test_without_slurm_s_commands_the_operator_is_told_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match="sbatch, squeue, scancel not on PATH.*login node"):
        require_slurm()
