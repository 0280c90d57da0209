"""A release on a real S3 server: whole, read back, never overwritten; refusals in plain words."""

from datetime import date
from pathlib import Path

import pytest

from latamgpt.errors import InputDamagedError, NotPermittedError, OperatorError
from latamgpt.records import Report
from latamgpt.release.duties import Duties, UsedAgreement
from latamgpt.release.mirror import mirror
from latamgpt.release.versions import Lineage
from latamgpt.store import Workspace, digest_of, write_json, write_report
from tests.release.conftest import write_partner
from tests.servers.s3 import s3_server

PARTNER = "archivo-uno"


def duties() -> Duties:
    """Of one document of one agreement."""
    used = UsedAgreement(
        partner=PARTNER,
        institution="Archivo Uno",
        agreement=f"{PARTNER}-2026",
        title="Textos",
        licences=("CC-BY-4.0",),
        num_documents=1,
        num_tokens_trained=30,
        duties=(),
    )
    return Duties(release="latam-gpt", version="1", licence="Apache-2.0", as_of=date(2026, 11, 21), agreements=(used,))


def lineage() -> Lineage:
    """Of a candidate under whose corpus nothing was withdrawn."""
    made_from = {"inputs": {"corpus": "0" * 64}, "registry": {PARTNER: "0" * 64}, "withdrawals": {PARTNER: ()}, "params": {}}
    return Lineage.model_validate({"name": "latam-gpt", "version": "1", "base_model": "a model", **made_from})


@pytest.fixture
def released(workspace: Workspace) -> Workspace:
    write_partner(workspace, PARTNER, "PE")
    with workspace.publish("release") as folder:
        write_json(folder / "duties.json", duties())
        write_json(folder / "lineage.json", lineage())
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
            f"s3://releases/latam-gpt/{digest} holds the release: 5 files, each read back and compared."
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
    with pytest.raises(NotPermittedError, match=rf"mirror: 1 documents of archivo-uno: .*{said}.*nothing was copied"):
        mirror(released, "s3://releases/latam-gpt", country)


def test_store_in_the_country_that_the_agreement_names_is_asked(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    write_partner(released, PARTNER, "PE", weights_residency=["PE"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(OperatorError, match="the object store did not take the release"):
        mirror(released, "s3://releases/latam-gpt", "PE")


def test_release_that_does_not_say_whose_texts_it_holds_is_not_exported(workspace: Workspace) -> None:
    with workspace.publish("release") as folder:
        write_report(folder, Report(stage="release", summary="released"))
    with pytest.raises(InputDamagedError, match=r"duties\.json is missing"):
        mirror(workspace, "s3://releases/latam-gpt")


def test_an_address_that_is_no_store_is_refused(released: Workspace, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"s3://BUCKET/PREFIX"):
        mirror(released, str(tmp_path))
