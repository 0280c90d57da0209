"""A release on a real S3 server: whole, read back, never overwritten; refusals in plain words."""

from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.records import Report
from latamgpt.release.mirror import mirror
from latamgpt.store import Workspace, digest_of, write_report
from tests.servers.s3 import s3_server


@pytest.fixture
def released(workspace: Workspace) -> Workspace:
    with workspace.publish("release") as folder:
        (folder / "model.safetensors").write_bytes(bytes(range(256)) * 4096)
        (folder / "README.md").write_text("# A release\n", encoding="utf-8")
        write_report(folder, Report(stage="release", summary="released"))
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
        assert mirror(released, "s3://releases/latam-gpt/") == (
            f"s3://releases/latam-gpt/{digest} holds the release: 3 files, each read back and compared."
        )
        assert "holds this release already" in mirror(released, "s3://releases/latam-gpt")
        with pytest.raises(OperatorError, match=r"s3://nowhere/x: the object store did not take.*bucket's name"):
            mirror(released, "s3://nowhere/x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        with pytest.raises(OperatorError, match=r"PermissionError|Forbidden|signature"):
            mirror(released, "s3://releases/other")


def test_an_unreachable_store_is_explained(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with pytest.raises(
        OperatorError, match=r"the object store did not take the release \(.*127\.0\.0\.1:9.*run the same command again"
    ):
        mirror(released, "s3://releases/latam-gpt")


def test_an_address_that_is_no_store_is_refused(released: Workspace, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"s3://BUCKET/PREFIX"):
        mirror(released, str(tmp_path))
