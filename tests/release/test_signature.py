import stat
import subprocess
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.params import Params
from latamgpt.release import release, release_candidate
from latamgpt.release.approval import Approval, approval_path, read_approval, write_approval
from latamgpt.release.approving import approve
from latamgpt.release.corpus_root import CorpusRoot
from latamgpt.release.merkle import MerkleTree
from latamgpt.release.signature import KEY_VARIABLE, OPENSSL, SAMPLE_KEY, is_signed, make_key, public_pem, sign
from latamgpt.release.verify import verify_release
from latamgpt.store import Workspace, digest_of, write_manifest
from tests.release.conftest import publish_checkpoint


@pytest.fixture
def candidate(inputs: Workspace, release_params: Params) -> Workspace:
    release_candidate.run(inputs, release_params)
    return inputs


def publish(workspace: Workspace, params: Params, *, sample: bool) -> Path:
    approve(workspace, "Ana", "reviewer", "looked", sample=sample)
    release.run(workspace, params)
    return workspace.place("release")


def openssl(folder: Path) -> tuple[int, str]:
    runs = [subprocess.run(one.split(), cwd=folder, capture_output=True, text=True, check=False) for one in OPENSSL]
    return sum(done.returncode for done in runs), "".join(done.stdout for done in runs)


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
    assert openssl(folder) == (0, "Verified OK\n" * 2)
    assert "it proves nothing of who signed" in (folder / "VERIFY.md").read_text(encoding="utf-8")
    assert "Approval and corpus root are signed by the key in corpus_root.pem (sha256 " in verify_release(folder)


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
    assert "is signed: only the announced sha256" in (folder / "VERIFY.md").read_text(encoding="utf-8")
    assert "Neither approval nor corpus root is signed" in verify_release(folder)
    assert not (folder / "corpus_root.sig").exists()
    make_key(tmp_path / "key.pem")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    folder = publish(candidate, release_params, sample=False)
    assert openssl(folder) == (0, "Verified OK\n" * 2)
    assert "proves nothing" not in (folder / "VERIFY.md").read_text(encoding="utf-8")


def test_sample_approval_never_takes_the_institution_s_key(
    candidate: Workspace, release_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_key(tmp_path / "key.pem")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    folder = publish(candidate, release_params, sample=True)
    assert (candidate.root / SAMPLE_KEY).is_file()
    assert "proves nothing" in (folder / "VERIFY.md").read_text(encoding="utf-8")


def test_a_person_never_signs_with_the_samples_key(candidate: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    (tmp_path / "copy.pem").write_bytes((candidate.root / SAMPLE_KEY).read_bytes())
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "copy.pem"))
    with pytest.raises(
        OperatorError, match=r"names the key of var/keys/sample-signing-key\.pem, which signs what nobody looked at"
    ):
        approve(candidate, "Beatriz", "reviewer", "read both cards", sample=False)
    assert read_approval(candidate).reviewer == "Ana"


def test_key_that_cannot_sign_is_refused_by_name(candidate: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "key.pem").write_text("no key")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    with pytest.raises(OperatorError, match=r"key\.pem gives no key to sign with"):
        approve(candidate, "Ana", "reviewer", "looked", sample=False)
    assert not approval_path(candidate).exists()


def changed(workspace: Workspace, **changes: object) -> None:
    """Change the approval on the disk and leave its signature as it is, as a forger without the key would."""
    write_approval(workspace, read_approval(workspace).model_copy(update=changes))


@pytest.mark.parametrize(
    "changes", [{"reviewer": "Beatriz"}, {"sample": False}, {"role": "director"}, {"statement": "read all of it"}]
)
def test_approval_that_was_changed_after_it_was_signed_stops_the_release(
    candidate: Workspace, release_params: Params, changes: dict[str, object]
):
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    changed(candidate, **changes)
    with pytest.raises(InputDamagedError, match=r"signature is not that of what the approval says \(candidate, reviewer"):
        release.run(candidate, release_params)
    assert not candidate.place("release").exists()


