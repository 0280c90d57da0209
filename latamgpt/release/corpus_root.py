"""The corpus root: one hash that a release carries and that each partner's receipt is held against."""

from pathlib import Path

import pyarrow.parquet as pq
from pydantic import Field

from latamgpt.records import Frozen
from latamgpt.release.merkle import MerkleTree

ROOT_NAME = "corpus_root.json"
ALGORITHM = "Merkle tree hash of RFC 9162 with SHA-256"
LEAVES = "doc_id of every document of the corpus as UTF-8, ascending"
HEX = r"^[0-9a-f]{64}$"


class CorpusRoot(Frozen):
    """What a release says of the corpus that its weights were trained on: enough to prove that a document is in it, or is not."""

    release: str  # name and version
    algorithm: str = ALGORITHM
    leaves: str = LEAVES
    num_leaves: int = Field(ge=0)
    root: str = Field(pattern=HEX)
    corpus: str = Field(pattern=HEX)  # sha256 of the corpus' manifest
    checkpoint: str = Field(pattern=HEX)  # sha256 of the checkpoint's manifest: the weights and their data order

    @classmethod
    def read(cls, folder: Path) -> "CorpusRoot":
        """The corpus root in a candidate's or a release's folder."""
        return cls.model_validate_json((folder / ROOT_NAME).read_bytes())


def corpus_tree(corpus: Path) -> MerkleTree:
    """The tree over a published corpus, whose documents lie in order of doc_id.

    Raises:
        OperatorError: they do not, or one stands twice.
    """
    return MerkleTree(pq.read_table(corpus / "documents.parquet", columns=["doc_id"])["doc_id"].to_pylist())
