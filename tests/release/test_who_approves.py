"""Who may approve a candidate, and that an approval leads to its release wherever it was given."""

import pytest

from dagster_project.definitions import newly_approved
from dagster_project.run import SAMPLE_REVIEWER, approve_sample
from latamgpt.params import Params
from latamgpt.release import release, release_candidate
from latamgpt.release.approval import approval_path, approve, read_approval
from latamgpt.store import Workspace, sha256_file
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


def test_samples_are_approved_as_samples_and_again_when_they_change(candidate: Workspace, release_params: Params):
    assert approve_sample(candidate, release_params)
    first = read_approval(candidate)
    assert (first.reviewer, first.sample) == (SAMPLE_REVIEWER, True)
    another_candidate(candidate, release_params)
    assert approve_sample(candidate, release_params)
    assert read_approval(candidate).candidate != first.candidate


def test_texts_of_a_real_partner_wait_for_a_person(candidate: Workspace, release_params: Params):
    partner = candidate.root / "partners" / f"{PARTNERS[0]}.yaml"
    partner.write_text(partner.read_text().replace("sample: true", "sample: false"))
    assert not approve_sample(candidate, release_params)
    assert not approval_path(candidate).exists()


def test_a_persons_approval_is_never_written_over(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    assert approve_sample(candidate, release_params)
    another_candidate(candidate, release_params)
    assert not approve_sample(candidate, release_params)
    assert read_approval(candidate).reviewer == "Ana"


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
