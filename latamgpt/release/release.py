"""The approved candidate, published with what anyone needs to verify it."""

import shutil

from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.params import Params
from latamgpt.records import MANIFEST_NAME, REPORT_NAME, Report, Table
from latamgpt.release.approval import CANDIDATE_STAGE, Approval, read_approval, why_no_sample
from latamgpt.release.cards import fill
from latamgpt.release.signature import OPENSSL
from latamgpt.release.signed import must_be_signed, write_files
from latamgpt.release.verify import CANDIDATE_FOLDER, CARDS, SUMS_NAME, verified, write_sums
from latamgpt.release.versions import Lineage, digest_of_values, register
from latamgpt.release.withdrawn import must_hold_nothing_withdrawn, registry_changed_since
from latamgpt.store import Workspace, digest_of, list_files, write_report

STAGE = "release"
NOT_RELEASED = "Nothing was released. Run `make run` for a new candidate, review it and approve it."


def run(workspace: Workspace, params: Params) -> Report:
    """Publish the candidate that a reviewer approved.

    Steps: the approval must name this very candidate, the registry be the one that it was made under, and nothing in it have been
    withdrawn since; copy its files, with its manifest and report under candidate/; write the approval and its signature, the
    release card, the way to verify, and sha256 sums of all; point the alias 'released' at its version.

    Raises:
        OperatorError: there is no approval, or it names another candidate, or params.yaml describes another release.
        InputDamagedError: the approval's signatures are not under its words and this candidate's corpus root.
        NotPermittedError: a partner's agreements were changed, or texts in it withdrawn, after the candidate was made; or what
            real partners gave would be released by a sample approval.
    """
    candidate = workspace.read(CANDIDATE_STAGE)
    approval = read_approval(workspace)
    digest = digest_of(candidate)
    if approval.candidate != digest:
        raise OperatorError(
            f"approvals/approval.yaml approves candidate {approval.candidate[:12]}, the one published now is {digest[:12]}. What "
            f"{approval.reviewer} looked at is not what would be released. Review the new candidate and approve it."
        )
    lineage = Lineage.read(candidate)
    must_stand(workspace, lineage)
    must_be_described_as_reviewed(params, lineage)
    must_hold_nothing_withdrawn(workspace, lineage, NOT_RELEASED)
    must_be_signed(approval, candidate)
    if approval.sample and (why := why_no_sample(workspace, lineage.registry)):
        raise NotPermittedError(f"the approval is a sample, at which nobody looked: {why}. {NOT_RELEASED}")
    with workspace.publish(STAGE) as folder:
        (folder / CANDIDATE_FOLDER).mkdir()
        for name in list_files(candidate):
            inside = name in (MANIFEST_NAME, REPORT_NAME)
            target = folder / CANDIDATE_FOLDER / name if inside else folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(candidate / name, target)
        write_files(folder, approval)
        names = {"manifest": MANIFEST_NAME, "sums": SUMS_NAME, "openssl": OPENSSL}
        facts = {"release": params.release_candidate, "approval": approval, **names}
        for template in CARDS:
            (folder / template).write_text(fill(f"{template}.jinja", **facts), encoding="utf-8")
        report = write_report(folder, _report(params, approval, Report.read(candidate)))
        write_sums(folder)
    verified(workspace.place(STAGE))
    register(workspace, candidate, "released", {"release_sha256": digest_of(workspace.place(STAGE))})
    return report


def must_stand(workspace: Workspace, lineage: Lineage) -> None:
    """Refuse a candidate whose partners' agreements are no longer those that it was made under.

    Raises:
        NotPermittedError: names the partners whose files were changed or are gone.
    """
    if changed := registry_changed_since(workspace, lineage):
        raise NotPermittedError(f"{changed}. {NOT_RELEASED}")


def must_be_described_as_reviewed(params: Params, lineage: Lineage) -> None:
    """Refuse a candidate that would be released under another name or licence than its reviewer saw.

    Raises:
        OperatorError: the section release_candidate of params.yaml was changed after the candidate was made.
    """
    section = CANDIDATE_STAGE
    if digest_of_values(params.model_dump(mode="json")[section]) != lineage.params[section]:
        raise OperatorError(
            f"params.yaml changed after the candidate was made: its section {section}, with the release's name, version, licence "
            f"and contact, is not the one that the reviewer saw. {NOT_RELEASED}"
        )


def _report(params: Params, approval: Approval, candidate: Report) -> Report:
    release = params.release_candidate
    rows = (
        ("reviewer", approval.reviewer),
        ("role", approval.role),
        ("statement", approval.statement),
        ("sample approval", approval.sample),
        ("candidate", approval.candidate),
    )
    return Report(
        stage=STAGE,
        summary=f"{release.name} {release.version} is released, approved by {approval.reviewer}, {approval.role}"
        f"{' (a sample approval: nobody looked)' if approval.sample else ''}",
        counts=candidate.counts,
        metrics=candidate.metrics,
        tables=(Table(name="approval", columns=("field", "value"), rows=rows), *candidate.tables),
    )
