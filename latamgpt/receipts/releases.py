"""Which releases hold a corpus, and who is known to have a copy of each."""

from latamgpt.governance.recipients import Recipient, read_recipients
from latamgpt.receipts.anchor import Anchor
from latamgpt.receipts.use import is_published
from latamgpt.records import Frozen
from latamgpt.release.corpus_root import ROOT_NAME, CorpusRoot
from latamgpt.release.signed import read_shown
from latamgpt.store import Workspace, digest_of


class HeldBy(Frozen):
    """A release or candidate, and whether its weights were made from the corpus of a receipt."""

    release: str
    manifest: str  # sha256; what recipients are recorded under
    holds_this_corpus: bool
    released: bool
    approved_by: str
    sample_approval: bool
    signed: bool
    recipients: tuple[Recipient, ...]


def releases_of(workspace: Workspace, anchor: Anchor) -> tuple[HeldBy, ...]:
    """The one that a receipt is held against, and a published release that is another one."""
    found = [_held(workspace, anchor)]
    if anchor.approval is None and is_published(workspace, "release"):
        folder = workspace.read("release")
        if (folder / ROOT_NAME).is_file():
            root = CorpusRoot.read(folder)
            other = Anchor(folder, root, anchor.tree, read_shown(folder))
            found.append(_held(workspace, other, root.corpus == anchor.root.corpus))
    return tuple(found)


def _held(workspace: Workspace, anchor: Anchor, holds: bool = True) -> HeldBy:  # noqa: FBT001, FBT002
    approval = anchor.approval
    digest = digest_of(anchor.folder)
    return HeldBy(
        release=anchor.root.release,
        manifest=digest,
        holds_this_corpus=holds,
        released=approval is not None,
        approved_by=f"{approval.reviewer}, {approval.role}" if approval else "",
        sample_approval=approval.sample if approval else False,
        signed=approval is not None and approval.signature is not None,
        recipients=read_recipients(workspace.root).of(digest),
    )