def test_approval_signed_for_another_candidate_stops_the_release(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    publish_checkpoint(candidate, ("a0",))
    release_candidate.run(candidate, release_params)
    changed(candidate, candidate=digest_of(candidate.place("release_candidate")))
    with pytest.raises(InputDamagedError, match="signature is not that of what the approval says"):
        release.run(candidate, release_params)


def test_signature_of_another_corpus_root_stops_the_release(candidate: Workspace, release_params: Params):
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    signature = read_approval(candidate).signature
    assert signature is not None
    changed(candidate, signature=signature.model_copy(update={"corpus_root": signature.approval}))
    with pytest.raises(InputDamagedError, match=r"signature is not that of corpus_root\.json"):
        release.run(candidate, release_params)


def exchange(folder: Path, name: str, held: bytes | None) -> None:
    """Exchange a file of a release and make its manifest fit; None takes the file away."""
    (folder / name).unlink()
    if held is not None:
        (folder / name).write_bytes(held)
    (folder / "manifest.json").unlink()
    write_manifest(folder, "release")


@pytest.mark.parametrize(("field", "value"), [("reviewer", "Beatriz"), ("sample", False)])
def test_approval_exchanged_in_a_release_is_seen(candidate: Workspace, release_params: Params, field: str, value: object):
    folder = publish(candidate, release_params, sample=True)
    approval = Approval.model_validate_json((folder / "APPROVAL.json").read_bytes())
    exchange(folder, "APPROVAL.json", approval.model_copy(update={field: value}).signed_bytes())
    with pytest.raises(InputDamagedError, match="signature is not that of what the approval says"):
        verify_release(folder)
    assert openssl(folder)[0] == 1


def test_approval_that_shows_other_words_than_were_signed_is_seen(candidate: Workspace, release_params: Params):
    folder = publish(candidate, release_params, sample=True)
    held = (folder / "APPROVAL.json").read_bytes()
    exchange(folder, "APPROVAL.json", held.replace(b"{", b'{"reviewer": "Beatriz",', 1))
    with pytest.raises(InputDamagedError, match=r"APPROVAL\.json is not as an approval is written"):
        verify_release(folder)


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("corpus_root.sig", b"another", r"not that of corpus_root\.json"),
        ("APPROVAL.sig", b"", "not that of what the approval says"),
        ("APPROVAL.sig", None, r"APPROVAL\.sig is missing beside corpus_root\.pem"),
        ("corpus_root.pem", b"no key", "not that of what the approval says"),
        ("corpus_root.pem", b"\xff", r"corpus_root\.pem is no public key"),
        ("APPROVAL.json", b"{", r"APPROVAL\.json: the whole file"),
        ("lineage.json", b"{}", r"lineage\.json is not the file that was approved"),
    ],
)
def test_file_of_the_approval_that_was_exchanged_is_explained(
    candidate: Workspace, release_params: Params, name: str, held: bytes | None, said: str
):
    folder = publish(candidate, release_params, sample=True)
    exchange(folder, name, held)
    with pytest.raises(InputDamagedError, match=f"is NOT the release that was published.*{said}.*Do not use it"):
        verify_release(folder)


def test_release_can_be_held_against_the_key_of_whom_one_trusts(
    candidate: Workspace, release_params: Params, capsys: pytest.CaptureFixture[str]
):
    folder = publish(candidate, release_params, sample=True)
    trusted = candidate.root / "trusted.pem"
    trusted.write_bytes((folder / "corpus_root.pem").read_bytes())
    assert main(["verify", str(folder), "--key", str(trusted)]) == 0
    assert f"signed by the key in {trusted}" in capsys.readouterr().out
    trusted.write_text(public_pem(make_key(candidate.root / "other.pem")))
    with pytest.raises(InputDamagedError, match=r"signed by another key, not by the key in .*trusted\.pem"):
        verify_release(folder, trusted)
    with pytest.raises(OperatorError, match="does not read as a public key"):
        verify_release(folder, candidate.root / "nowhere.pem")


@pytest.mark.parametrize("value", ["?", "AAA", "\u00e9"])
def test_signature_that_is_no_base64_is_explained(candidate: Workspace, release_params: Params, value: str):
    approve(candidate, "Ana", "reviewer", "looked", sample=True)
    signature = read_approval(candidate).signature
    assert signature is not None
    changed(candidate, signature=signature.model_copy(update={"approval": value}))
    with pytest.raises(OperatorError, match=r"signature\.approval: must be a signature in base64.*latamgpt approve"):
        release.run(candidate, release_params)


@pytest.mark.parametrize("changes", [{"value": "AAAA"}, {"value": "?"}, {"public_key": "no key"}])
def test_a_signature_that_is_none_signs_nothing(candidate: Workspace, changes: dict[str, str]):
    key = make_key(candidate.root / "key.pem")
    good = {"value": sign(b"root", key), "public_key": public_pem(key)}
    assert is_signed(b"root", **good)
    assert not is_signed(b"roof", **good)
    assert not is_signed(b"root", **{**good, **changes})
