"""What a receipt is held against: the corpus root of the release, or of the candidate, that was made from this corpus."""

from dataclasses import dataclass
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.receipts.use import is_published
from latamgpt.release.approval import Approval
from latamgpt.release.corpus_root import ROOT_NAME, CorpusRoot, corpus_tree
from latamgpt.release.merkle import MerkleTree
from latamgpt.release.signed import read_shown
from latamgpt.store import Workspace, digest_of

STAGES = ("release", "release_candidate")


@dataclass(frozen=True)
class Anchor:
    """A published corpus root and the tree below it."""

    folder: Path
    root: CorpusRoot
    tree: MerkleTree
    approval: Approval | None  # None: a candidate, which nobody has released

    @property
    def digest(self) -> str:
        """sha256 of the manifest beside the root."""
        return digest_of(self.folder)


def find_anchor(workspace: Workspace) -> Anchor:
    """The release whose corpus and weights are those published now, else the candidate: what training saw is told of it.

    Raises:
        OperatorError: neither was made from them, or the corpus does not give the root that they carry.
    """
    corpus = workspace.read("corpus")
    weights = digest_of(workspace.place("checkpoint")) if is_published(workspace, "checkpoint") else ""
    for stage in STAGES:
        if not is_published(workspace, stage) or not (workspace.place(stage) / ROOT_NAME).is_file():
            continue
        folder = workspace.read(stage)
        root = CorpusRoot.read(folder)
        if (root.corpus, root.checkpoint) != (digest_of(corpus), weights):
            continue
        tree = corpus_tree(corpus)
        if (tree.root, len(tree.names)) != (root.root, root.num_leaves):
            raise OperatorError(
                f"{folder / ROOT_NAME} says {root.root[:16]}... over {root.num_leaves:,} documents, the corpus gives "
                f"{tree.root[:16]}... over {len(tree.names):,}. No proof would hold: run the stage release_candidate again."
            )
        return Anchor(folder, root, tree, read_shown(folder))
    raise OperatorError(
        "no release and no candidate here was made from the corpus and the weights that are published now, so there is no root "
        "to prove anything against. Run the stages up to release_candidate, or check out the release that the receipt is for "
        "(`dvc checkout`)."
    )
