"""Whether a release folder is what a reviewer approved: for anyone who holds it, without a server or this checkout."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.records import MANIFEST_NAME, REPORT_NAME, Manifest
from latamgpt.release.approval import Approval
from latamgpt.release.signature import PUBLIC_KEY_NAME
from latamgpt.release.signed import APPROVAL_NAME, SIGNATURE_FILES, read_shown
from latamgpt.release.versions import Lineage
from latamgpt.store import digest_of, list_files, sha256_file, verify
from latamgpt.yaml_files import explain_validation

CANDIDATE_FOLDER = "candidate"
SUMS_NAME = "SHA256SUMS"
CARDS = ("RELEASE.md", "VERIFY.md")
ADDED = {APPROVAL_NAME, *SIGNATURE_FILES, *CARDS, SUMS_NAME, REPORT_NAME}
"""What a release holds besides the candidate."""

NOT_THE_RELEASE = "Do not use it. Fetch the release again from where it was published, and verify that."


def verify_release(folder: Path, key: Path | None = None) -> str:
    """Verify a release and say in a sentence what it is.

    Steps: every file is held against the manifest; the candidate's own manifest has the sha256 that the reviewer approved; every
    file of the candidate is still in the release, unchanged, and none was added to them; where the approval is signed, the
    signatures are under its words and the corpus root, and with a key at hand, by that key.

    Args:
        folder: of the release.
        key: the public key, in PEM, of those who must have signed it, from another place than the folder.

    Raises:
        OperatorError: the folder is no release, or the key does not read.
        InputDamagedError: a file is missing, extra, changed, or not the one that was approved, or another key signed.
    """
    found = verified(folder.resolve())
    size = sum(entry.num_bytes for entry in found.manifest.files)
    approval, lineage = found.approval, found.lineage
    return (
        f"verified: {lineage.name} {lineage.version}, {len(found.manifest.files)} files, {size:,} bytes, all as published. "
        f"Approved by {approval.reviewer}, {approval.role}{' (a sample approval)' if approval.sample else ''}: "
        f"{approval.statement!r}. {_who_signed(approval, key)} Manifest sha256 {digest_of(folder)}: compare it with the one that "
        "the project announced."
    )


@dataclass(frozen=True)
class Verified:
    """What a release is, once all of it was found as published and approved."""

    manifest: Manifest
    approval: Approval
    lineage: Lineage


def verified(folder: Path) -> Verified:
    """Verify a release.

    Raises:
        OperatorError: the folder is no release.
        InputDamagedError: see `verify_release`.
    """
    if not (folder / MANIFEST_NAME).is_file() or not (folder / APPROVAL_NAME).is_file():
        raise OperatorError(
            f"{folder} is no release: it holds no {MANIFEST_NAME} or no {APPROVAL_NAME}. What cannot be verified should not be "
            "used. Give the folder that holds both, such as data/release."
        )
    try:
        manifest = verify(folder)
        approval = _approved(folder, manifest)
        return Verified(manifest, approval, Lineage.read(folder))
    except InputDamagedError as error:
        raise InputDamagedError(f"{folder} is NOT the release that was published: {error} {NOT_THE_RELEASE}") from error


def write_sums(folder: Path) -> None:
    """SHA256SUMS of every file, for `sha256sum --check` on any machine."""
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in list_files(folder) if name not in (SUMS_NAME, MANIFEST_NAME)]
    (folder / SUMS_NAME).write_text("".join(lines), encoding="utf-8")


def _approved(folder: Path, manifest: Manifest) -> Approval:
    """The approval, once all that lies in the folder was found to be the candidate that it names, and what a release adds."""
    approval = read_shown(folder)
    try:
        candidate = Manifest.model_validate_json((folder / CANDIDATE_FOLDER / MANIFEST_NAME).read_bytes())
    except (ValidationError, OSError) as error:
        why = explain_validation(MANIFEST_NAME, error) if isinstance(error, ValidationError) else str(error)
        raise InputDamagedError(f"what was approved cannot be read: {why}") from error
    digest = digest_of(folder / CANDIDATE_FOLDER)
    if approval is None or digest != approval.candidate:
        named = approval.candidate[:12] if approval else "none"
        raise InputDamagedError(
            f"the approval is for candidate {named}, the folder holds {digest[:12]}. Nobody approved what lies here."
        )
    inside = {MANIFEST_NAME, REPORT_NAME}
    approved = {f"{CANDIDATE_FOLDER}/{e.path}" if e.path in inside else e.path: e.sha256 for e in candidate.files}
    found = {entry.path: entry.sha256 for entry in manifest.files}
    for name, expected in approved.items():
        if found.get(name) != expected:
            raise InputDamagedError(f"{name} is not the file that was approved.")
    if added := sorted(set(found) - set(approved) - ADDED - {f"{CANDIDATE_FOLDER}/{MANIFEST_NAME}"}):
        raise InputDamagedError(f"{len(added)} files in it nobody approved, first {added[0]}: a model's files act together.")
    return approval


def _who_signed(approval: Approval, key: Path | None) -> str:
    if key is not None:
        _must_be_by(approval, key)
    if approval.signature is None:
        return "Neither approval nor corpus root is signed."
    fingerprint = sha256(approval.signature.public_key.encode()).hexdigest()
    whose = f"the key in {key}" if key else f"the key in {PUBLIC_KEY_NAME} (sha256 {fingerprint[:16]}...)"
    return f"Approval and corpus root are signed by {whose}."


def _must_be_by(approval: Approval, key: Path) -> None:
    try:
        wanted = key.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(
            f"{key} does not read as a public key in PEM: {error}. Give the file that the signer gave."
        ) from error
    if approval.signature is None or approval.signature.public_key.split() != wanted:
        by = "by nobody" if approval.signature is None else "by another key"
        raise InputDamagedError(
            f"the release is whole, but signed {by}, not by the key in {key}: it is not from whom you think. {NOT_THE_RELEASE}"
        )
