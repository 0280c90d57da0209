import json
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from latamgpt.cli import main
from latamgpt.errors import InputDamagedError, NotPermittedError, OperatorError
from latamgpt.params import Params
from latamgpt.release import release, release_candidate
from latamgpt.release.approval import read_approval
from latamgpt.release.approving import approval_from_alias, approve
from latamgpt.release.verify import verify_release
from latamgpt.store import Workspace, digest_of, list_files, write_json, write_manifest
from latamgpt.tracking.model_registry import set_alias, version_by_alias
from latamgpt.tracking.server import connect
from tests.release.conftest import publish_checkpoint, write_partner


@pytest.fixture
def candidate(inputs: Workspace, release_params: Params) -> Workspace:
    release_candidate.run(inputs, release_params)
    return inputs


@pytest.fixture
def released(candidate: Workspace, release_params: Params) -> Workspace:
    approve(candidate, "Ana Prueba", "sample reviewer", "looked at nothing, for a test", sample=True)
    release.run(candidate, release_params)
    return candidate


def name_of(params: Params) -> str:
    return params.release_candidate.name


def test_approval_names_the_candidate_and_moves_the_alias(candidate: Workspace, release_params: Params):
    said = approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    digest = digest_of(candidate.place("release_candidate"))
    assert digest[:12] in said
    assert read_approval(candidate).candidate == digest
    found = version_by_alias(candidate, name_of(release_params), "approved")
    assert found is not None
    assert (found.tags["candidate_sha256"], found.tags["reviewer"]) == (digest, "Ana")
    before = (candidate.root / "approvals" / "approval.yaml").read_bytes()
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    assert (candidate.root / "approvals" / "approval.yaml").read_bytes() == before


def test_approval_without_a_candidate_is_refused(workspace: Workspace):
    with pytest.raises(OperatorError, match="there is no release candidate to approve"):
        approve(workspace, "Ana", "reviewer", "fine", sample=False)


def test_approval_by_nobody_is_refused(candidate: Workspace):
    with pytest.raises(OperatorError, match="the reviewer is empty"):
        approve(candidate, " ", "reviewer", "fine", sample=False)


def test_alias_set_in_mlflow_becomes_an_approval_once(candidate: Workspace, release_params: Params):
    name = name_of(release_params)
    assert approval_from_alias(candidate, name) is False
    set_alias(candidate, name, "approved", "1")
    connect(candidate).set_model_version_tag(name, "1", "reviewer", "Beatriz")
    assert approval_from_alias(candidate, name) is True
    assert read_approval(candidate).reviewer == "Beatriz"
    assert approval_from_alias(candidate, name) is False


def test_alias_without_a_reviewers_name_says_so(candidate: Workspace, release_params: Params):
    set_alias(candidate, name_of(release_params), "approved", "1")
    assert approval_from_alias(candidate, name_of(release_params)) is True
    assert read_approval(candidate).reviewer == "a reviewer in MLflow who gave no name"
    assert read_approval(candidate).sample is False


def test_alias_on_an_older_candidate_approves_nothing(candidate: Workspace, release_params: Params):
    set_alias(candidate, name_of(release_params), "approved", "1")
    publish_checkpoint(candidate, ("a0",))
    release_candidate.run(candidate, release_params)
    assert approval_from_alias(candidate, name_of(release_params)) is False


def test_release_without_an_approval_is_refused(candidate: Workspace, release_params: Params):
    with pytest.raises(OperatorError, match="nobody has approved a candidate"):
        release.run(candidate, release_params)
    assert not candidate.place("release").exists()


