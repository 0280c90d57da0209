"""Giving an approval: by `latamgpt approve`, or by the alias 'approved' that a reviewer set in MLflow's model registry."""

from collections.abc import Mapping

from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.release.approval import (
    CANDIDATE_STAGE,
    Approval,
    has_candidate,
    standing_approval,
    why_no_sample,
    write_approval,
)
from latamgpt.release.corpus_root import ROOT_NAME
from latamgpt.release.signature import Signature, public_pem, sign, signing_key
from latamgpt.release.versions import CANDIDATE_TAG, Lineage, register
from latamgpt.release.withdrawn import registry_changed_since, withdrawn_since
from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.model_registry import version_by_alias

ALIAS, SAMPLE_TAG = "approved", "sample"
SAMPLE_PREFIX = "sample_"  # of the tags with what a sample reviewer says, so that nobody else is taken to have said it


def approve(
    workspace: Workspace, reviewer: str, role: str, statement: str, *, sample: bool, despite_partners: bool = False
) -> str:
    """Approve the candidate that is published now, and say so in a sentence.

    Args:
        workspace: where the candidate is published.
        reviewer: who approves it.
        role: in what capacity.
        statement: what was looked at, and why it may be released.
        sample: nobody looked: it is made to show the way to a release.
        despite_partners: enter it also where a partner has taken something back since the candidate was made; the words say what,
            and the release stage refuses as long as it stands.

    Raises:
        NotPermittedError: a partner has, and it was not said that this is known.
        OperatorError: there is no candidate, it is not named who approves it and why, or a sample approval would stand for what
            a person must look at, or has.
    """
    if not has_candidate(workspace):
        raise OperatorError(
            f"there is no release candidate to approve: {workspace.place(CANDIDATE_STAGE)} was not published. An approval names "
            "what was looked at. Run the stages up to release_candidate first."
        )
    said = {"reviewer": _line(reviewer), "role": _line(role), "statement": _line(statement)}
    for name, words in said.items():
        if not words:
            raise OperatorError(f"the {name} is empty. A release shows who approved it and why. Give --{name} some words.")
    candidate = workspace.read(CANDIDATE_STAGE)
    lineage = Lineage.read(candidate)
    if sample:
        _must_be_a_sample(workspace, lineage)
    taken_back = _taken_back(workspace, lineage)
    if taken_back and not despite_partners:
        raise NotPermittedError(
            f"{taken_back}. The release stage would refuse this candidate, so it was not approved. Run `make run` for a new "
            "candidate and review that one; or approve it knowing this: --despite-partners"
        )
    approval = _signed(workspace, said, sample=sample)
    tags = {f"{SAMPLE_PREFIX if sample else ''}{name}": words for name, words in said.items()}
    version = register(workspace, candidate, ALIAS, {**tags, SAMPLE_TAG: str(sample).lower()})
    write_approval(workspace, approval)
    return (
        f"{lineage.name} {lineage.version} (candidate {approval.candidate[:12]}, version {version} in the model registry) is "
        f"approved by {approval.reviewer}, {approval.role}{' (a sample approval)' if sample else ''}, "
        f"{'signed' if approval.signature else 'without a signature: LATAMGPT_SIGNING_KEY names no key'}. "
        + (
            f"It is not released as long as this stands: {taken_back}."
            if taken_back
            else "`make run` releases it, and so does the sensor of `make ui`."
        )
    )


def approval_from_alias(workspace: Workspace, name: str) -> bool:
    """Turn an alias 'approved' that a reviewer set in MLflow into approvals/approval.yaml; whether something new was written.

    Only an alias on the version of the candidate that is published now counts. An approval of it that stands is left as it is,
    unless it is a sample and the version says now that a person approves it: its tag 'sample' is 'false', or gone. A tag that
    says 'true' where no sample approval may be given approves nothing.
    """
    found = version_by_alias(workspace, name, ALIAS)
    if found is None or not has_candidate(workspace):
        return False
    candidate = workspace.place(CANDIDATE_STAGE)
    if found.tags.get(CANDIDATE_TAG) != digest_of(candidate):
        return False
    stands = standing_approval(workspace)
    sample = found.tags.get(SAMPLE_TAG) == "true"
    if stands is not None and (sample or not stands.sample):
        return False
    if sample and why_no_sample(workspace, Lineage.read(candidate).registry):
        return False
    said = _said_in_tags(found.tags, found.version, SAMPLE_PREFIX if sample else "")
    write_approval(workspace, _signed(workspace, said, sample=sample))
    return True


def _said_in_tags(tags: Mapping[str, str], version: str, prefix: str) -> dict[str, str]:
    given = {name: _line(tags.get(f"{prefix}{name}", "")) for name in ("reviewer", "role", "statement")}
    otherwise = {
        "reviewer": "a reviewer in MLflow who gave no name",
        "role": "reviewer",
        "statement": f"set the alias '{ALIAS}' on version {version} in MLflow",
    }
    return {name: words or otherwise[name] for name, words in given.items()}


def _taken_back(workspace: Workspace, lineage: Lineage) -> str:
    """What partners withdrew, or changed in their agreements, since a candidate was made; '' where nothing."""
    said = [registry_changed_since(workspace, lineage), *withdrawn_since(workspace, lineage)]
    return ". ".join(words for words in said if words)


def _must_be_a_sample(workspace: Workspace, lineage: Lineage) -> None:
    """Refuse a sample approval in a person's place: for a real partner's texts, or over what a person said, here or in MLflow."""
    approval_from_alias(workspace, lineage.name)
    if why := why_no_sample(workspace, lineage.registry):
        raise OperatorError(
            f"no sample approval can be given: {why}. A sample approval says that nobody looked. Review the candidate and "
            "approve it without --sample."
        )


def _signed(workspace: Workspace, said: Mapping[str, str], *, sample: bool) -> Approval:
    """An approval of the present candidate, signed with this machine's key; unsigned, where a person approves and none is named.

    Raises:
        OperatorError: the candidate has no corpus root, or the key cannot be used.
    """
    candidate = workspace.place(CANDIDATE_STAGE)
    root = candidate / ROOT_NAME
    if not root.is_file():
        raise OperatorError(
            f"{root} is missing: no partner could check what a release of it says of their texts. Run "
            "`latamgpt stage release_candidate` again and look at what it publishes."
        )
    approval = Approval.model_validate({"candidate": digest_of(candidate), **said, "sample": sample})
    key = signing_key(workspace, sample=sample)
    if key is None:
        return approval
    signature = Signature(
        public_key=public_pem(key), approval=sign(approval.signed_bytes(), key), corpus_root=sign(root.read_bytes(), key)
    )
    return approval.model_copy(update={"signature": signature})


def _line(words: str) -> str:
    """Words as one line that shows all it holds."""
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())
