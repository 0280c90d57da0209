import json
import stat
import subprocess
from pathlib import Path

import pytest

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.params import Params
from latamgpt.release import release, release_candidate
from latamgpt.release.approval import approval_path, approve, read_approval
from latamgpt.release.corpus_root import CorpusRoot
from latamgpt.release.merkle import MerkleTree
from latamgpt.release.signature import KEY_VARIABLE, SAMPLE_KEY, is_signed, make_key, sign
from latamgpt.release.verify import verify_release
from latamgpt.store import Workspace, digest_of, write_manifest


@pytest.fixture
def candidate(inputs: Workspace, release_params: Params) -> Workspace:
    release_candidate.run(inputs, release_params)
    return inputs


def publish(workspace: Workspace, params: Params, *, sample: bool) -> Path:
    approve(workspace, "Ana", "reviewer", "looked", sample=sample)
    release.run(workspace, params)
    return workspace.place("release")


def openssl(folder: Path) -> tuple[int, str]:
    command = "openssl dgst -sha256 -verify corpus_root.pem -signature corpus_root.sig corpus_root.json"
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_candidate_carries_the_root_of_its_corpus(candidate: Workspace):
    root = CorpusRoot.read(candidate.place("release_candidate"))
    assert root.root == MerkleTree(["a0", "a1", "a2", "b0", "b1"]).root
    assert root.num_leaves == 5
    assert (root.corpus, root.checkpoint) == tuple(digest_of(candidate.place(name)) for name in ("corpus", "checkpoint"))


def test_sample_release_is_signed_with_a_key_of_this_machine_and_says_what_that_proves(
    candidate: Workspace, release_params: Params
):
    folder = publish(candidate, release_params, sample=True)
    assert stat.S_IMODE((candidate.root / SAMPLE_KEY).stat().st_mode) == 0o600
    assert openssl(folder) == (0, "Verified OK\n")
    assert "it proves nothing of who signed" in (folder / "VERIFY.md").read_text(encoding="utf-8")
    assert "Corpus root signed by the key in corpus_root.pem" in verify_release(folder)


def test_release_is_the_same_bytes_where_the_private_key_is_not(candidate: Workspace, release_params: Params):
    first = digest_of(publish(candidate, release_params, sample=True))
    (candidate.root / SAMPLE_KEY).unlink()
    release.run(candidate, release_params)
    assert digest_of(candidate.place("release")) == first


def test_approving_twice_signs_with_the_same_bytes(candidate: Workspace):
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    first = approval_path(candidate).read_bytes()
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    assert approval_path(candidate).read_bytes() == first


def test_a_person_signs_with_the_key_that_is_named_and_only_with_it(
    candidate: Workspace, release_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = publish(candidate, release_params, sample=False)
    assert "not signed" in (folder / "VERIFY.md").read_text(encoding="utf-8")
    assert "Corpus root not signed" in verify_release(folder)
    assert not (folder / "corpus_root.sig").exists()
    make_key(tmp_path / "key.pem")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    folder = publish(candidate, release_params, sample=False)
    assert openssl(folder) == (0, "Verified OK\n")
    assert "proves nothing" not in (folder / "VERIFY.md").read_text(encoding="utf-8")


def test_sample_approval_never_takes_the_institution_s_key(
    candidate: Workspace, release_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_key(tmp_path / "key.pem")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    folder = publish(candidate, release_params, sample=True)
    assert (candidate.root / SAMPLE_KEY).is_file()
    assert "proves nothing" in (folder / "VERIFY.md").read_text(encoding="utf-8")


def test_key_that_cannot_sign_is_refused_by_name(candidate: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "key.pem").write_text("no key")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    with pytest.raises(OperatorError, match=r"key\.pem gives no key to sign with"):
        approve(candidate, "Ana", "reviewer", "looked", sample=False)
    assert not approval_path(candidate).exists()


def test_signature_of_another_corpus_root_stops_the_release(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    other = sign(b"another root", make_key(candidate.root / "other.pem"))
    approval = read_approval(candidate).model_copy(update={"signature": other})
    approval_path(candidate).write_text(json.dumps(approval.model_dump()), encoding="utf-8")
    with pytest.raises(InputDamagedError, match=r"signature is not that of corpus_root\.json"):
        release.run(candidate, release_params)


def test_signature_exchanged_beside_the_approval_is_seen(candidate: Workspace, release_params: Params):
    folder = publish(candidate, release_params, sample=True)
    (folder / "corpus_root.sig").write_bytes(sign(b"x", make_key(candidate.root / "other.pem")).der)
    (folder / "manifest.json").unlink()
    write_manifest(folder, "release")
    with pytest.raises(InputDamagedError, match=r"signature is not that of corpus_root\.sig"):
        verify_release(folder)


@pytest.mark.parametrize("changes", [{"value": "AAAA"}, {"value": "?"}, {"public_key": "no key"}])
def test_a_signature_that_is_none_signs_nothing(candidate: Workspace, changes: dict[str, str]):
    good = sign(b"root", make_key(candidate.root / "key.pem"))
    assert is_signed(b"root", good)
    assert not is_signed(b"roof", good)
    assert not is_signed(b"root", good.model_copy(update=changes))
