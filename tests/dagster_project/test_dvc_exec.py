"""One stage through the door to DVC: right inputs before it, its own or the last good outputs after it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from assets.lock import read_lock, source_version
from dagster_project.definitions import Location, build_location
from dagster_project.dvc_codes import FAILED, STOPPED, UNRECOVERABLE
from latamgpt.store import list_files
from tests.dagster_project import small_factory


def test_a_stage_publishes_and_is_recorded(empty_factory: Location) -> None:
    assert empty_factory.door.reproduce("documents@alpha")[0] == 0
    recorded = read_lock(empty_factory.factory.workspace)["documents@alpha"]
    assert recorded.outs["data/documents/alpha"] == source_version(place(empty_factory, "documents/alpha"))


def test_source_versions_are_the_hashes_of_dvc(built_factory: Location) -> None:
    root = built_factory.factory.workspace.root
    recorded = read_lock(built_factory.factory.workspace)["documents@alpha"]
    assert recorded.deps["samples/alpha"] == source_version(root / "samples/alpha")
    assert recorded.deps["partners/alpha.yaml"] == source_version(root / "partners/alpha.yaml")


def test_a_failed_stage_says_why_and_leaves_the_last_good_output(built_factory: Location) -> None:
    before = contents(place(built_factory, "documents/alpha"))
    change_delivery(built_factory)
    mark(built_factory, "fail-documents@alpha")
    code, words = built_factory.door.reproduce("documents@alpha")
    assert (code, words) == (FAILED, "documents@alpha: 2 of 3 files are broken. Mend them and run again.")
    assert contents(place(built_factory, "documents/alpha")) == before


def test_a_first_run_that_fails_leaves_nothing(empty_factory: Location) -> None:
    mark(empty_factory, "fail-documents@alpha")
    assert empty_factory.door.reproduce("documents@alpha")[0] == FAILED
    assert not place(empty_factory, "documents/alpha").exists()
    assert "documents@alpha" not in read_lock(empty_factory.factory.workspace)


def test_a_half_written_input_is_restored_before_the_stage_reads_it(built_factory: Location) -> None:
    inputs = place(built_factory, "clean_documents/beta")
    before = contents(inputs)
    (inputs / "text.txt").write_text("half")
    touch_params(built_factory, "times: 1", "times: 1 ")  # nothing that a stage reads
    assert built_factory.door.reproduce("corpus")[0] == 0
    assert contents(inputs) == before


def test_an_input_that_nobody_holds_is_named_and_nothing_runs(empty_factory: Location) -> None:
    code, words = empty_factory.door.reproduce("clean_documents@alpha")
    assert code == UNRECOVERABLE
    assert words.startswith("clean_documents@alpha: data/documents/alpha is not what dvc.lock recorded")


@pytest.mark.slow
def test_a_stopped_stage_leaves_the_last_good_output_and_no_process(built_factory: Location) -> None:
    before = contents(place(built_factory, "documents/alpha"))
    change_delivery(built_factory)
    mark(built_factory, "hold-documents@alpha")
    code, words = reproduce_and_stop(built_factory, "documents@alpha")
    assert code == STOPPED
    assert "Its last good output stands" in words
    assert contents(place(built_factory, "documents/alpha")) == before
    assert stage_processes(built_factory) == []
    assert list((root(built_factory) / "var" / "unpublished").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("is_cancelled", "words"), [(True, "cancelled"), (False, "left alone")])
def test_a_stage_knows_whether_somebody_cancelled_it_or_its_orchestrator_ends(
    built_factory: Location,
    is_cancelled: bool,  # noqa: FBT001
    words: str,
) -> None:
    change_delivery(built_factory)
    mark(built_factory, "hold-documents@alpha")
    code, _ = reproduce_and_stop(built_factory, "documents@alpha", is_cancelled=is_cancelled)
    assert code == STOPPED
    assert (root(built_factory) / "var" / "ended-documents@alpha").read_text() == words
    assert list((root(built_factory) / "var" / "logs").glob("cancelled-*")) == []


@pytest.mark.slow
def test_a_stage_whose_server_is_killed_is_left_alone(built_factory: Location) -> None:
    change_delivery(built_factory)
    mark(built_factory, "hold-documents@alpha")
    waiting = threading.Thread(target=lambda: built_factory.door.reproduce("documents@alpha"))
    waiting.start()
    wait_for(root(built_factory) / "var" / "held-documents@alpha")
    for process in psutil.Process().children():
        if "dagster_project.dvc_server" in " ".join(process.cmdline()):
            process.kill()
    waiting.join(60)
    wait_for(root(built_factory) / "var" / "ended-documents@alpha")
    assert (root(built_factory) / "var" / "ended-documents@alpha").read_text() == "left alone"


def test_a_stage_clears_its_own_drafts_and_no_other_partners(built_factory: Location) -> None:
    waiting = root(built_factory) / "var" / "unpublished"
    for name in ("documents-alpha-ab_cd123", "documents-alpha-ab_cd123-old", "documents-alpha-sur-ab_cd123"):
        (waiting / name).mkdir(parents=True)
    change_delivery(built_factory)
    assert built_factory.door.reproduce("documents@alpha")[0] == 0
    assert [path.name for path in waiting.iterdir()] == ["documents-alpha-sur-ab_cd123"]


@pytest.mark.slow
def test_a_stopped_stage_goes_on_at_the_next_try(built_factory: Location) -> None:
    change_delivery(built_factory)
    mark(built_factory, "hold-documents@alpha")
    reproduce_and_stop(built_factory, "documents@alpha")
    (root(built_factory) / "var" / "hold-documents@alpha").unlink()
    assert built_factory.door.reproduce("documents@alpha")[0] == 0
    assert "changed words" in (place(built_factory, "documents/alpha") / "text.txt").read_text()


@pytest.mark.slow
def test_eight_stages_in_parallel_lose_no_lock_entry(tmp_path: Path) -> None:
    partners = tuple(f"partner-{number}" for number in range(8))
    location = build_location(small_factory.make(tmp_path, partners))
    addresses = [f"documents@{partner}" for partner in partners]
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda address: location.door.reproduce(address)[0], addresses))
    assert codes == [0] * 8
    assert set(read_lock(location.factory.workspace)) == set(addresses)
    assert location.factory.graph.downstream(set(addresses)) >= set(location.door.status())
    assert not set(location.door.status()) & set(addresses)
    location.door.close()


@pytest.mark.slow
def test_a_server_that_is_killed_answers_as_stopped_and_starts_again(built_factory: Location) -> None:
    change_delivery(built_factory)
    mark(built_factory, "hold-documents@alpha")
    answers: list[int] = []
    waiting = threading.Thread(target=lambda: answers.append(built_factory.door.reproduce("documents@alpha")[0]))
    waiting.start()
    wait_for(root(built_factory) / "var" / "held-documents@alpha")
    server = built_factory.door._server
    assert server is not None
    server.kill()
    waiting.join(30)
    assert answers == [STOPPED]
    gone = psutil.wait_procs(stage_processes(built_factory), timeout=15)
    assert gone[1] == []
    (root(built_factory) / "var" / "hold-documents@alpha").unlink()
    assert built_factory.door.reproduce("documents@alpha")[0] == 0


def test_a_server_that_is_silent_before_it_counts_as_dead_is_asked_no_more(built_factory: Location) -> None:
    door = built_factory.door
    assert door.status() == {}
    server, listener = door._server, door._listener
    assert server is not None
    assert listener is not None
    server.poll = lambda: None
    server.kill()
    listener.join(30)
    asked = ThreadPoolExecutor(1).submit(door.status)
    assert asked.result(60) == {}
    assert door._server is not server


@pytest.mark.parametrize("name", ["documents@alpha", "corpus"])
def test_a_reported_failure_is_the_stages_own_sentence(empty_factory: Location, name: str) -> None:
    from dagster_project.dvc_door import last_words

    log = root(empty_factory) / "log"
    log.write_text(f"Running stage '{name}':\nnoise\nlatamgpt: {name}: the disk is full.\nFree some space.\n")
    assert last_words(log) == f"{name}: the disk is full.\nFree some space."


def root(location: Location) -> Path:
    return location.factory.workspace.root


def place(location: Location, name: str) -> Path:
    return root(location) / "data" / name


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in list_files(folder)}


def mark(location: Location, name: str) -> None:
    (root(location) / "var").mkdir(exist_ok=True)
    (root(location) / "var" / name).touch()


def change_delivery(location: Location) -> None:
    (root(location) / "samples" / "alpha" / "first" / "one.txt").write_text("changed words of alpha")


def touch_params(location: Location, old: str, new: str) -> None:
    path = root(location) / "params.yaml"
    path.write_text(path.read_text().replace(old, new))


def reproduce_and_stop(location: Location, address: str, *, is_cancelled: bool = False) -> tuple[int, str]:
    answers: list[tuple[int, str]] = []
    waiting = threading.Thread(target=lambda: answers.append(location.door.reproduce(address)))
    waiting.start()
    wait_for(root(location) / "var" / f"held-{address}")
    location.door.stop_all(is_cancelled=is_cancelled)
    waiting.join(60)
    return answers[0]


def wait_for(path: Path) -> None:
    ready = threading.Event()
    for _ in range(1000):
        if path.exists():
            return
        ready.wait(0.1)
    raise AssertionError(f"{path} did not appear")


def stage_processes(location: Location) -> list[psutil.Process]:
    """Processes that work for this workspace: its stages, and DVC's children."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(root(location)) and "stage.py" in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_the_draft_of_a_killed_run_is_not_taken_for_what_a_run_made(built_factory: Location) -> None:
    entries = root(built_factory) / ".dvc" / "cache" / "runs"
    (entry,) = (path for path in entries.glob("*/*/*") if " documents alpha\n" in path.read_text())
    draft = entry.with_name(".half.tmp")
    draft.write_text(entry.read_text().partition("deps:")[0])
    entry.unlink()
    (root(built_factory) / "dvc.lock").unlink()
    code, words = built_factory.door.reproduce("documents@alpha")
    assert code == 0, words
    assert not draft.exists()
