"""A release on a real S3 server: whole, read back, never overwritten; refusals in plain words."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from latamgpt.errors import InputDamagedError, NotPermittedError, OperatorError
from latamgpt.governance.recipients import RECIPIENTS, Recipient, read_recipients
from latamgpt.params import read_params
from latamgpt.registry.rights import Place
from latamgpt.release import release, release_candidate
from latamgpt.release.approving import approve
from latamgpt.release.mirror import mirror, must_permit_export
from latamgpt.store import Workspace, digest_of, list_files, write_manifest
from tests.conftest import ROOT
from tests.release.conftest import PARTNERS, publish_inputs, write_partner
from tests.servers.s3 import s3_server

PARTNER, OTHER = PARTNERS
STORE = "s3://releases/latam-gpt"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, fresh_store: Path) -> Path:
    """A workspace with a release of two partners' texts."""
    workspace = publish_inputs(Workspace(tmp_path_factory.mktemp("made")), fresh_store)
    shutil.copy(ROOT / "params.yaml", workspace.root)
    params = read_params(ROOT, "tiny").model_copy(update={"partners": PARTNERS})
    release_candidate.run(workspace, params)
    approve(workspace, "Ana", "reviewer", "looked at nothing, for a test", sample=True)
    release.run(workspace, params)
    return workspace.root


@pytest.fixture
def released(workspace: Workspace, made: Path) -> Workspace:
    for name in ("data", "partners"):
        shutil.copytree(made / name, workspace.root / name)
    return workspace


