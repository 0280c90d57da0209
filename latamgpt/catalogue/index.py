"""The corpus' full-text index: SQLite's FTS5 under var/, of this machine, made again whenever the corpus is another.

It holds which words stand where in which document, and not the text: excerpts are read from the corpus. Its name is a hash of the
corpus, of what was withdrawn since, and of how it is built; a manifest beside it says that it is whole.
"""

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from latamgpt.catalogue.quoting import Gone
from latamgpt.catalogue.words import words_of
from latamgpt.errors import OperatorError
from latamgpt.progress import follow
from latamgpt.store import Workspace, digest_of, held, verify, write_manifest

PLACE = "var/corpus_index"
NAME = "index.sqlite"
FORMAT = 1  # another number makes every index again: raise it with the schema or with what a word is
ROWS_PER_BATCH = 256
KEPT = ("doc_id", "partner", "delivery", "agreement", "licence", "language", "country", "path", "title")

SCHEMA = f"""
    CREATE TABLE documents (number INTEGER PRIMARY KEY, {", ".join(f"{name} TEXT NOT NULL" for name in KEPT)});
    CREATE VIRTUAL TABLE words USING fts5(folded, content='', tokenize='ascii');
    """
"""The ascii tokenizer cuts at what is neither a letter nor a digit of ASCII and keeps all else: words come to it already cut."""


@contextmanager
def opened(workspace: Workspace, corpus: Path, gone: Gone) -> Generator[sqlite3.Connection]:
    """The index of the corpus without what is gone, made first where there is none or it is damaged; to read only."""
    key = hashlib.sha256(orjson.dumps([FORMAT, digest_of(corpus), gone.fingerprint()])).hexdigest()
    folder = workspace.root / PLACE / key[:16]
    with held(workspace.root, "corpus_index"):
        if not _is_whole(folder):
            _make(workspace, corpus / "documents.parquet", folder, gone)
        connection = sqlite3.connect(f"{(folder / NAME).resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    with closing(connection):
        connection.row_factory = sqlite3.Row
        yield connection


def _is_whole(folder: Path) -> bool:
    try:
        verify(folder)
    except OperatorError:
        return False
    return True


def _make(workspace: Workspace, documents: Path, folder: Path, gone: Gone) -> None:
    waiting = workspace.root / "var" / "unpublished"
    waiting.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="corpus_index-", dir=waiting))
    try:
        _write(documents, draft / NAME, gone)
        write_manifest(draft, "corpus_index", folder.name)
        shutil.rmtree(folder.parent, ignore_errors=True)  # those of other corpora, and a damaged one
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(folder)
    except (sqlite3.OperationalError, OSError) as error:
        raise OperatorError(
            f"the corpus' index could not be written into {folder}: {error}. Without it nothing is found. Free some space, or "
            "use a Python whose SQLite has FTS5 (`no such module: fts5` says that this one's has not), and search again."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(documents: Path, path: Path, gone: Gone) -> None:
    with (
        pq.ParquetFile(documents) as source,
        closing(sqlite3.connect(path)) as connection,
        follow("corpus index", "", "documents", source.metadata.num_rows) as progress,
    ):
        connection.executescript(SCHEMA)
        number = 0
        for batch in source.iter_batches(ROWS_PER_BATCH, columns=[*KEPT, "text"]):
            for row in batch.to_pylist():
                if not gone.holds(row):
                    number += 1
                    values = (number, *(row[name] for name in KEPT))
                    connection.execute(f"INSERT INTO documents VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
                    folded = " ".join((*words_of(row["title"]), *words_of(row["text"])))
                    connection.execute("INSERT INTO words (rowid, folded) VALUES (?, ?)", (number, folded))
            progress.advance(batch.num_rows)
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.commit()
