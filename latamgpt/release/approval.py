"""A reviewer's approval: of one candidate, by its sha256, in a file that git keeps."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import orjson
import yaml
from pydantic import AfterValidator, Field, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.records import MANIFEST_NAME, Frozen
from latamgpt.registry.partners import read_institution
from latamgpt.release.signature import Signature
from latamgpt.store import Workspace, digest_of
from latamgpt.yaml_files import explain_validation, load_yaml

CANDIDATE_STAGE, RELEASE_STAGE = "release_candidate", "release"
HEADER = "# Approves one candidate, named by its sha256. Written by `latamgpt approve`, or when the alias was set in MLflow.\n"
WRITE_AGAIN = (
    "What it approves is not known, so nothing is released. Take it away (`git rm approvals/approval.yaml`), review the "
    "candidate and run `latamgpt approve`."
)


def one_line(words: str) -> str:
    """The same words; they stand in a line of the release's card, and must not end it or hide in it."""
    if not words.strip() or not words.isprintable():
        raise ValueError("must be words on one line")
    return words


Line = Annotated[str, AfterValidator(one_line)]


class Approval(Frozen):
    """Who says that a candidate may be released, and on what grounds."""

    candidate: str = Field(pattern=r"^[0-9a-f]{64}$")  # sha256 of data/release_candidate/manifest.json
    reviewer: Line
    role: Line
    statement: Line
    sample: bool  # true: nobody looked; made to show the way to a release
    signature: Signature | None = None  # of all the above and of the candidate's corpus root; None where no key was named

    def signed_bytes(self) -> bytes:
        """What the signature is under: all but itself, as APPROVAL.json of a release holds it."""
        options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        return orjson.dumps(self.model_dump(mode="json", exclude={"signature"}), option=options)


def why_no_sample(workspace: Workspace, partners: Iterable[str]) -> str:
    """Why no sample approval, at which nobody looks, may be given for these partners' texts; '' where one may."""
    real = [partner for partner in sorted(partners) if not read_institution(workspace.root, partner).sample]
    if real:
        which = f"{', '.join(real)} {'is no sample' if len(real) == 1 else 'are no samples'}"
        return f"{which}, and what real partners gave is released only by a person"
    if approval_path(workspace).is_file() and not (stands := read_approval(workspace)).sample:
        return f"{stands.reviewer} approved {stands.candidate[:12]}, and a sample never takes a person's place"
    return ""


def standing_approval(workspace: Workspace) -> Approval | None:
    """The approval of the candidate that is published now, if somebody gave one."""
    if not has_candidate(workspace) or not approval_path(workspace).is_file():
        return None
    approval = read_approval(workspace)
    return approval if approval.candidate == digest_of(workspace.place(CANDIDATE_STAGE)) else None


def has_candidate(workspace: Workspace) -> bool:
    """Whether a candidate was published whole."""
    return (workspace.place(CANDIDATE_STAGE) / MANIFEST_NAME).is_file()


def approval_path(workspace: Workspace) -> Path:
    """Where the approval lies; git keeps it."""
    return workspace.root / "approvals" / "approval.yaml"


def write_approval(workspace: Workspace, approval: Approval) -> None:
    """Write the approval whole or not at all; the same approval gives the same bytes."""
    path = approval_path(workspace)
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".draft")
    text = yaml.safe_dump(approval.model_dump(), sort_keys=False, allow_unicode=True, width=120)
    draft.write_text(HEADER + text, encoding="utf-8")
    draft.replace(path)


def read_approval(workspace: Workspace) -> Approval:
    """The approval that stands.

    Raises:
        OperatorError: there is none, or it is not whole.
    """
    path = approval_path(workspace)
    if not path.is_file():
        raise OperatorError(
            f"{path} is missing: nobody has approved a candidate. A release exists only after a person looked at it. Compare the "
            "runs in MLflow, then set the alias 'approved' on the candidate's version, or run `latamgpt approve`."
        )
    try:
        return Approval.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise OperatorError(f"{explain_validation(str(path), error)} {WRITE_AGAIN}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise OperatorError(f"{path} is not valid YAML in UTF-8: {error}. {WRITE_AGAIN}") from error
