"""Where a partner's documents and exclusions wait until its last delivery is read: on disk, so that memory holds one of them."""

import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from latamgpt.errors import harmless
from latamgpt.intake.delivery import Delivery
from latamgpt.intake.found import Found
from latamgpt.intake.quarantine import SetAside
from latamgpt.intake.stated import NOT_DESCRIBED, Described

MAX_PATH_CHARS = 1_200  # the longest name that is read, and a record's number
CACHE_KIB = 16_384  # of pages that SQLite keeps in memory, whatever the file grows to
TABLES = """
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = FILE;
    CREATE TABLE deliveries (number INTEGER PRIMARY KEY, id, date, agreement, country, licence, source);
    CREATE TABLE documents (
        doc_id TEXT PRIMARY KEY, delivery INTEGER, path, title, language, period, kind, ocr_confidence, text BLOB
    );
    CREATE TABLE orthographies (doc_id TEXT, orthography TEXT, text BLOB);
    CREATE TABLE records (id BLOB PRIMARY KEY, path, digest BLOB) WITHOUT ROWID;
    CREATE TABLE exclusions (doc_id, delivery TEXT, file BLOB, path TEXT, reason TEXT, detail, language, num_bytes INTEGER);
    CREATE INDEX in_order ON exclusions (delivery, path, reason);
    CREATE INDEX by_document ON orthographies (doc_id, orthography);
"""
TABLES_OF_A_DELIVERY = {"deliveries": "number", "documents": "delivery", "orthographies": "", "exclusions": ""}
"""And which column says the number that the delivery has here; '' where none does."""


@dataclass(frozen=True)
class DocumentRow:
    """A document that may be used, with what its delivery says of it."""

    doc_id: str
    delivery: str
    delivery_date: date
    agreement: str
    path: str
    title: str
    country: str
    language: str
    licence: str
    source: str
    period: str
    kind: str
    ocr_confidence: float | None  # as in the table of documents
    text: bytes  # in UTF-8


@dataclass(frozen=True)
class ExclusionRow:
    """What was set aside, in words that are harmless to show."""

    doc_id: str
    delivery: str  # '' for what lies beside the deliveries
    path: str
    reason: str
    detail: str
    language: str
    num_bytes: int