def test_release_of_another_candidate_than_the_approved_is_refused(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    publish_checkpoint(candidate, ("a0",))
    release_candidate.run(candidate, release_params)
    with pytest.raises(OperatorError, match="What Ana looked at is not what would be released"):
        release.run(candidate, release_params)


def test_agreement_withdrawn_after_the_candidate_stops_the_release(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    write_partner(candidate, "biblioteca-dos", "PY", withdrawn_on="2026-01-10")
    with pytest.raises(NotPermittedError, match=r"changed after the candidate was made: partners/biblioteca-dos\.yaml\. "):
        release.run(candidate, release_params)
    assert not candidate.place("release").exists()


def test_partner_gone_from_the_registry_stops_the_release(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    (candidate.root / "partners" / "archivo-uno.yaml").unlink()
    with pytest.raises(NotPermittedError, match=r"partners/archivo-uno\.yaml"):
        release.run(candidate, release_params)


@pytest.mark.parametrize("changes", [{"licence": "CC0-1.0"}, {"version": "9.0.0"}])
def test_release_under_another_licence_or_version_than_was_reviewed_is_refused(
    candidate: Workspace, release_params: Params, changes: dict[str, str]
):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    described = release_params.release_candidate.model_copy(update=changes)
    with pytest.raises(OperatorError, match="name, version, licence and contact, is not the one that the reviewer saw"):
        release.run(candidate, release_params.model_copy(update={"release_candidate": described}))
    assert not candidate.place("release").exists()


def test_release_says_that_its_approval_is_a_sample(released: Workspace, release_params: Params):
    folder = released.read("release")
    assert "**This is a sample approval.**" in (folder / "RELEASE.md").read_text(encoding="utf-8")
    assert json.loads((folder / "APPROVAL.json").read_bytes())["sample"] is True
    found = version_by_alias(released, name_of(release_params), "released")
    assert found is not None
    assert found.tags["release_sha256"] == digest_of(folder)


def test_release_gives_the_same_bytes_twice(released: Workspace, release_params: Params):
    first = digest_of(released.place("release"))
    release.run(released, release_params)
    assert digest_of(released.place("release")) == first


def test_release_is_verified_far_from_its_workspace(released: Workspace, tmp_path_factory: pytest.TempPathFactory):
    away = tmp_path_factory.mktemp("away") / "release"
    shutil.copytree(released.place("release"), away)
    said = verify_release(away)
    assert said.startswith("verified: latam-gpt-sample 0.1.0, ")
    assert "Approved by Ana Prueba, sample reviewer (a sample approval)" in said
    assert digest_of(away) in said


def test_release_is_verified_by_sha256sum_too(released: Workspace):
    folder = released.place("release")
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert listed == set(list_files(folder)) - {"SHA256SUMS", "manifest.json"}


def test_flipped_bit_in_a_release_is_seen(released: Workspace):
    weights = released.place("release") / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(InputDamagedError, match="is NOT the release that was published"):
        verify_release(released.place("release"))


def test_weights_exchanged_with_a_manifest_made_to_fit_are_seen(released: Workspace):
    folder = released.place("release")
    (folder / "model.safetensors").write_bytes(b"other weights")
    (folder / "manifest.json").unlink()
    write_manifest(folder, "release")
    with pytest.raises(InputDamagedError, match=r"model\.safetensors is not the file that was approved"):
        verify_release(folder)


def test_approval_exchanged_for_one_of_another_candidate_is_seen_without_a_signature(
    candidate: Workspace, release_params: Params
):
    approve(candidate, "Ana", "reviewer", "read both cards", sample=False)
    release.run(candidate, release_params)
    folder = candidate.place("release")
    approval = json.loads((folder / "APPROVAL.json").read_bytes())
    write_json(folder / "APPROVAL.json", {**approval, "candidate": "0" * 64})
    (folder / "manifest.json").unlink()
    write_manifest(folder, "release")
    with pytest.raises(InputDamagedError, match="the approval is for candidate 000000000000"):
        verify_release(folder)


@pytest.mark.parametrize("name", ["chat_template.jinja", "pytorch_model.bin", "candidate/model-2.safetensors"])
def test_file_that_nobody_approved_is_seen_beside_those_that_were(released: Workspace, name: str):
    folder = released.place("release")
    (folder / name).write_text("a file that a model's loader reads")
    (folder / "manifest.json").unlink()
    write_manifest(folder, "release")
    with pytest.raises(InputDamagedError, match=f"1 files in it nobody approved, first {name}"):
        verify_release(folder)


def test_release_damaged_at_random_is_never_verified_and_always_explained(released: Workspace):
    folder, random, free = released.place("release"), Random(7), {"RELEASE.md", "VERIFY.md", "SHA256SUMS", "report.json"}
    kept = {name: (folder / name).read_bytes() for name in list_files(folder)}
    for number in range(200):
        name = random.choice(list(kept))
        at = random.randrange(len(kept[name]))
        odd = (
            b"",
            b"{}",
            b"[1]",
            kept[name][:at],
            kept[name][:at] + bytes([kept[name][at] ^ 1]) + kept[name][at + 1 :],
            b"[" * 9999,
        )
        (folder / name).write_bytes(random.choice([other for other in odd if other != kept[name]]))
        if fits := number % 2 and name != "manifest.json":
            (folder / "manifest.json").unlink()
            write_manifest(folder, "release")
        if fits and name in free:  # words around what was approved: the announced sha256 alone speaks for them
            assert verify_release(folder)
        else:
            with pytest.raises(InputDamagedError):
                verify_release(folder)
        for each, held in kept.items():
            (folder / each).write_bytes(held)


def test_verify_command_answers_in_words_and_exit_codes(released: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["verify", str(released.place("release"))]) == 0
    assert capsys.readouterr().out.startswith("verified: ")
    (tmp_path / "empty").mkdir()
    assert main(["verify", str(tmp_path / "empty")]) == 2
    assert "is no release" in capsys.readouterr().err
