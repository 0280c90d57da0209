"""An approval as a release shows it: the words in one file, and the signatures beside it, each as OpenSSL reads it."""

from base64 import b64decode, b64encode
from pathlib import Path

from pydantic import ValidationError

from latamgpt.errors import InputDamagedError
from latamgpt.release.approval import RELEASE_STAGE, Approval, approval_path, standing_approval
from latamgpt.release.corpus_root import ROOT_NAME
from latamgpt.release.signature import APPROVAL_SIGNATURE, PUBLIC_KEY_NAME, ROOT_SIGNATURE, Signature, is_signed
from latamgpt.store import Workspace, sha256_file
from latamgpt.yaml_files import explain_validation

APPROVAL_NAME = "APPROVAL.json"
SIGNATURE_FILES = (APPROVAL_SIGNATURE, PUBLIC_KEY_NAME, ROOT_SIGNATURE)


def files_of(approval: Approval) -> dict[str, bytes]:
    """The files in which a release shows an approval."""
    files = {APPROVAL_NAME: approval.signed_bytes()}
    if approval.signature is not None:
        files[APPROVAL_SIGNATURE] = b64decode(approval.signature.approval)
        files[PUBLIC_KEY_NAME] = approval.signature.public_key.encode()
        files[ROOT_SIGNATURE] = b64decode(approval.signature.corpus_root)
    return files


def write_files(folder: Path, approval: Approval) -> None:
    """Write them into a release that is about to be published."""
    for name, held in files_of(approval).items():
        (folder / name).write_bytes(held)


def read_shown(folder: Path) -> Approval | None:
    """The approval that a release's folder shows, its signatures checked; None in a candidate's, which shows none.

    Raises:
        InputDamagedError: it does not read, of its three signature files some are missing, or one is not under what it should be.
    """
    if not (folder / APPROVAL_NAME).is_file():
        return None
    present = [name for name in SIGNATURE_FILES if (folder / name).is_file()]
    if present and len(present) < len(SIGNATURE_FILES):
        missing = ", ".join(sorted(set(SIGNATURE_FILES) - set(present)))
        raise InputDamagedError(f"{folder}: {missing} is missing beside {present[0]}, so who approved this cannot be checked.")
    try:
        written = (folder / APPROVAL_NAME).read_bytes()
        approval = Approval.model_validate_json(written)
        if approval.signed_bytes() != written:  # else this file could show people other words than those that were signed
            raise InputDamagedError(f"{folder}: {APPROVAL_NAME} is not as an approval is written.")
        if present:
            approval = approval.model_copy(update={"signature": _read_signature(folder)})
            must_be_signed(approval, folder)
        return approval
    except ValidationError as error:
        raise InputDamagedError(f"{folder}: {explain_validation(APPROVAL_NAME, error)}") from error
    except UnicodeDecodeError as error:
        raise InputDamagedError(f"{folder / PUBLIC_KEY_NAME} is no public key in PEM: {error}.") from error


def must_be_signed(approval: Approval, root: Path) -> None:
    """Hold an approval's signatures, where it has them, against its own words and against the corpus root beside it.

    Args:
        approval: as a file holds it.
        root: the folder of the candidate or release whose corpus root it signs.

    Raises:
        InputDamagedError: a signature is not under what it should be.
    """
    signature = approval.signature
    if signature is None:
        return
    if not (root / ROOT_NAME).is_file():
        raise InputDamagedError(f"{root / ROOT_NAME} is missing, under which the approval's signature should be.")
    signed = {
        "what the approval says (candidate, reviewer, role, statement, sample)": (approval.signed_bytes(), signature.approval),
        ROOT_NAME: ((root / ROOT_NAME).read_bytes(), signature.corpus_root),
    }
    for name, (message, value) in signed.items():
        if not is_signed(message, value, signature.public_key):
            raise InputDamagedError(
                f"{root}: the approval's signature is not that of {name}. It was changed after it was signed, or another "
                "signed it, so nobody vouches for it. Review the candidate and approve it again, or fetch the release again."
            )


def unreleased_approval(workspace: Workspace) -> str | None:
    """The sha256 of approvals/approval.yaml where it approves the present candidate and no release shows it yet; else None."""
    approval = standing_approval(workspace)
    if approval is None:
        return None
    place = workspace.place(RELEASE_STAGE)
    shown = {name: (place / name).read_bytes() for name in (APPROVAL_NAME, *SIGNATURE_FILES) if (place / name).is_file()}
    return None if shown == files_of(approval) else sha256_file(approval_path(workspace))


def _read_signature(folder: Path) -> Signature:
    approval, root = (b64encode((folder / name).read_bytes()).decode() for name in (APPROVAL_SIGNATURE, ROOT_SIGNATURE))
    return Signature(public_key=(folder / PUBLIC_KEY_NAME).read_text(encoding="utf-8"), approval=approval, corpus_root=root)
