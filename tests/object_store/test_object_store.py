"""Folders on a real S3 server, by a way that fails: whole or not at all, gone on with, cleaned, refused in plain words."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.launch.site import Site
from latamgpt.launch.site_check import Finding, check_site
from latamgpt.object_store import upload
from latamgpt.object_store.door import ObjectStore, StoreError
from latamgpt.object_store.folders import (
    FETCHED_PREFIX,
    clean_leftovers,
    fetch_folder,
    put_folder,
    remove_all,
    remove_folder,
    whole_folders,
)
from latamgpt.object_store.upload import NUM_AT_ONCE, put_file, unfinished
from latamgpt.params import Params
from latamgpt.store import Workspace, list_files, verify
from tests.conftest import ROOT
from tests.object_store.conftest import BUCKET, content, entry_of
from tests.servers.faulty import KINDS, FaultyWay, faulty_way
from tests.servers.s3 import S3Server

slow = pytest.mark.slow
pytestmark = pytest.mark.filterwarnings(  # s3fs leaves the connections of a store that is dropped to the garbage collector
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)
MakeFolder = Callable[..., Path]
NUM_KILLS, NUM_PARTS = 2, 4


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in list_files(folder)}


@slow
def test_folder_comes_back_as_it_was_and_is_not_sent_twice(
    store: ObjectStore, make_folder: MakeFolder, part: int, tmp_path: Path
) -> None:
    made = make_folder("one", 0, 10, part, 2 * part + 1)
    put_folder(store, made, "one")
    assert whole_folders(store) == ["one"]
    assert unfinished(store) == []
    assert put_file(store, made / "part-3.bin", "one/part-3.bin", entry_of(made / "part-3.bin")) == 0
    fetch_folder(store, "one", tmp_path / "back")
    assert bytes_of(tmp_path / "back") == bytes_of(made)
    verify(tmp_path / "back")


@slow
def test_other_content_of_the_name_replaces_the_folder_and_an_upload_begun_for_it(
    store: ObjectStore, make_folder: MakeFolder, part: int, tmp_path: Path
) -> None:
    put_folder(store, make_folder("one", 10, 2 * part), "one")
    begun = store.call("create_multipart_upload", Key=store.full_key("one/part-1.bin"), Metadata={"sha256": "another"})
    body = content(part, "other1")
    store.call("upload_part", Key=store.full_key("one/part-1.bin"), UploadId=begun["UploadId"], PartNumber=1, Body=body)
    other = make_folder("two", 10, 2 * part, seed="other")
    put_folder(store, other, "one")
    assert unfinished(store) == []
    fetch_folder(store, "one", tmp_path / "back")
    assert bytes_of(tmp_path / "back") == bytes_of(other)


@slow
def test_file_that_was_damaged_on_disk_is_not_sent(store: ObjectStore, make_folder: MakeFolder, part: int) -> None:
    made = make_folder("one", 2 * part)
    path = made / "part-0.bin"
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(InputDamagedError, match=r"part-0.bin: sha256 is .*is not sent"):
        put_folder(store, made, "one")
    assert whole_folders(store) == []
    assert store.objects() == []
    assert unfinished(store) == []


@slow
def test_damage_on_the_store_is_seen_and_nothing_appears(
    store: ObjectStore, make_folder: MakeFolder, part: int, tmp_path: Path
) -> None:
    made = make_folder("one", 10, 2 * part)
    put_folder(store, made, "one")
    store.put_bytes("one/part-1.bin", content(2 * part, "damage"))
    with pytest.raises(InputDamagedError, match=r"one/part-1.bin: sha256 of what came is"):
        fetch_folder(store, "one", tmp_path / "back")
    store.remove("one/part-1.bin")
    with pytest.raises(InputDamagedError, match=r"one/part-1.bin is not there"):
        fetch_folder(store, "one", tmp_path / "back")
    assert not (tmp_path / "back").exists()
    outside = (made / "manifest.json").read_text().replace("part-0.bin", "../part-0.bin")
    store.put_bytes("one/manifest.json", outside.encode())
    with pytest.raises(InputDamagedError, match="lies outside of its folder"):
        fetch_folder(store, "one", tmp_path / "back")
    remove_folder(store, "one")
    with pytest.raises(InputDamagedError, match="has no manifest"):
        fetch_folder(store, "one", tmp_path / "back")


@slow
def test_fetching_goes_on_where_it_was_killed_even_from_a_damaged_beginning(
    store: ObjectStore, make_folder: MakeFolder, part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_folder("one", 3 * part)
    put_folder(store, made, "one")
    draft = tmp_path / f"{FETCHED_PREFIX}back" / "part-0.bin"
    draft.parent.mkdir()
    draft.write_bytes((made / "part-0.bin").read_bytes()[: 2 * part])
    asked: list[int | None] = []
    read = ObjectStore.read

    def noted(self: ObjectStore, key: str, start: int | None = None, end: int | None = None) -> bytes:
        asked.append(start)
        return read(self, key, start, end)

    monkeypatch.setattr(ObjectStore, "read", noted)
    fetch_folder(store, "one", tmp_path / "back")
    assert asked == [None, 2 * part]  # the manifest, and the third part
    shutil.rmtree(tmp_path / "back")
    draft.parent.mkdir()
    draft.write_bytes(b"not its beginning")
    fetch_folder(store, "one", tmp_path / "back")
    assert bytes_of(tmp_path / "back") == bytes_of(made)


@slow
def test_what_killed_uploads_left_is_cleaned_and_whole_folders_stay(
    store: ObjectStore, make_folder: MakeFolder, part: int
) -> None:
    put_folder(store, make_folder("whole", 10, 2 * part), "whole")
    for name in ("half", "under-way"):
        store.put_bytes(f"{name}/part-0.bin", b"x")
        store.call("create_multipart_upload", Key=store.full_key(f"{name}/part-1.bin"))
    assert clean_leftovers(store, keep="under-way") == 2
    assert [each.key for each in unfinished(store)] == ["under-way/part-1.bin"]
    assert {each.key.partition("/")[0] for each in store.objects()} == {"under-way", "whole"}
    assert whole_folders(store) == ["whole"]
    remove_all(store)
    assert (store.objects(), unfinished(store)) == ([], [])


def put_by_another_process(store: ObjectStore, folder: Path, way: FaultyWay) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.object_store.putter", store.address, str(folder), folder.name]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{way.port}"})


@slow
def test_killed_uploads_show_nothing_and_go_on(
    server: S3Server, store: ObjectStore, make_folder: MakeFolder, part: int, tmp_path: Path
) -> None:
    made = make_folder("state", *[NUM_PARTS * part] * 2)
    dice, num_kills = random.Random(5), 0
    with faulty_way(server.endpoint, 0) as way:
        while num_kills < NUM_KILLS:
            putter = put_by_another_process(store, made, way)
            way.hold(way.requests.total() + dice.randrange(2, 9))
            assert way.is_holding.wait(60)
            putter.send_signal(signal.SIGKILL)
            way.let_go()
            putter.wait()
            num_kills += 1
            assert whole_folders(store) == []
            with pytest.raises(InputDamagedError):
                fetch_folder(store, "state", tmp_path / "back")
        assert put_by_another_process(store, made, way).wait() == 0
        twice = sum(count - 1 for count in way.parts.values())
        assert len(way.parts) == 2 * NUM_PARTS
        assert twice <= NUM_KILLS * (NUM_AT_ONCE + 1), "more was sent twice than was under way"
    fetch_folder(store, "state", tmp_path / "back")
    assert bytes_of(tmp_path / "back") == bytes_of(made)
    assert unfinished(store) == []


@slow
def test_three_requests_of_ten_fail_and_all_arrives(
    server: S3Server,
    store: ObjectStore,
    make_folder: MakeFolder,
    part: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make_folder("state", 10, 10, *[3 * part] * 2)
    with faulty_way(server.endpoint, 0.3, seed=7) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{way.port}")
        store = ObjectStore(store.address)
        put_folder(store, made, "state")
        fetch_folder(store, "state", tmp_path / "back")
        assert whole_folders(store) == ["state"]
        assert unfinished(store) == []
        remove_folder(store, "state")
        assert (store.objects(), unfinished(store)) == ([], [])
    assert bytes_of(tmp_path / "back") == bytes_of(made)
    assert way.faults.total() > 0.2 * way.requests.total()
    assert sorted(way.faults) == sorted(KINDS)


@slow
def test_store_that_stays_broken_keeps_the_parts_for_the_next_attempt(
    server: S3Server, store: ObjectStore, make_folder: MakeFolder, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_folder("state", 8 * part)
    entry = entry_of(made / "part-0.bin")
    with faulty_way(server.endpoint, 0) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{way.port}")
        monkeypatch.setattr(FaultyWay, "draw", lambda self, _: "503" if self.parts.total() >= 3 else "")
        with pytest.raises(StoreError, match=r"did not do .* in 2 tries .*what is there already is not sent again"):
            put_file(ObjectStore(store.address, num_tries=2), made / "part-0.bin", "part-0.bin", entry)
        taken = len(way.parts)
    assert put_file(store, made / "part-0.bin", "part-0.bin", entry) == 8 - taken


def dvc(root: Path, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@slow
def test_stage_s_output_comes_to_another_checkout_by_dvc(
    server: S3Server, store: ObjectStore, make_folder: MakeFolder, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "data").mkdir(parents=True)
    make_folder("here/data/token_shards", 10, 100_000)
    dvc(here, "init", "--no-scm", "--quiet")
    dvc(here, "add", "--quiet", "data/token_shards")
    dvc(here, "remote", "add", "--default", "store", store.address)
    shutil.copytree(here, there, ignore=shutil.ignore_patterns("token_shards", "cache"))
    dvc(here, "push", "--quiet")
    dvc(there, "pull", "--quiet", "data/token_shards")
    verify(there / "data" / "token_shards")
    assert bytes_of(there / "data" / "token_shards") == bytes_of(here / "data" / "token_shards")


@slow
@pytest.mark.parametrize(
    ("address", "changes", "said"),
    [
        ("s3://nowhere/x", {}, r"s3://nowhere/x: there is no bucket 'nowhere'"),
        (f"s3://{BUCKET}/x", {"AWS_SECRET_ACCESS_KEY": "wrong"}, r"the object store refuses the keys at list_objects_v2"),
        (f"s3://{BUCKET}/x", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, r"did not do .* in 3 tries .*AWS_ENDPOINT_URL"),
    ],
)
def test_what_is_wrong_with_a_store_is_said_in_a_sentence(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, address: str, changes: dict[str, str], said: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=said):
        ObjectStore(address).must_answer()


@slow
def test_site_check_tries_the_place_for_states(server: S3Server, workspace: Workspace, params: Params) -> None:
    def found(address: str) -> Finding:
        return next(each for each in check_site(workspace, Site(states=address), params.base_model) if each.subject == "states")

    assert found(f"s3://{BUCKET}/states").line() == f"ok      states: s3://{BUCKET}/states can be written, listed and cleaned"
    assert found("s3://nowhere/states").line().startswith("missing states: s3://nowhere/states: there is no bucket 'nowhere'.")
    assert ObjectStore(f"s3://{BUCKET}/states").objects() == []


@pytest.mark.parametrize("address", ["s3://", "s3://bucket", "s3://bucket/", "/folder", "https://server/bucket"])
def test_address_that_is_no_place_is_refused(address: str) -> None:
    with pytest.raises(OperatorError, match=r"s3://BUCKET/PREFIX"):
        ObjectStore(address)


@pytest.mark.parametrize(("gib", "mib"), [(1, 16), (156, 16), (157, 17), (1024, 105)])
def test_parts_are_few_enough_for_s3(gib: int, mib: int) -> None:
    assert upload.part_bytes(gib << 30) == mib << 20
    assert (gib << 30) / upload.part_bytes(gib << 30) <= upload.MOST_PARTS
