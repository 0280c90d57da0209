import pytest
import yaml

from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.params import Params
from latamgpt.release.release_candidate import run
from latamgpt.release.versions import Lineage
from latamgpt.store import Workspace, digest_of, list_files
from latamgpt.tracking.model_registry import version_by_alias
from latamgpt.tracking.server import connect
from tests.release.conftest import publish_checkpoint, publish_gate, write_partner


def test_candidate_holds_model_cards_and_proofs_and_no_pickle(inputs: Workspace, release_params: Params):
    report = run(inputs, release_params)
    folder = inputs.read("release_candidate")
    assert list_files(folder) == [
        "DATA_CARD.md",
        "README.md",
        "base_model_licences/LICENSE",
        "config.json",
        "corpus_root.json",
        "duties.json",
        "lineage.json",
        "manifest.json",
        "model.safetensors",
        "policies.jsonld",
        "report.json",
        "scorecard.en.html",
        "scorecard.es.html",
        "scorecard.json",
        "scorecard.pt.html",
        "tokenizer.json",
    ]
    assert report.counts == {"tokens_trained": 120, "documents": 5, "partners": 2}


def test_model_card_says_licence_languages_base_scores_and_limits(inputs: Workspace, release_params: Params):
    run(inputs, release_params)
    card = (inputs.place("release_candidate") / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["license"] == "apache-2.0"
    assert front["language"] == ["es", "gug"]
    assert front["base_model"] == "tiny-llama"
    assert "| parameters | 10 |" in card
    assert "| bits_per_byte/es | 2.000 | 1.500 | -0.500 | -0.600 | -0.400 | 0.200 | gained | 12 |" in card
    assert "could be held out: Guarani (gug)." in card
    assert "- Better than the base: bits_per_byte/en-replay, bits_per_byte/es." in card
    assert "- Worse than the base: probability/culture." in card
    assert "- The test cannot tell: bits_per_byte/en, bits_per_byte/nah." in card
    assert "This is a sample." in card


def test_data_card_follows_tokens_to_partners_and_agreements(inputs: Workspace, release_params: Params):
    run(inputs, release_params)
    card = (inputs.place("release_candidate") / "DATA_CARD.md").read_text(encoding="utf-8")
    assert "| Institution archivo-uno | PE | yes | archivo-uno-2026 | CC-BY-4.0 | 3 | 300 | 90 |" in card
    assert "| Institution biblioteca-dos | PY | yes | biblioteca-dos-2026 | CC-BY-4.0 | 2 | 200 | 30 |" in card
    assert "| corpus | near_duplicate | 1 | 11 |" in card
    assert "Texts of biblioteca-dos, under CC BY 4.0" in card
    assert "| written for this test | CC-BY-4.0 | 5 | 500 | 120 |" in card
    assert "| Guarani (gug) | gug | 2 | 200 | 30 |" in card


def test_candidate_is_the_same_bytes_twice_and_one_version(inputs: Workspace, release_params: Params):
    run(inputs, release_params)
    first = digest_of(inputs.place("release_candidate"))
    run(inputs, release_params)
    assert digest_of(inputs.place("release_candidate")) == first
    name = release_params.release_candidate.name
    assert len(connect(inputs).search_model_versions(f"name = '{name}'")) == 1
    found = version_by_alias(inputs, name, "candidate")
    assert found is not None
    assert found.tags["candidate_sha256"] == first


def test_lineage_names_the_manifest_of_every_input(inputs: Workspace, release_params: Params):
    run(inputs, release_params)
    lineage = Lineage.read(inputs.place("release_candidate"))
    assert lineage.inputs["checkpoint"] == digest_of(inputs.place("checkpoint"))
    assert set(lineage.registry) == set(release_params.partners)


def test_agreement_that_does_not_permit_release_stops_the_candidate(inputs: Workspace, release_params: Params):
    write_partner(inputs, "biblioteca-dos", "PY", purposes=["train", "evaluate"])
    with pytest.raises(NotPermittedError, match=r"biblioteca-dos-2026 permits train, evaluate, not release \(30 tokens"):
        run(inputs, release_params)
    assert not inputs.place("release_candidate").exists()


def test_agreement_withdrawn_since_the_training_stops_the_candidate(inputs: Workspace, release_params: Params):
    write_partner(inputs, "archivo-uno", "PE", withdrawn_on="2026-06-01")
    with pytest.raises(NotPermittedError, match="archivo-uno-2026 was withdrawn on 2026-06-01"):
        run(inputs, release_params)


def test_agreement_of_texts_that_were_not_trained_on_does_not_stop_it(inputs: Workspace, release_params: Params):
    publish_checkpoint(inputs, ("a0", "a1"))
    write_partner(inputs, "biblioteca-dos", "PY", purposes=["train"])
    assert run(inputs, release_params).counts["tokens_trained"] == 60


def test_document_of_unknown_origin_stops_the_candidate(inputs: Workspace, release_params: Params):
    publish_checkpoint(inputs, ("a0", "stranger"))
    with pytest.raises(OperatorError, match="trained on 1 documents that the corpus does not hold, first stranger"):
        run(inputs, release_params)


def test_gate_that_failed_stops_the_candidate(inputs: Workspace, release_params: Params):
    publish_gate(inputs, "ability_gate", passed=False)
    with pytest.raises(OperatorError, match=r"ability_gate did not pass: expect_it \(0\.3\)"):
        run(inputs, release_params)


def test_card_with_an_open_field_stops_the_candidate(inputs: Workspace, release_params: Params):
    write_partner(inputs, "archivo-uno", "PE", attribution="TBD")
    with pytest.raises(OperatorError, match=r"DATA_CARD\.md, line \d+: a placeholder"):
        run(inputs, release_params)
    assert not inputs.place("release_candidate").exists()
