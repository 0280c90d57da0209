"""Stages as forks of the DVC server: what a shell's `latamgpt stage` would do, from the code that lies there now."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dagster_project.dvc_codes import FAILED, STOPPED
from dagster_project.dvc_door import DvcDoor
from latamgpt.store import Workspace, list_files
from tests.dagster_project import small_factory
from tests.dagster_project.test_dvc_exec import wait_for

REPOSITORY = Path(__file__).resolve().parents[2]
PARTNER = "museo-altiplano"
GRAPH = f"""
stages:
  documents:
    cmd: latamgpt stage documents {PARTNER}
    deps: [latamgpt/intake, samples/{PARTNER}]
    outs: [data/documents/{PARTNER}]
"""
PLACE = f"data/documents/{PARTNER}"
HOLD = """
def hold(workspace):
    import time
    (workspace.root / "var" / "held").touch()
    time.sleep(600)


def _deliveries"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One stage of the real pipeline, with a copy of the code that it runs."""
    root = tmp_path_factory.mktemp("forked") / "workspace"
    for name in ("latamgpt", f"samples/{PARTNER}"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (f"partners/{PARTNER}.yaml", "params.yaml", "pyproject.toml"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    (root / "dvc.yaml").write_text(GRAPH)
    (root / ".gitignore").write_text("/data/\n/var/\n")
    small_factory.call(root, "git", "init", "--quiet")
    small_factory.call(root, sys.executable, "-m", "dvc", "init", "--quiet")
    return root


@pytest.fixture
def door(template: Path, tmp_path: Path) -> Iterator[DvcDoor]:
    root = tmp_path / "workspace"
    shutil.copytree(template, root, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{root}:{REPOSITORY}")
        made = DvcDoor(Workspace(root))
        yield made
        made.close()


def test_a_forked_stage_publishes_the_bytes_that_a_shell_gets(door: DvcDoor) -> None:
    root = door.workspace.root
    assert door.reproduce("documents")[0] == 0
    forked = contents(root / PLACE)
    shutil.rmtree(root / PLACE)
    small_factory.call(root, sys.executable, "-m", "latamgpt.cli", "stage", "documents", PARTNER)
    assert contents(root / PLACE) == forked


@pytest.mark.slow
def test_what_runs_is_the_code_that_lies_there_now(door: DvcDoor) -> None:
    root = door.workspace.root
    code = root / "latamgpt" / "intake" / "documents.py"
    assert door.reproduce("documents")[0] == 0
    code.write_text(code.read_text().replace('summary = f"read ', 'summary = f"took in '))
    assert door.reproduce("documents")[0] == 0
    assert door.workspace.report("documents", PARTNER).summary.startswith("took in ")
    code.write_text("this is no Python")
    answer = door.reproduce("documents")
    assert answer[0] == FAILED
    assert "SyntaxError" in answer[1]
    assert door.workspace.report("documents", PARTNER).summary.startswith("took in ")


def test_a_stage_that_refuses_says_its_own_sentence(door: DvcDoor) -> None:
    root = door.workspace.root
    shutil.rmtree(root / "samples" / PARTNER)
    (root / "samples" / PARTNER).mkdir()
    code, words = door.reproduce("documents")
    assert code == FAILED
    assert words.endswith(f"Ask {PARTNER} for one, or take it out of `partners` in params.yaml.")


@pytest.mark.slow
@pytest.mark.parametrize("who", ["asked", "stage", "child", "server", "everything"])
def test_a_kill_of_a_forked_stage_leaves_the_last_good_output_and_no_process(door: DvcDoor, who: str) -> None:
    root = door.workspace.root
    assert door.reproduce("documents")[0] == 0
    good = contents(root / PLACE)
    code = root / "latamgpt" / "intake" / "documents.py"
    text = code.read_text().replace(
        "    institution = read_institution", "    hold(workspace)\n    institution = read_institution"
    )
    code.write_text(text.replace("\ndef _deliveries", HOLD))
    answers: list[tuple[int, str]] = []
    waiting = threading.Thread(target=lambda: answers.append(door.reproduce("documents")))
    waiting.start()
    wait_for(root / "var" / "held")
    (server,) = (child for child in psutil.Process().children() if child.cwd() == str(root))
    child, stage = server.children(recursive=True)
    assert "dvc_server" in " ".join(stage.cmdline()), "the stage was not forked"
    assert stage.name() == "documents"
    if who == "asked":
        door.stop_all()
    for process in {"stage": [stage], "child": [child], "server": [server], "everything": [server, child, stage]}.get(who, []):
        process.kill()
    waiting.join(60)
    assert psutil.wait_procs([child, stage], timeout=15)[1] == []
    assert answers[0][0] == {"asked": STOPPED, "stage": FAILED, "child": -signal.SIGKILL}.get(who, STOPPED)
    if who == "stage":
        assert "was ended by SIGKILL from outside" in answers[0][1]
        assert "run again" in answers[0][1]
    (root / "var" / "held").unlink()
    code.write_text(text.replace("    hold(workspace)\n", ""))
    assert door.reproduce("documents")[0] == 0
    assert contents(root / PLACE) == good
    assert list((root / "var" / "unpublished").iterdir()) == []


@pytest.mark.slow
def test_a_process_that_a_forked_stage_spawns_loads_no_dvc(door: DvcDoor) -> None:
    root = door.workspace.root
    code = root / "latamgpt" / "intake" / "documents.py"
    spawned = """
def look():
    import sys
    from pathlib import Path
    (Path("var") / "loaded").write_text(" ".join(sys.modules))


def spawn():
    import multiprocessing
    process = multiprocessing.get_context("spawn").Process(target=look)
    process.start()
    process.join()


def _deliveries"""
    text = code.read_text().replace("    institution = read_institution", "    spawn()\n    institution = read_institution")
    code.write_text(text.replace("\ndef _deliveries", spawned))
    assert door.reproduce("documents")[0] == 0
    loaded = (root / "var" / "loaded").read_text().split()
    assert "latamgpt.intake.documents" in loaded
    assert not {"dvc", "dagster", "dagster_project.dvc_server"} & set(loaded)


@pytest.mark.slow
def test_the_server_loads_ahead_what_it_forks_and_never_torch(empty_template: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom dagster_project.dvc_stages import load_ahead\n"
        "from latamgpt.stages import STAGES\n"
        "for stage in STAGES: load_ahead(Path.cwd(), stage.name)\n"
        "print('torch' in sys.modules, 'great_expectations' in sys.modules)"
    )
    for root, loaded in ((REPOSITORY, ["False", "True"]), (empty_template, ["False", "False"])):  # its commands are not ours
        said = subprocess.run([sys.executable, "-c", script], cwd=root, check=True, capture_output=True, text=True)
        assert said.stdout.split() == loaded


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in list_files(folder)}
