"""A withdrawal that comes after the candidate keeps its texts from the world, as the end of an agreement does."""

from datetime import date

import pytest

from dagster_project.dvc_graph import parse_graph
from latamgpt.cli import main
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.governance.contents import content_id
from latamgpt.governance.withdrawals import Tombstone, Withdrawals, withdrawals_path
from latamgpt.params import Params
from latamgpt.records import DOCUMENT_SCHEMA, Report
from latamgpt.release import release, release_candidate
from latamgpt.release.approval import approval_path
from latamgpt.release.approving import approve
from latamgpt.release.mirror import mirror
from latamgpt.release.versions import Lineage
from latamgpt.store import Workspace, rows_to_table, write_json, write_report
from latamgpt.table_format import write_table
from tests.conftest import ROOT
from tests.release.conftest import PARTNERS, document, publish_corpus

PARTNER, OTHER = PARTNERS
STORE = "s3://releases/latam-gpt"


@pytest.fixture
def candidate(inputs: Workspace, release_params: Params) -> Workspace:
    """A candidate that waits, with what intake published of both partners, each text another."""
    for partner, names in ((PARTNER, ("a0", "a1", "a2", "unused")), (OTHER, ("b0", "b1"))):
        publish_documents(inputs, partner, names)
    release_candidate.run(inputs, release_params)
    approve(inputs, "Ana", "reviewer", "read both cards", sample=False)
    return inputs


def publish_documents(workspace: Workspace, partner: str, names: tuple[str, ...]) -> None:
    rows = [{**document(name, partner, "es", "es-PE"), "text": text_of(name)} for name in names]
    rows = [{k: v for k, v in row.items() if k in DOCUMENT_SCHEMA.names} for row in rows]
    with workspace.publish("documents", partner) as folder:
        write_table(folder / "documents.parquet", rows_to_table(rows, DOCUMENT_SCHEMA))
        write_report(folder, Report(stage="documents", key=partner, summary="made for a test"))


def text_of(name: str) -> str:
    return f"the text of {name}"


def tombstone(delivery: str = "d", name: str = "", contents: tuple[str, ...] = ()) -> Tombstone:
    known = tuple(content_id(text_of(one)) for one in contents)
    return Tombstone(withdrawn_on=date(2026, 11, 20), reason="they asked", delivery=delivery, document=name, contents=known)


def withdraw(workspace: Workspace, partner: str, *tombstones: Tombstone) -> None:
    path = workspace.root / withdrawals_path(partner)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, Withdrawals(withdrawals=tombstones))


def test_withdrawn_delivery_stops_the_release_and_says_whose_and_what_to_do(candidate: Workspace, release_params: Params):
    withdraw(candidate, OTHER, tombstone())
    said = (
        r"biblioteca-dos withdrew the delivery d on 2026-11-20 \(they asked; governance/withdrawals/biblioteca-dos\.yaml\); 2 doc"
    )
    with pytest.raises(NotPermittedError, match=said + r".*Nothing was released\. Run `make run`"):
        release.run(candidate, release_params)
    assert not candidate.place("release").exists()


APPROVE = ["approve", "--reviewer", "Ana", "--role", "reviewer", "--statement", "read both cards"]


