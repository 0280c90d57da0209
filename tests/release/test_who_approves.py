"""Who may approve a candidate, and that an approval leads to its release wherever it was given."""

import pytest
from pydantic import ValidationError

from dagster_project.definitions import newly_approved
from dagster_project.run import SAMPLE_REVIEWER, approve_sample
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.params import Params
from latamgpt.release import release, release_candidate
from latamgpt.release.approval import Approval, approval_path, read_approval, write_approval
from latamgpt.release.approving import approve
from latamgpt.store import Workspace, digest_of, sha256_file
from latamgpt.tracking.model_registry import set_alias
from latamgpt.tracking.server import connect
from tests.release.conftest import PARTNERS, publish_checkpoint


@pytest.fixture
def candidate(inputs: Workspace, release_params: Params) -> Workspace:
    release_candidate.run(inputs, release_params)
    return inputs


def another_candidate(workspace: Workspace, params: Params) -> None:
    publish_checkpoint(workspace, ("a0",))
    release_candidate.run(workspace, params)


def make_real(workspace: Workspace) -> None:
    partner = workspace.root / "partners" / f"{PARTNERS[0]}.yaml"
    partner.write_text(partner.read_text().replace("sample: true", "sample: false"))


def test_samples_are_approved_as_samples_and_again_when_they_change(candidate: Workspace, release_params: Params):
    assert approve_sample(candidate, release_params)
    first = read_approval(candidate)
    assert (first.reviewer, first.sample) == (SAMPLE_REVIEWER, True)
    another_candidate(candidate, release_params)
    assert approve_sample(candidate, release_params)
    assert read_approval(candidate).candidate != first.candidate


def test_texts_of_a_real_partner_wait_for_a_person(candidate: Workspace, release_params: Params):
    make_real(candidate)
    assert not approve_sample(candidate, release_params)
    assert not approval_path(candidate).exists()


