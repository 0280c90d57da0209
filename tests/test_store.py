"""Publishing: whole or not at all, verified where read, the same bytes for the same rows."""

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.records import MANIFEST_NAME, Expectation, Report, Severity
from latamgpt.store import Workspace, digest_of, find_workspace, must_have_passed, read_table, replace_json, write_report
from latamgpt.table_format import write_table


def publish(workspace: Workspace, text: str = "kuska purisun", stage: str = "corpus") -> Path:
    with workspace.publish(stage) as folder:
        (folder / "part").mkdir()
        (folder / "part" / "a.txt").write_text(text, encoding="utf-8")
        write_report(folder, Report(stage=stage, summary="one file"))
    return workspace.place(stage)


def test_a_published_folder_is_read_back(workspace: Workspace) -> None:
    folder = publish(workspace)
    assert workspace.read("corpus") == folder
    assert workspace.report("corpus").summary == "one file"


def test_the_same_content_gives_the_same_digest(workspace: Workspace) -> None:
    first = digest_of(publish(workspace))
    assert digest_of(publish(workspace)) == first
    assert digest_of(publish(workspace, "other")) != first


def test_nothing_published_is_said_with_the_next_move(workspace: Workspace) -> None:
    with pytest.raises(OperatorError, match=r"no manifest.json.*dvc pull"):
        workspace.read("corpus")


def test_one_flipped_bit_is_refused_by_name(workspace: Workspace) -> None:
    path = publish(workspace) / "part" / "a.txt"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    with pytest.raises(InputDamagedError, match=r"a\.txt: sha256 is .*dvc checkout"):
        workspace.read("corpus")


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_a_missing_or_extra_file_is_refused(workspace: Workspace, change: str) -> None:
    folder = publish(workspace)
    if change == "missing":
        (folder / "part" / "a.txt").unlink()
    else:
        (folder / "part" / "b.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputDamagedError, match="1 files differ from its manifest by name"):
        workspace.read("corpus")


def fail_while_publishing(workspace: Workspace) -> None:
    with workspace.publish("corpus") as folder:
        (folder / "half").write_text("half", encoding="utf-8")
        raise ZeroDivisionError


def test_a_failure_inside_keeps_the_old_output_and_leaves_no_draft(workspace: Workspace) -> None:
    publish(workspace)
    with pytest.raises(ZeroDivisionError):
        fail_while_publishing(workspace)
    assert (workspace.read("corpus") / "part" / "a.txt").is_file()
    assert not list((workspace.root / "var" / "unpublished").iterdir())


def fill_the_disk(workspace: Workspace) -> None:
    with workspace.publish("corpus"), Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")


def test_a_full_disk_is_explained_and_loses_nothing(workspace: Workspace) -> None:
    publish(workspace)
    with pytest.raises(OperatorError, match=r"is full .* bytes free.*last good output stands"):
        fill_the_disk(workspace)
    assert workspace.read("corpus")


def test_a_full_disk_leaves_the_json_that_others_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    replace_json(path, {"run": "old"})
    with room_for(bytes_per_file=10), pytest.raises(OSError, match="too large"):
        replace_json(path, {"run": "new and longer than there is room for"})
    assert orjson.loads(path.read_bytes()) == {"run": "old"}


@contextmanager
def room_for(bytes_per_file: int) -> Generator[None]:
    """No file may grow beyond this: what a write meets on a full disk, without filling one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_per_file, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_torn_manifest_is_damage_not_a_bug(workspace: Workspace) -> None:
    path = publish(workspace) / MANIFEST_NAME
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputDamagedError, match="does not read as a manifest"):
        workspace.read("corpus")


def test_a_disk_full_at_the_last_rename_gives_the_old_output_back(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    final = publish(workspace)
    rename = Path.rename

    def full_for_the_new(path: Path, target: Path) -> Path:
        if target == final and not path.name.endswith("-old"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full_for_the_new)
    with pytest.raises(OperatorError, match="last good output stands"):
        publish(workspace, "new")
    assert (workspace.read("corpus") / "part" / "a.txt").read_text(encoding="utf-8") == "kuska purisun"


KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from latamgpt.store import Workspace
import latamgpt.store as store
point, seen = int(sys.argv[2]), 0
def die(*_):
    global seen
    seen += 1
    if seen == point:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(lambda event, _: die() if event in {"open", "os.rename", "shutil.rmtree", "os.remove"} else None)
with Workspace(Path(sys.argv[1])).publish("corpus") as folder:
    for name in ("a", "b"):
        (folder / name).write_text("new", encoding="utf-8")
print("published")
"""


@pytest.mark.slow
def test_a_kill_at_any_point_leaves_the_old_output_or_the_new_one_or_none(workspace: Workspace) -> None:
    outcomes: set[str] = set()
    for point in range(1, 60):
        publish(workspace)
        run = subprocess.run(
            [sys.executable, "-c", KILLED_WRITER, str(workspace.root), str(point)], capture_output=True, text=True, check=False
        )
        assert run.returncode in {0, -signal.SIGKILL}, run.stderr
        if workspace.place("corpus").exists():
            outcomes.add("new" if (workspace.read("corpus") / "a").is_file() else "old")
        else:
            outcomes.add("none")
        if run.returncode == 0:
            break
    else:
        pytest.fail("the writer never reached its end: kill points beyond 60 are untested")
    assert {"old", "new"} <= outcomes


def test_the_same_rows_give_the_same_parquet_bytes_whatever_their_chunks(tmp_path: Path) -> None:
    whole = pa.table({"text": [f"ñ{i}" for i in range(5000)]})
    pieces = pa.concat_tables([whole.slice(0, 17), whole.slice(17)])
    write_table(tmp_path / "a.parquet", whole)
    write_table(tmp_path / "b.parquet", pieces)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert read_table(tmp_path / "a.parquet") == whole


def test_a_failed_gate_stops_what_follows_and_names_what_failed(workspace: Workspace) -> None:
    failed = Expectation(kind="min_languages", severity=Severity.CRITICAL, passed=False, observed="3 of 7")
    with workspace.publish("corpus_gate") as folder:
        write_report(folder, Report(stage="corpus_gate", summary="failed", expectations=(failed,)))
    with pytest.raises(OperatorError, match=r"corpus_gate did not pass: min_languages \(3 of 7\)"):
        must_have_passed(workspace, "corpus_gate")


def test_a_warning_does_not_stop(workspace: Workspace) -> None:
    failed = Expectation(kind="keep_rate", severity=Severity.WARNING, passed=False, observed="0.4")
    with workspace.publish("corpus_gate") as folder:
        write_report(folder, Report(stage="corpus_gate", summary="warned", expectations=(failed,)))
    must_have_passed(workspace, "corpus_gate")


def test_the_workspace_is_found_from_below_and_missed_outside(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inner = workspace.root / "a" / "b"
    inner.mkdir(parents=True)
    assert find_workspace(inner) == Workspace(workspace.root.resolve())
    with pytest.raises(OperatorError, match="not inside a workspace"):
        find_workspace(tmp_path_factory.mktemp("elsewhere"))


def test_manifest_comes_last(workspace: Workspace) -> None:
    folder = publish(workspace)
    newest = max(folder.rglob("*"), key=lambda p: p.stat().st_mtime_ns if p.is_file() else 0)
    assert newest.name == MANIFEST_NAME
    assert os.listdir(folder.parent) == ["corpus"]  # noqa: PTH208
