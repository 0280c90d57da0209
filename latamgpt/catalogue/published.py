"""The published corpus, whose documents it holds, and the clean texts of a few of them."""

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.custody.effect import is_published
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace


def corpus_of(workspace: Workspace) -> Path:
    """The folder of the corpus, held against its manifest.

    Raises:
        OperatorError: there is none yet.
        InputDamagedError: it is not as it was published.
    """
    if not is_published(workspace, "corpus"):
        raise OperatorError(
            f"there is no corpus here yet: nothing was published in {workspace.place('corpus')}, so there is nothing to show or "
            "search. Run `make run`, or `dvc repro corpus` for the corpus alone; `dvc pull` where the project has a remote."
        )
    return workspace.read("corpus")


def partners_in(corpus: Path) -> list[str]:
    """The partners whose documents it holds, or whose documents it names as dropped."""
    tables = (pq.read_table(corpus / f"{name}.parquet", columns=["partner"]) for name in ("documents", "exclusions"))
    return sorted({partner for table in tables for partner in table.column("partner").to_pylist()})


def texts_in(folder: Path, doc_ids: list[str]) -> dict[str, str]:
    """The texts of these documents by id, where the corpus or a partner's clean documents were published."""
    if not doc_ids:
        return {}
    among = pc.field("doc_id").isin(doc_ids)
    table = pq.read_table(folder / "documents.parquet", columns=["doc_id", "text"], filters=among)
    return dict(zip(table.column("doc_id").to_pylist(), table.column("text").to_pylist(), strict=True))
