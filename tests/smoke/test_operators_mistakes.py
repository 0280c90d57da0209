"""What goes wrong on an ordinary day, in a finished clone: one sentence with the value, why and what next; nothing is lost."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assets.lock import source_version
from latamgpt.store import Workspace
from tests.smoke.conftest import Clone, FinishedRun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RUN = ("python", "-m", "dagster_project.run")
ROOM_BYTES = 200_000  # enough to begin, not enough to note what a stage did


@pytest.fixture
def clone(tiny_run: FinishedRun, tmp_path: Path) -> Clone:
    return tiny_run.copy(tmp_path / "clone")


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")


def state(clone: Clone) -> tuple[str, str]:
    """All published data, and what DVC knows of it."""
    return source_version(clone.root / "data"), clone.read("dvc.lock")


def refused(clone: Clone, *command: str) -> tuple[int, str]:
    """The exit code of a command that cannot do what it should, and what it said; it must have left everything as it was."""
    before = state(clone)
    run = clone.call(*command, check=False)
    assert state(clone) == before
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    return run.returncode, run.stderr


@pytest.mark.parametrize("command", [RUN, ("latamgpt", "stage", "corpus")], ids=["run", "stage"])
def test_a_misspelt_key_stops_the_run_by_name(clone: Clone, command: tuple[str, ...]) -> None:
    edit(clone.root / "params.yaml", "  min_similarity:", "  min_similarty:")
    code, said = refused(clone, *command)
    assert code == 2
    assert "corpus.min_similarty: there is no such key" in said
    assert "Nothing was run. Mend the file and run the command again." in said


def test_a_missing_delivery_folder_is_named_and_the_last_good_output_stands(clone: Clone) -> None:
    shutil.rmtree(clone.root / "samples" / "library-kingston")
    code, said = refused(clone, *RUN)
    assert code == 1
    assert "documents@library-kingston reads samples/library-kingston, and nothing is there" in said
    assert "git checkout -- samples/library-kingston" in said
    clone.call("git", "checkout", "--", "samples/library-kingston")
    assert "nothing changed" in clone.call(*RUN).stderr


def test_a_file_with_another_checksum_sets_its_delivery_aside_with_the_way_on(clone: Clone) -> None:
    with (clone.root / "samples/archivo-litoral/relatos-litoral/cuadernos/como-leer-el-rio.md").open("a") as text:
        text.write("a line that the partner never sent\n")
    assert "fixity_changed" in clone.call("latamgpt", "stage", "documents", "archivo-litoral").stderr
    rows = pq.read_table(Workspace(clone.root).place("documents", "archivo-litoral") / "exclusions.parquet").to_pylist()
    (detail,) = (row["detail"] for row in rows if row["delivery"] == "relatos-litoral")
    assert detail.startswith("cuadernos/como-leer-el-rio.md has another sha256 than the manifest says")
    assert detail.endswith("ask the partner to send the delivery again")


def test_a_damaged_output_is_never_read_and_comes_back_from_the_cache(clone: Clone) -> None:
    path = clone.root / "data" / "corpus" / "documents.parquet"
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    code, said = refused(clone, "latamgpt", "stage", "tokenizer")
    assert code == 66
    assert "data/corpus/documents.parquet: sha256 is" in said
    assert "Restore it with `dvc checkout`" in said
    clone.call(*RUN)
    assert path.read_bytes() == whole


def test_an_unreachable_bucket_is_named_and_the_release_stays_whole(clone: Clone) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    abroad = Clone(clone.root, {**clone.environment, **keys})
    code, said = refused(abroad, "latamgpt", "mirror", "s3://releases/latam")
    assert code == 2
    assert "s3://releases/latam: the object store did not take the release" in said
    assert "http://127.0.0.1:9" in said
    assert clone.call("latamgpt", "verify", "data/release").returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory, roomy at first."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("only root may mount a disk, and not in every container")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def leave_room(place: Path, num_bytes: int) -> None:
    size = f"remount,size={shutil.disk_usage(place).used + num_bytes}"
    subprocess.run(["mount", "-o", size, str(place)], check=True)


def test_a_full_disk_is_told_and_the_same_command_goes_on_once_there_is_room(tiny_run: FinishedRun, small_disk: Path) -> None:
    clone = tiny_run.copy(small_disk / "clone")
    edit(clone.root / "params.yaml", "version: 0.1.0", "version: 0.1.1")
    before = state(clone)
    leave_room(small_disk, ROOM_BYTES)
    run = clone.call(*RUN, check=False)
    assert run.returncode != 0
    assert f"the disk that holds {clone.root} is full (" in run.stderr
    assert "Free some space, then run the same command again" in run.stderr
    assert "Traceback" not in run.stderr
    assert state(clone) == before
    leave_room(small_disk, 1 << 30)
    clone.call(*RUN)
    assert "0.1.1" in clone.read("data/release/RELEASE.md")
    assert clone.call("dvc", "status", "--json").stdout.strip() == "{}"
