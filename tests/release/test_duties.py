"""Duties travel with the weights: of what was trained on, and of nothing else."""

import json

import pytest

from latamgpt.errors import InputDamagedError, NotPermittedError
from latamgpt.params import Params
from latamgpt.release.duties import Duties
from latamgpt.release.release_candidate import run
from latamgpt.store import Workspace
from tests.release.conftest import publish_checkpoint, write_partner

LABELS = {"labels": ["tk_attribution", "tk_culturally_sensitive"], "labels_by": "Comunidad Dos"}


def test_duties_are_those_of_the_agreements_trained_on(inputs: Workspace, release_params: Params) -> None:
    write_partner(inputs, "biblioteca-dos", "PY", **LABELS)
    run(inputs, release_params)
    duties = Duties.read(inputs.place("release_candidate"))
    assert [(used.agreement, used.num_tokens_trained) for used in duties.agreements] == [
        ("archivo-uno-2026", 90),
        ("biblioteca-dos-2026", 30),
    ]
    assert [(duty.kind.value, duty.cause) for duty in duties.agreements[1].duties] == [
        ("attribution", "agreement"),
        ("attribution", "tk_attribution"),
        ("keep_notice", "CC-BY-4.0"),
        ("label_notice", "tk_culturally_sensitive"),
    ]


def test_agreement_that_was_only_held_out_lays_no_duty_on_the_weights(inputs: Workspace, release_params: Params) -> None:
    publish_checkpoint(inputs, ("a0", "a1"))
    run(inputs, release_params)
    folder = inputs.place("release_candidate")
    assert [used.partner for used in Duties.read(folder).agreements] == ["archivo-uno"]
    card = (folder / "DATA_CARD.md").read_text(encoding="utf-8")
    assert "none was trained on: biblioteca-dos-2026." in card
    assert "Texts of biblioteca-dos" not in card


def test_data_card_says_the_same_as_the_file_for_programs(inputs: Workspace, release_params: Params) -> None:
    write_partner(inputs, "biblioteca-dos", "PY", **LABELS)
    run(inputs, release_params)
    folder = inputs.place("release_candidate")
    card = (folder / "DATA_CARD.md").read_text(encoding="utf-8")
    statements = [duty.statement for used in Duties.read(folder).agreements for duty in used.duties]
    assert len(statements) == 6
    assert all(statement in card for statement in statements)


def test_policies_hold_the_same_agreements_under_one_context(inputs: Workspace, release_params: Params) -> None:
    run(inputs, release_params)
    found = json.loads((inputs.place("release_candidate") / "policies.jsonld").read_bytes())
    assert found["@context"] == "http://www.w3.org/ns/odrl.jsonld"
    assert [policy["uid"] for policy in found["@graph"]] == [
        "urn:latamgpt:agreement:archivo-uno:archivo-uno-2026",
        "urn:latamgpt:agreement:biblioteca-dos:biblioteca-dos-2026",
    ]


def test_texts_lent_for_no_commerce_stop_weights_that_may_be_sold(inputs: Workspace, release_params: Params) -> None:
    write_partner(inputs, "archivo-uno", "PE", labels=["tk_non_commercial"], labels_by="Comunidad Uno")
    with pytest.raises(NotPermittedError, match=r"under Apache-2\.0, .*archivo-uno-2026 of archivo-uno \(tk_non_commercial\)"):
        run(inputs, release_params)
    assert not inputs.place("release_candidate").exists()
    closed = release_params.release_candidate.model_copy(update={"licence": "CC-BY-NC-4.0"})
    run(inputs, release_params.model_copy(update={"release_candidate": closed}))
    duties = Duties.read(inputs.place("release_candidate")).agreements[0].duties
    assert [duty.cause for duty in duties if duty.kind == "non_commercial"] == ["tk_non_commercial"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stages": ["intake", "corpus", "training", "evaluation"]}, "not at release"),
        ({"consent": None}, "does not say on whose consent"),
        ({"labels": ["tk_secret_sacred"], "labels_by": "Comunidad"}, "TK Secret Sacred"),
    ],
)
def test_agreement_that_does_not_let_weights_go_stops_the_candidate(
    inputs: Workspace, release_params: Params, changes: dict[str, object], said: str
) -> None:
    write_partner(inputs, "archivo-uno", "PE", **changes)
    with pytest.raises(NotPermittedError, match=said):
        run(inputs, release_params)


def test_release_without_its_duties_is_damaged(inputs: Workspace) -> None:
    with pytest.raises(InputDamagedError, match="whose texts these weights were trained on"):
        Duties.read(inputs.place("base_model"))