class RowsOnDisk:
    """The rows of one run of the stage, in a database of its own."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._delivery = 0

    @contextmanager
    def delivery(self, delivery: Delivery, country: str) -> Generator[None]:
        """The rows of one delivery: all of them, or none where the block ends with an error."""
        said = (delivery.id, delivery.date.isoformat(), delivery.agreement, country, delivery.licence, delivery.source)
        self._database.execute("BEGIN")
        try:
            insert = "INSERT INTO deliveries (id, date, agreement, country, licence, source) VALUES (?, ?, ?, ?, ?, ?)"
            self._delivery = self._database.execute(insert, said).lastrowid or 0
            yield
            self._database.execute("DELETE FROM records")
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def first_with(self, doc_id: str) -> str:
        """The path of the document that has this id; '' where none has it yet."""
        row = self._database.execute("SELECT path FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
        return row[0] if row else ""

    def keep(self, doc_id: str, found: Found, language: str, described: Described = NOT_DESCRIBED) -> None:
        """Add a document."""
        text = found.text.encode("utf-8")
        values = (doc_id, self._delivery, found.path, found.title, language, described.period, described.kind)
        self._database.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, found.confidence, text))
        others = [(doc_id, name, other.encode("utf-8")) for name, other in found.orthographies]
        self._database.executemany("INSERT INTO orthographies VALUES (?, ?, ?)", others)

    def remember(self, doc_id: str, path: str) -> None:
        """Add the id of a document that is known and not used, such as a withdrawn one."""
        self._database.execute("INSERT INTO documents (doc_id, path) VALUES (?, ?)", (doc_id, path))

    def other_text_of(self, found: Found) -> str:
        """The path of the delivery's first record with the same id, where another text stands in it; else ''."""
        key, digest = found.record_id.encode("utf-8"), sha256(found.text.encode("utf-8")).digest()
        row = self._database.execute("SELECT path, digest FROM records WHERE id = ?", (key,)).fetchone()
        if row is None:
            self._database.execute("INSERT INTO records VALUES (?, ?, ?)", (key, found.path, digest))
            return ""
        return "" if row[1] == digest else row[0]

    def set_aside(self, delivery: str, item: SetAside) -> None:
        """Add an exclusion."""
        file, path = item.path.encode("utf-8", "surrogatepass"), harmless(item.path, MAX_PATH_CHARS)
        values = (item.doc_id, delivery, file, path, str(item.reason), harmless(item.detail), item.language, item.num_bytes)
        self._database.execute("INSERT INTO exclusions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def files_set_aside(self) -> Iterator[tuple[str, str]]:
        """Path as the delivery has it, and reason, of every exclusion."""
        for file, reason in self._database.execute("SELECT file, reason FROM exclusions ORDER BY rowid"):
            yield file.decode("utf-8", "surrogatepass"), reason

    def mark(self) -> dict[str, int]:
        """Where the next delivery's rows begin."""
        return {table: self._last(table) for table in TABLES_OF_A_DELIVERY}

    def _last(self, table: str) -> int:
        return self._database.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0

    def copy_to(self, path: Path, first: Mapping[str, int]) -> None:
        """Write the rows of one delivery, those behind a mark, into a database of their own."""
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.executescript(TABLES)
        with self._beside(path):
            for table, rowid in first.items():
                self._database.execute(
                    f"INSERT INTO beside.{table} SELECT * FROM {table} WHERE rowid > ? ORDER BY rowid", (rowid,)
                )

    def take_from(self, path: Path) -> None:
        """Add the rows of a delivery that `copy_to` wrote."""
        with self._beside(path):
            self._database.execute("BEGIN")
            number = self._last("deliveries") + 1
            for table, reference in TABLES_OF_A_DELIVERY.items():
                names = [row[1] for row in self._database.execute(f"PRAGMA table_info({table})")]
                values = [f"iif({name} IS NULL, NULL, {number})" if name == reference else name for name in names]
                self._database.execute(f"INSERT INTO {table} SELECT {', '.join(values)} FROM beside.{table} ORDER BY rowid")
            self._database.execute("COMMIT")

    @contextmanager
    def _beside(self, path: Path) -> Generator[None]:
        self._database.execute("ATTACH ? AS beside", (str(path),))
        try:
            yield
        finally:
            self._database.execute("DETACH beside")

    def documents(self) -> Iterator[DocumentRow]:
        """All documents, sorted by id."""
        rows = self._database.execute(
            "SELECT doc_id, id, date, agreement, path, title, country, language, licence, source, period, kind, ocr_confidence, "
            "text FROM documents CROSS JOIN deliveries WHERE deliveries.number = documents.delivery ORDER BY doc_id"
        )
        for doc_id, delivery, day, *others in rows:
            yield DocumentRow(doc_id, delivery, date.fromisoformat(day), *others)

    def orthographies(self) -> Iterator[tuple[str, str, bytes]]:
        """Id of a document, name of another spelling, and its text in UTF-8; sorted by both."""
        yield from self._database.execute("SELECT doc_id, orthography, text FROM orthographies ORDER BY doc_id, orthography")

    def exclusions(self) -> Iterator[ExclusionRow]:
        """All exclusions, sorted by delivery, path and reason."""
        rows = self._database.execute(
            "SELECT doc_id, delivery, path, reason, detail, language, num_bytes FROM exclusions "
            "ORDER BY delivery, path, reason, rowid"
        )
        for row in rows:
            yield ExclusionRow(*row)


@contextmanager
def rows_on_disk(folder: Path | None = None) -> Generator[RowsOnDisk]:
    """No rows yet, below a folder (else the system's for passing files); nothing of them is left there when the block ends."""
    with (
        TemporaryDirectory(prefix="rows-", dir=folder) as place,
        closing(sqlite3.connect(Path(place) / "rows.sqlite", isolation_level=None)) as database,
    ):
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        database.executescript(TABLES)
        yield RowsOnDisk(database)