def test_a_persons_approval_is_never_written_over(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    assert approve_sample(candidate, release_params)
    another_candidate(candidate, release_params)
    assert not approve_sample(candidate, release_params)
    assert read_approval(candidate).reviewer == "Ana"


@pytest.mark.parametrize("gone_by", ["another candidate", "the same"])
def test_sample_option_never_takes_a_persons_place(candidate: Workspace, release_params: Params, gone_by: str):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    if gone_by == "another candidate":
        another_candidate(candidate, release_params)
    before = approval_path(candidate).read_bytes()
    with pytest.raises(OperatorError, match=r"no sample approval can be given: Ana approved .*without --sample"):
        approve(candidate, "Nobody", "sample reviewer", "nobody looked", sample=True)
    assert approval_path(candidate).read_bytes() == before


def test_sample_option_never_takes_the_place_of_a_person_who_set_the_alias(candidate: Workspace, release_params: Params):
    name = release_params.release_candidate.name
    connect(candidate).set_model_version_tag(name, "1", "reviewer", "Beatriz")
    set_alias(candidate, name, "approved", "1")
    with pytest.raises(OperatorError, match="Beatriz approved"):
        approve(candidate, "Nobody", "sample reviewer", "nobody looked", sample=True)
    assert read_approval(candidate).reviewer == "Beatriz"


def test_sample_option_is_refused_for_a_real_partners_texts(candidate: Workspace):
    make_real(candidate)
    with pytest.raises(OperatorError, match="archivo-uno is no sample, and what real partners gave is released only by a person"):
        approve(candidate, "Nobody", "sample reviewer", "nobody looked", sample=True)
    assert not approval_path(candidate).exists()


def test_alias_that_says_sample_approves_no_real_partners_texts(candidate: Workspace, release_params: Params):
    make_real(candidate)
    name = release_params.release_candidate.name
    connect(candidate).set_model_version_tag(name, "1", "sample", "true")
    set_alias(candidate, name, "approved", "1")
    assert newly_approved(candidate) is None
    assert not approval_path(candidate).exists()


def test_sample_approval_written_by_hand_releases_no_real_partners_texts(candidate: Workspace, release_params: Params):
    make_real(candidate)
    release_candidate.run(candidate, release_params)
    digest = digest_of(candidate.place("release_candidate"))
    write_approval(candidate, Approval(candidate=digest, reviewer="N", role="none", statement="none", sample=True))
    with pytest.raises(NotPermittedError, match="the approval is a sample, at which nobody looked: archivo-uno is no sample"):
        release.run(candidate, release_params)


@pytest.mark.parametrize("value", ["Ana\n\n## Approved by the ministry", "An\u202ea", "Ana\x1b[2J", "\t"])
def test_reviewers_words_stay_on_their_line(candidate: Workspace, value: str):
    digest = digest_of(candidate.place("release_candidate"))
    with pytest.raises(ValidationError, match="words on one line"):
        Approval(candidate=digest, reviewer=value, role="reviewer", statement="looked", sample=False)
    approve(candidate, f"Ana {value}", "reviewer", "looked", sample=False)
    assert (
        read_approval(candidate).reviewer
        == f"Ana {' '.join(value.replace(chr(0x202E), ' ').replace(chr(27), ' ').split())}".strip()
    )


@pytest.mark.parametrize("text", ["candidate: [", "candidate: x\nsignature: {value: y}", "- a list", ""])
def test_approval_that_does_not_read_is_explained(candidate: Workspace, release_params: Params, text: str):
    approval_path(candidate).parent.mkdir()
    approval_path(candidate).write_text(text, encoding="utf-8")
    with pytest.raises(OperatorError, match=r"(?s)approval\.yaml.*nothing is released\. Take it away"):
        release.run(candidate, release_params)


def test_an_approval_by_command_waits_for_its_release_until_it_is_there(candidate: Workspace, release_params: Params):
    assert newly_approved(candidate) is None
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    waiting = sha256_file(approval_path(candidate))
    assert newly_approved(candidate) == waiting
    assert newly_approved(candidate) == waiting  # a look that was cut short loses nothing
    release.run(candidate, release_params)
    assert newly_approved(candidate) is None


def test_an_approval_of_an_older_candidate_starts_nothing(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    another_candidate(candidate, release_params)
    assert newly_approved(candidate) is None


def test_a_persons_alias_takes_the_place_of_a_sample_approval(candidate: Workspace, release_params: Params):
    approve_sample(candidate, release_params)
    release.run(candidate, release_params)
    assert newly_approved(candidate) is None
    client, name = connect(candidate), release_params.release_candidate.name
    set_alias(candidate, name, "approved", "1")
    for tag, value in (("sample", "false"), ("reviewer", "Beatriz")):
        client.set_model_version_tag(name, "1", tag, value)
    assert newly_approved(candidate) == sha256_file(approval_path(candidate))
    approval = read_approval(candidate)
    assert (approval.reviewer, approval.sample) == ("Beatriz", False)


def test_a_person_who_gives_no_name_is_not_given_the_sample_reviewers(candidate: Workspace, release_params: Params):
    approve_sample(candidate, release_params)
    release.run(candidate, release_params)
    client, name = connect(candidate), release_params.release_candidate.name
    client.set_model_version_tag(name, "1", "sample", "false")
    assert newly_approved(candidate)
    approval = read_approval(candidate)
    assert (approval.reviewer, approval.sample) == ("a reviewer in MLflow who gave no name", False)
    assert approval.statement == "set the alias 'approved' on version 1 in MLflow"


def test_an_alias_that_was_set_again_on_a_version_tagged_as_a_sample_changes_nothing(
    candidate: Workspace, release_params: Params
):
    approve_sample(candidate, release_params)
    release.run(candidate, release_params)
    set_alias(candidate, release_params.release_candidate.name, "approved", "1")
    assert newly_approved(candidate) is None
    assert read_approval(candidate).reviewer == SAMPLE_REVIEWER


def test_an_alias_set_in_mlflow_while_no_sensor_looked_counts_at_the_next_run(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    another_candidate(candidate, release_params)
    assert not approve_sample(candidate, release_params)
    set_alias(candidate, release_params.release_candidate.name, "approved", "2")
    assert approve_sample(candidate, release_params)
    assert read_approval(candidate).reviewer == "a reviewer in MLflow who gave no name"