def test_a_candidate_that_a_withdrawal_touches_is_approved_only_by_who_says_that_this_is_known(
    candidate: Workspace, release_params: Params, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(candidate.root)
    approval_path(candidate).unlink()
    withdraw(candidate, OTHER, tombstone())
    assert main(APPROVE) == NotPermittedError.exit_code
    said = capsys.readouterr().err
    assert "biblioteca-dos withdrew the delivery d on 2026-11-20 (they asked; " in said
    assert "2 documents of it, or copies, are in the corpus. The release stage would refuse" in said
    assert not approval_path(candidate).exists()
    assert main([*APPROVE, "--despite-partners"]) == 0
    assert "It is not released as long as this stands: biblioteca-dos withdrew the delivery d" in capsys.readouterr().out
    with pytest.raises(NotPermittedError, match="biblioteca-dos withdrew the delivery d"):
        release.run(candidate, release_params)


def test_a_candidate_whose_partner_withdrew_an_agreement_since_is_not_approved(candidate: Workspace):
    with (candidate.root / "partners" / f"{OTHER}.yaml").open("a", encoding="utf-8") as registry:
        registry.write("# changed\n")
    with pytest.raises(NotPermittedError, match=r"the registry changed .* partners/biblioteca-dos\.yaml\. .* not approved"):
        approve(candidate, "Ana", "reviewer", "read both cards", sample=False)


def test_a_withdrawal_of_what_the_candidate_does_not_hold_keeps_nobody_from_approving(candidate: Workspace):
    withdraw(candidate, PARTNER, tombstone(delivery="another", contents=("unused",)))
    assert "is approved by Ana" in approve(candidate, "Ana", "reviewer", "read both cards", sample=False)


def test_withdrawn_document_stops_the_release(candidate: Workspace, release_params: Params):
    withdraw(candidate, PARTNER, tombstone(name="a1", contents=("a1",)))
    with pytest.raises(NotPermittedError, match="archivo-uno withdrew the document a1 .*; 1 documents of it, or copies"):
        release.run(candidate, release_params)


def test_text_that_was_withdrawn_under_another_delivery_stops_the_release(candidate: Workspace, release_params: Params):
    withdraw(candidate, PARTNER, tombstone(delivery="set aside whole", contents=("a2", "unused")))
    with pytest.raises(NotPermittedError, match="withdrew the delivery set aside whole .*; 1 documents of it, or copies"):
        release.run(candidate, release_params)


def test_withdrawal_of_what_the_candidate_does_not_hold_stops_nothing(candidate: Workspace, release_params: Params):
    withdraw(
        candidate, PARTNER, tombstone(delivery="another", contents=("unused",)), tombstone(name="unused", contents=("unused",))
    )
    assert release.run(candidate, release_params).stage == "release"


def test_withdrawal_of_another_partners_copy_stops_nothing(candidate: Workspace, release_params: Params):
    withdraw(candidate, OTHER, tombstone(delivery="another", contents=("a0",)))
    assert release.run(candidate, release_params).stage == "release"


@pytest.mark.parametrize("gone", ["corpus", "documents"])
def test_where_it_cannot_be_shown_that_a_withdrawal_is_of_other_texts_it_stops_the_release(
    candidate: Workspace, release_params: Params, gone: str
):
    withdraw(candidate, PARTNER, tombstone(delivery="another", contents=("unused",)))
    if gone == "corpus":
        with candidate.publish("corpus") as folder:
            write_report(folder, Report(stage="corpus", summary="the next one"))
    else:
        publish_documents(candidate, PARTNER, ("a0",))
    said = "is not here to show" if gone == "corpus" else "no longer holds 2 of the partner's texts"
    with pytest.raises(NotPermittedError, match=rf"archivo-uno withdrew the delivery another .*{said}"):
        release.run(candidate, release_params)


def test_list_of_withdrawals_that_does_not_read_stops_the_release(candidate: Workspace, release_params: Params):
    withdraw(candidate, PARTNER, tombstone())
    (candidate.root / withdrawals_path(PARTNER)).write_text("withdrawals: [", encoding="utf-8")
    with pytest.raises(OperatorError, match=r"archivo-uno\.yaml is not valid YAML"):
        release.run(candidate, release_params)


def test_corpus_older_than_a_withdrawal_makes_no_candidate(candidate: Workspace, release_params: Params):
    withdraw(candidate, OTHER, tombstone(name="b1", contents=("b1",)))
    with pytest.raises(NotPermittedError, match=r"withdrew the document b1 .*The corpus is older than the withdrawal"):
        release_candidate.run(candidate, release_params)


def test_withdrawal_that_the_corpus_heeds_is_named_in_the_lineage_and_stops_nothing(candidate: Workspace, release_params: Params):
    withdraw(candidate, OTHER, tombstone(delivery="gone", contents=("b9",)))
    publish_corpus(candidate)
    release_candidate.run(candidate, release_params)
    lineage = Lineage.read(candidate.place("release_candidate"))
    assert {partner: len(known) for partner, known in lineage.withdrawals.items()} == {PARTNER: 0, OTHER: 1}
    assert "gone" not in str(lineage.withdrawals)
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    with candidate.publish("corpus") as folder:
        write_report(folder, Report(stage="corpus", summary="the next one"))
    assert release.run(candidate, release_params).stage == "release"


def test_withdrawal_after_the_release_stops_further_copies(
    candidate: Workspace, release_params: Params, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    release.run(candidate, release_params)
    withdraw(candidate, PARTNER, tombstone())
    monkeypatch.chdir(candidate.root)
    assert main(["mirror", STORE]) == NotPermittedError.exit_code
    said = capsys.readouterr().err
    assert "archivo-uno withdrew the delivery d on 2026-11-20" in said
    assert "nothing was copied. Run `make run`" in said
    withdraw(candidate, PARTNER, tombstone(delivery="another", contents=("unused",)))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(OperatorError, match="the object store did not take the release"):
        mirror(candidate, STORE)


def test_a_withdrawal_makes_the_candidate_and_the_release_stale_by_themselves():
    graph = parse_graph(ROOT)
    for stage in ("release_candidate", "release"):
        assert withdrawals_path("museo-altiplano") in graph.find(stage).deps
