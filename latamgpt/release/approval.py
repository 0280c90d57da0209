"""A reviewer's approval: of one candidate, by its sha256, in a file that git keeps and as an alias in the model registry."""

from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.params import explain_validation, load_yaml
from latamgpt.records import MANIFEST_NAME, Frozen
from latamgpt.release.corpus_root import ROOT_NAME
from latamgpt.release.signature import Signature, sign, signing_key
from latamgpt.release.versions import CANDIDATE_TAG, Lineage, register
from latamgpt.store import Workspace, digest_of, sha256_file
from latamgpt.tracking.model_registry import version_by_alias

CANDIDATE_STAGE, RELEASE_STAGE = "release_candidate", "release"
APPROVAL_NAME = "APPROVAL.json"  # in a release
ALIAS, SAMPLE_TAG = "approved", "sample"
SAMPLE_PREFIX = "sample_"  # of the tags with what a sample reviewer says, so that nobody else is taken to have said it
HEADER = "# Approves one candidate, named by its sha256. Written by `latamgpt approve`, or when the alias was set in MLflow.\n"


class Approval(Frozen):
    """Who says that a candidate may be released, and on what grounds."""

    candidate: str = Field(pattern=r"^[0-9a-f]{64}$")  # sha256 of data/release_candidate/manifest.json
    reviewer: str = Field(min_length=1)
    role: str = Field(min_length=1)
    statement: str = Field(min_length=1)
    sample: bool  # true: nobody looked; made to show the way to a release
    signature: Signature | None = None  # of the candidate's corpus root; None where no key was named


def approve(workspace: Workspace, reviewer: str, role: str, statement: str, *, sample: bool) -> str:
    """Approve the candidate that is published now, and say so in a sentence.

    Raises:
        OperatorError: there is no candidate, or it is not named who approves it and why.
    """
    if not has_candidate(workspace):
        raise OperatorError(
            f"there is no release candidate to approve: {workspace.place(CANDIDATE_STAGE)} was not published. An approval names "
            "what was looked at. Run the stages up to release_candidate first."
        )
    for name, value in (("reviewer", reviewer), ("role", role), ("statement", statement)):
        if not value.strip():
            raise OperatorError(f"the {name} is empty. A release shows who approved it and why. Give --{name} some words.")
    candidate = workspace.read(CANDIDATE_STAGE)
    approval = Approval(
        candidate=digest_of(candidate),
        reviewer=reviewer.strip(),
        role=role.strip(),
        statement=statement.strip(),
        sample=sample,
        signature=sign_root(workspace, candidate, sample=sample),
    )
    said = {"reviewer": approval.reviewer, "role": approval.role, "statement": approval.statement}
    tags = {f"{SAMPLE_PREFIX if sample else ''}{name}": words for name, words in said.items()}
    version = register(workspace, candidate, ALIAS, {**tags, SAMPLE_TAG: str(sample).lower()})
    write_approval(workspace, approval)
    lineage = Lineage.read(candidate)
    return (
        f"{lineage.name} {lineage.version} (candidate {approval.candidate[:12]}, version {version} in the model registry) is "
        f"approved by {approval.reviewer}, {approval.role}{' (a sample approval)' if sample else ''}, "
        f"{'its corpus root signed' if approval.signature else 'without a signature: LATAMGPT_SIGNING_KEY names no key'}. "
        "`make run` releases it, and so does the sensor of `make ui`."
    )


def approval_from_alias(workspace: Workspace, name: str) -> bool:
    """Turn an alias 'approved' that a reviewer set in MLflow into approvals/approval.yaml; whether something new was written.

    Only an alias on the version of the candidate that is published now counts. An approval of it that stands is left as it is,
    unless it is a sample and the version says now that a person approves it: its tag 'sample' is 'false', or gone.
    """
    found = version_by_alias(workspace, name, ALIAS)
    if found is None or not has_candidate(workspace):
        return False
    digest = digest_of(workspace.place(CANDIDATE_STAGE))
    if found.tags.get(CANDIDATE_TAG) != digest:
        return False
    stands = standing_approval(workspace)
    sample = found.tags.get(SAMPLE_TAG) == "true"
    if stands is not None and (sample or not stands.sample):
        return False
    prefix = SAMPLE_PREFIX if sample else ""
    approval = Approval(
        candidate=digest,
        reviewer=found.tags.get(f"{prefix}reviewer") or "a reviewer in MLflow who gave no name",
        role=found.tags.get(f"{prefix}role") or "reviewer",
        statement=found.tags.get(f"{prefix}statement") or f"set the alias '{ALIAS}' on version {found.version} in MLflow",
        sample=sample,
        signature=sign_root(workspace, workspace.place(CANDIDATE_STAGE), sample=sample),
    )
    write_approval(workspace, approval)
    return True


def sign_root(workspace: Workspace, candidate: Path, *, sample: bool) -> Signature | None:
    """The signature of a candidate's corpus root by the key of this machine; None where a person approves and none is named.

    Raises:
        OperatorError: the candidate has no corpus root, or the key cannot be used.
    """
    root = candidate / ROOT_NAME
    if not root.is_file():
        raise OperatorError(
            f"{candidate} holds no {ROOT_NAME}: no partner could check what a release of it says of their texts. Run "
            "`latamgpt stage release_candidate` again and look at what it publishes."
        )
    key = signing_key(workspace, sample=sample)
    return sign(root.read_bytes(), key) if key else None


def standing_approval(workspace: Workspace) -> Approval | None:
    """The approval of the candidate that is published now, if somebody gave one."""
    if not has_candidate(workspace) or not approval_path(workspace).is_file():
        return None
    approval = read_approval(workspace)
    return approval if approval.candidate == digest_of(workspace.place(CANDIDATE_STAGE)) else None


def unreleased_approval(workspace: Workspace) -> str | None:
    """The sha256 of approvals/approval.yaml where it approves the present candidate and no release shows it yet; else None."""
    approval = standing_approval(workspace)
    if approval is None:
        return None
    shown = workspace.place(RELEASE_STAGE) / APPROVAL_NAME
    if shown.is_file() and Approval.model_validate_json(shown.read_bytes()) == approval:
        return None
    return sha256_file(approval_path(workspace))


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
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Run `latamgpt approve` to write it again.") from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