@pytest.mark.slow
def test_a_release_arrives_whole_and_is_copied_once(
    released: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        server.make_bucket("releases")
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        digest = digest_of(released.place("release"))
        files = sum(path.is_file() for path in released.place("release").rglob("*")) - 1  # the manifest does not list itself
        said = mirror(released, f"{STORE}/", "CL")
        assert said.startswith(
            f"{STORE}/{digest} holds the release: {files} files, each read back and compared. The copy is on record"
        )
        assert "holds this release already" in mirror(released, STORE, "CL")
        address = server.environment["AWS_ENDPOINT_URL"].partition("//")[2]
        copy = Recipient(release=digest, name=f"bucket releases at {address} in CL", address=f"{STORE}/{digest}")
        assert read_recipients(released.root).recipients == (copy,)
        must_see_a_false_manifest(released, f"releases/latam-gpt/{digest}/manifest.json")
        with pytest.raises(OperatorError, match=r"s3://nowhere/x: the object store did not take.*bucket's name"):
            mirror(released, "s3://nowhere/x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        with pytest.raises(OperatorError, match=r"PermissionError|Forbidden|signature"):
            mirror(released, "s3://releases/other")


def must_see_a_false_manifest(released: Workspace, path: str) -> None:
    from s3fs import S3FileSystem

    S3FileSystem(skip_instance_cache=True).pipe_file(path, b"{}")
    with pytest.raises(InputDamagedError, match="What lies there is not this release"):
        mirror(released, STORE)


def test_a_copy_is_on_record_before_anyone_can_find_it_and_not_before_it_lies_there(
    released: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = FolderStore(tmp_path_factory.mktemp("store"), released.root)
    monkeypatch.setattr("latamgpt.release.mirror._open_store", lambda _: store)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://key:secret@store.example:9000/x")
    mirror(released, STORE)
    digest = digest_of(released.place("release"))
    [copy] = read_recipients(released.root).of(digest)
    assert (copy.name, copy.address) == ("bucket releases at store.example:9000", f"{STORE}/{digest}")
    assert store.on_record == {name: int(name == "manifest.json") for name in list_files(released.place("release"))}


def test_a_copy_that_cannot_be_put_on_record_is_not_made(
    released: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = FolderStore(tmp_path_factory.mktemp("store"), released.root)
    monkeypatch.setattr("latamgpt.release.mirror._open_store", lambda _: store)
    (released.root / RECIPIENTS).mkdir(parents=True)
    with pytest.raises(OperatorError, match=r"recipients\.yaml could not be written.*so none is made"):
        mirror(released, STORE)
    assert "manifest.json" not in store.on_record


def test_a_withdrawal_that_comes_while_files_are_copied_keeps_the_copy_from_view(
    released: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = FolderStore(tmp_path_factory.mktemp("store"), released.root)
    store.after_first = lambda: write_partner(released, PARTNER, "PE", withdrawn_on="2026-11-20")
    monkeypatch.setattr("latamgpt.release.mirror._open_store", lambda _: store)
    with pytest.raises(NotPermittedError, match="was withdrawn on 2026-11-20"):
        mirror(released, STORE)
    assert "model.safetensors" in store.on_record
    assert "manifest.json" not in store.on_record
    assert read_recipients(released.root).recipients == ()


class FolderStore:
    """As much of an object store as `mirror` asks for; knows how many copies were on record when each file came."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root, self.address = folder, root, "s3://releases/latam-gpt"
        self.on_record: dict[str, int] = {}
        self.after_first: Callable[[], None] = lambda: None

    def must_answer(self) -> None:
        return

    def full_key(self, key: str) -> str:
        return key

    def call(self, operation: str, **arguments: object) -> None:
        if operation == "head_object":
            raise FileNotFoundError
        assert operation == "put_object"
        self.put_bytes(str(arguments["Key"]), bytes(arguments["Body"]))

    def put_bytes(self, key: str, content: bytes) -> None:
        (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / key).write_bytes(content)
        known = read_recipients(self.root).recipients if (self.root / RECIPIENTS).is_file() else ()
        self.on_record[key] = len(known)
        if len(self.on_record) == 1:
            self.after_first()

    def read(self, key: str, start: int | None = None, end: int | None = None) -> bytes:
        return (self.folder / key).read_bytes()[start:end]


def test_a_release_that_nobody_approved_is_not_copied(released: Workspace) -> None:
    folder = released.place("release")
    (folder / "model.safetensors").write_bytes(b"other weights")
    (folder / "manifest.json").unlink()
    write_manifest(folder, "release")
    with pytest.raises(InputDamagedError, match=r"model\.safetensors is not the file that was approved"):
        mirror(released, STORE)


def test_an_unreachable_store_is_explained(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with pytest.raises(
        OperatorError, match=r"the object store did not take the release \(.*127\.0\.0\.1:9.*run the same command again"
    ):
        mirror(released, STORE)


@pytest.mark.parametrize(
    ("changes", "country", "said"),
    [
        ({"withdrawn_on": "2026-06-01"}, "", "was withdrawn on 2026-06-01"),
        ({"valid_until": "2026-02-01"}, "", "ended on 2026-02-01"),
        ({"purposes": ["train"]}, "", "not release"),
        ({"stages": ["intake", "corpus", "training", "evaluation", "release"]}, "", "not at export"),
        ({"weights_residency": ["PE"]}, "US", "lets weights trained on its texts lie in PE, not at US"),
        ({"weights_residency": ["PE"]}, "", "not at a place whose country is not known"),
        ({"id": "another"}, "", "has no agreement"),
    ],
)
def test_agreement_that_permits_no_further_copy_stops_the_export(
    released: Workspace, changes: dict[str, object], country: str, said: str
) -> None:
    write_partner(released, PARTNER, "PE", **changes)
    with pytest.raises(NotPermittedError, match=rf"mirror: 3 documents of archivo-uno: .*{said}.*nothing was copied"):
        mirror(released, STORE, country)


def test_store_in_the_country_that_the_agreement_names_is_asked(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    write_partner(released, PARTNER, "PE", weights_residency=["PE"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(OperatorError, match="the object store did not take the release"):
        mirror(released, STORE, "PE")


def test_release_that_does_not_say_whose_texts_it_holds_is_not_exported(released: Workspace) -> None:
    folder = released.place("release")
    (folder / "duties.json").unlink()
    with pytest.raises(InputDamagedError, match=r"duties\.json is missing"):
        must_permit_export(released.root, folder, Place(""), date(2026, 11, 21))
    with pytest.raises(InputDamagedError, match=r"is NOT the release that was published.*duties\.json"):
        mirror(released, STORE)


@pytest.mark.parametrize("address", ["s3://", "s3:///", "https://store.example/releases"])
def test_an_address_without_a_bucket_is_refused(released: Workspace, address: str) -> None:
    with pytest.raises(OperatorError, match=r"s3://BUCKET/PREFIX"):
        mirror(released, address)


def test_an_address_that_is_no_store_is_refused(released: Workspace, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"s3://BUCKET/PREFIX"):
        mirror(released, str(tmp_path))
