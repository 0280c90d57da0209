"""Whether a release folder is what a reviewer approved: for anyone who holds it, without a server or this checkout."""

from pathlib import Path

from pydantic import ValidationError

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.params import explain_validation
from latamgpt.records import MANIFEST_NAME, REPORT_NAME, Manifest
from latamgpt.release.approval import APPROVAL_NAME, Approval
from latamgpt.release.corpus_root import ROOT_NAME
from latamgpt.release.signature import PUBLIC_KEY_NAME, SIGNATURE_NAME, is_signed
from latamgpt.release.versions import Lineage
from latamgpt.store import digest_of, list_files, sha256_file, verify

CANDIDATE_FOLDER = "candidate"
SUMS_NAME = "SHA256SUMS"
NOT_THE_RELEASE = "Do not use it. Fetch the release again from where it was published, and verify that."


def verify_release(folder: Path) -> str:
    """Verify a release and say in a sentence what it is.

    Steps: every file is held against the manifest; the candidate's own manifest has the sha256 that the reviewer approved; every
    file of the candidate is still in the release, unchanged; where the approval holds a signature, it is under the corpus root.

    Raises:
        OperatorError: the folder is no release.
        InputDamagedError: a file is missing, extra, changed, or not the one that was approved.
    """
    folder = folder.resolve()
    if not (folder / MANIFEST_NAME).is_file() or not (folder / APPROVAL_NAME).is_file():
        raise OperatorError(
            f"{folder} is no release: it holds no {MANIFEST_NAME} or no {APPROVAL_NAME}. What cannot be verified should not be "
            "used. Give the folder that holds both, such as data/release."
        )
    try:
        manifest = verify(folder)
    except InputDamagedError as error:
        raise InputDamagedError(f"{folder} is NOT the release that was published: {error} {NOT_THE_RELEASE}") from error
    approval = _approved(folder)
    lineage = Lineage.read(folder)
    size = sum(entry.num_bytes for entry in manifest.files)
    return (
        f"verified: {lineage.name} {lineage.version}, {len(manifest.files)} files, {size:,} bytes, all as published. Approved by "
        f"{approval.reviewer}, {approval.role}{' (a sample approval)' if approval.sample else ''}: {approval.statement!r}. "
        f"{'Corpus root signed by the key in ' + PUBLIC_KEY_NAME if approval.signature else 'Corpus root not signed'}. "
        f"Manifest sha256 {digest_of(folder)}: compare it with the one that the project announced."
    )


def write_sums(folder: Path) -> None:
    """SHA256SUMS of every file, for `sha256sum --check` on any machine."""
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in list_files(folder) if name not in (SUMS_NAME, MANIFEST_NAME)]
    (folder / SUMS_NAME).write_text("".join(lines), encoding="utf-8")


def _approved(folder: Path) -> Approval:
    try:
        approval = Approval.model_validate_json((folder / APPROVAL_NAME).read_bytes())
        candidate = Manifest.model_validate_json((folder / CANDIDATE_FOLDER / MANIFEST_NAME).read_bytes())
    except (ValidationError, FileNotFoundError) as error:
        why = explain_validation(APPROVAL_NAME, error) if isinstance(error, ValidationError) else str(error)
        raise InputDamagedError(f"{folder}: what was approved cannot be read: {why} {NOT_THE_RELEASE}") from error
    digest = digest_of(folder / CANDIDATE_FOLDER)
    if digest != approval.candidate:
        raise InputDamagedError(
            f"{folder}: the approval is for candidate {approval.candidate[:12]}, the folder holds {digest[:12]}. Nobody approved "
            f"what lies here. {NOT_THE_RELEASE}"
        )
    for entry in candidate.files:
        place = folder / CANDIDATE_FOLDER / entry.path if entry.path == REPORT_NAME else folder / entry.path
        if not place.is_file() or sha256_file(place) != entry.sha256:
            raise InputDamagedError(f"{folder}: {entry.path} is not the file that was approved. {NOT_THE_RELEASE}")
    must_be_signed(folder, approval)
    return approval


def must_be_signed(folder: Path, approval: Approval) -> None:
    """Hold an approval's signature, where it has one, against the corpus root in a folder, and against the files beside it.

    Raises:
        InputDamagedError: it is not under these bytes, or the files that OpenSSL would read say otherwise.
    """
    signature = approval.signature
    if signature is None:
        return
    files = {SIGNATURE_NAME: signature.der, PUBLIC_KEY_NAME: signature.public_key.encode()}
    differs = [name for name, held in files.items() if (folder / name).is_file() and (folder / name).read_bytes() != held]
    if differs or not is_signed((folder / ROOT_NAME).read_bytes(), signature):
        raise InputDamagedError(
            f"{folder}: the approval's signature is not that of {differs[0] if differs else ROOT_NAME}. What partners check "
            "their receipts against was changed after it was signed, or is another release's. Approve the candidate again, or "
            "fetch the release again."
        )


def write_signature(folder: Path, approval: Approval) -> None:
    """The signature and its public key as files for OpenSSL, where the approval holds one."""
    if approval.signature is not None:
        (folder / SIGNATURE_NAME).write_bytes(approval.signature.der)
        (folder / PUBLIC_KEY_NAME).write_text(approval.signature.public_key, encoding="utf-8")
