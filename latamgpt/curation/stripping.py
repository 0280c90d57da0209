"""A partner's clean documents without its boilerplate: what changed is measured and judged anew, what was taken is counted."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from latamgpt.curation.boilerplate import Repeated, RepeatedLine, describe_lines, frequent_lines, held_lines
from latamgpt.curation.cleaning import PUBLISHED, Row, exclusion, known_variety, variety_tag, with_text
from latamgpt.curation.machine_made import judge_machine_made
from latamgpt.curation.personal_data.masking import mask
from latamgpt.curation.personal_data.minors import count_minors
from latamgpt.curation.quality import Drop, asks_people, judge, measure, thresholds_for
from latamgpt.curation.toxicity import TOXIC, judge_toxicity
from latamgpt.curation.unchanged import DIGEST_BYTES, INPUT_SCHEMA, Made, Shelf, find_earlier, keep_outcome
from latamgpt.params import CleanDocumentsParams, QualityThresholds
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Table
from latamgpt.store import rows_to_table
from latamgpt.table_format import Packing, parts_writer, write_table
from latamgpt.table_parts import having, merged, without

BOILERPLATE_SCHEMA = pa.schema(
    [
        pa.field("line_sha256", pa.string(), nullable=False),  # of `line`
        pa.field("line", pa.string(), nullable=False),  # in small letters, numbers as 0
        pa.field("num_docs", pa.int64(), nullable=False),  # that hold it
        pa.field("num_docs_without", pa.int64(), nullable=False),  # from which it was taken
    ]
)
"""What was taken out of a partner's documents, with its words: nothing is lost in silence."""
ID_CHARS = 16  # of a line's hash in a report
LINES_SHOWN = 20
TAKEN_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("lines", pa.list_(pa.uint64()), nullable=False),  # hashes, each once
        pa.field("num_bytes", pa.int64(), nullable=False),  # that the document is shorter by
    ]
)
STRIPPED = {
    "documents": CLEAN_DOCUMENT_SCHEMA,
    "exclusions": EXCLUSION_SCHEMA,
    "undetermined": DOCUMENT_SCHEMA,  # with all their lines
    "taken": TAKEN_SCHEMA,
}
"""What comes of the documents that hold repeated lines; one from which none is taken is in no table. Kept for the next time."""
DOCS_AT_ONCE = 256


@dataclass
class Boilerplate:
    """What was taken, and from how many documents."""

    lines: Mapping[int, RepeatedLine]  # all that repeat, by hash
    num_docs_without: Counter[int] = field(default_factory=Counter[int])  # by hash, of lines that were taken
    num_docs: int = 0
    num_bytes: int = 0

    def add(self, taken: pa.Table) -> None:
        """Count rows of TAKEN_SCHEMA."""
        self.num_docs_without.update(taken["lines"].combine_chunks().flatten().to_pylist())
        self.num_docs += taken.num_rows
        self.num_bytes += sum(taken["num_bytes"].to_pylist())

    def taken(self) -> list[tuple[RepeatedLine, int]]:
        """The lines that were taken, sorted by their words, and from how many documents."""
        return sorted(((self.lines[one], number) for one, number in self.num_docs_without.items()), key=lambda one: one[0].line)

    def table(self) -> pa.Table:
        """Rows of BOILERPLATE_SCHEMA, sorted by line."""
        rows: list[Row] = [
            {"line_sha256": one.sha256, "line": one.line, "num_docs": one.num_docs, "num_docs_without": number}
            for one, number in self.taken()
        ]
        return rows_to_table(rows, BOILERPLATE_SCHEMA)

    def summary(self) -> Table:
        """The lines taken most often, for a report, which holds no text: named as boilerplate.parquet does."""
        ordered = sorted(self.taken(), key=lambda one: (-one[1], one[0].sha256))[:LINES_SHOWN]
        rows = tuple((one.sha256[:ID_CHARS], one.num_docs, number) for one, number in ordered)
        return Table(name="boilerplate", columns=("line", "documents with it", "taken from"), rows=rows)


@dataclass(frozen=True)
class Stripping:
    """How a partner's documents are judged once its repeated lines are out."""

    repeated: Repeated
    params: CleanDocumentsParams
    quality: Mapping[str, QualityThresholds]


def take_boilerplate(
    cleaned: Made,
    inputs: pa.Table,
    target: Path,
    shelf: Shelf,
    params: CleanDocumentsParams,
    quality: Mapping[str, QualityThresholds],
) -> Boilerplate:
    """Publish the stage's tables without the lines that kept documents repeat.

    A document whose rest is dropped is excluded, and waits for people where they decide. Only documents that hold such a line are
    looked at, and of these only the ones for which it was not done before: what comes of a document hangs on its own text and on
    which of its lines repeat.

    Args:
        cleaned: the tables of WORKED.
        inputs: of all documents, rows of unchanged.INPUT_SCHEMA.
        target: where the tables of PUBLISHED and boilerplate.parquet are written.
        shelf: where the tables of STRIPPED are kept.
        params: how documents are cleaned.
        quality: thresholds per language.
    """
    repeated = find_in(cleaned, params)
    earlier = find_earlier(shelf, _held(cleaned, repeated, inputs))
    boilerplate = Boilerplate(repeated.lines)
    with TemporaryDirectory(dir=target) as scratch:
        fresh, new = Path(scratch), without(earlier.inputs, earlier.run_of)
        strip_into(fresh, cleaned, set(new["doc_id"].to_pylist()), Stripping(repeated, params, quality))
        stripped = earlier.beside(fresh)
        for part in stripped.rows("taken"):
            boilerplate.add(part)
        _publish(cleaned, stripped, target)
        keep_outcome(earlier, fresh)
    write_table(target / "boilerplate.parquet", boilerplate.table())
    return boilerplate


def find_in(cleaned: Made, params: CleanDocumentsParams) -> Repeated:
    """The lines that a partner's kept documents repeat, with their words: of each line from the first document that holds it."""
    counts = frequent_lines(lambda: (part["lines"] for part in cleaned.rows("lines")), params.boilerplate)
    first: dict[int, str] = {}
    for part in cleaned.rows("lines") if counts else ():
        for doc_id, held_R in held_lines(part, counts):
            first.update((one, doc_id) for one in held_R.tolist() if one not in first)
        if len(first) == len(counts):
            break
    texts = _texts(cleaned, set(first.values())) if first else ()
    return describe_lines(texts, counts, params.boilerplate)


def _texts(cleaned: Made, doc_ids: Collection[str]) -> Iterator[str]:
    last = max(doc_ids)
    for part in cleaned.rows("documents", ["doc_id", "text"]):
        yield from having(part, doc_ids)["text"].to_pylist()
        if part["doc_id"][-1].as_py() >= last:
            return


def _held(cleaned: Made, repeated: Repeated, inputs: pa.Table) -> pa.Table:
    """The documents that hold repeated lines: rows of INPUT_SCHEMA, of all that what is left of them hangs on."""
    held: dict[str, bytes] = {}
    for part in cleaned.rows("lines") if repeated.lines else ():
        held.update((doc_id, _digest(held_R.tobytes())) for doc_id, held_R in held_lines(part, repeated.lines))
    mine = having(inputs, held)
    doc_ids, digests = mine["doc_id"].to_pylist(), mine["digest"].to_pylist()
    both = [_digest(digest + held[doc_id]) for doc_id, digest in zip(doc_ids, digests, strict=True)]
    return pa.table({"doc_id": mine["doc_id"], "digest": pa.array(both, pa.binary(DIGEST_BYTES))}, INPUT_SCHEMA)


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=DIGEST_BYTES).digest()


def strip_into(folder: Path, cleaned: Made, doc_ids: Collection[str], stripping: Stripping) -> None:
    """Write the tables of STRIPPED for some documents."""
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(parts_writer(folder / f"{name}.parquet", schema, Packing.PASSING))
            for name, schema in STRIPPED.items()
        }
        for part in cleaned.rows("documents") if doc_ids else ():
            for some in having(part, doc_ids).to_batches(DOCS_AT_ONCE):
                for name, rows in _strip(some.to_pylist(), stripping).items():
                    files[name].add(rows_to_table(rows, STRIPPED[name]))


def _strip(rows: Iterable[Row], stripping: Stripping) -> dict[str, list[Row]]:
    """The rows of the tables of STRIPPED."""
    found: dict[str, list[Row]] = {name: [] for name in STRIPPED}
    for row in rows:
        stripped = strip_row(row, stripping)
        if stripped is None:
            continue
        found["taken"].append({"doc_id": row["doc_id"], "lines": stripped.taken, "num_bytes": stripped.num_bytes})
        if isinstance(stripped.left, Drop):
            language = str(row["language"])
            found["exclusions"].append(exclusion(row, stripped.left.reason, stripped.left.detail, language))
            if stripped.left.reason == TOXIC or asks_people(stripped.left, stripping.quality, language):
                found["undetermined"].append({name: row[name] for name in DOCUMENT_SCHEMA.names})
        else:
            found["documents"].append(stripped.left)
    return found


def _publish(cleaned: Made, stripped: Made, target: Path) -> None:
    """The tables of PUBLISHED: what was stripped in place of what it was, and nothing of what was dropped among the kept."""
    dropped = {doc_id for part in stripped.rows("exclusions", ["doc_id"]) for doc_id in part["doc_id"].to_pylist()}
    shorter = {doc_id for part in stripped.rows("taken", ["doc_id"]) for doc_id in part["doc_id"].to_pylist()}
    gone = {"documents": shorter, "personal_data": dropped}
    for name, schema in PUBLISHED.items():
        with parts_writer(target / f"{name}.parquet", schema) as file:
            before = {path: left_out | gone.get(name, set()) for path, left_out in cleaned.files(name).items()}
            anew = stripped.files(name) if name in STRIPPED else {}
            for part in merged([*before, *anew], but={**before, **anew}):
                file.add(part)


@dataclass(frozen=True)
class Stripped:
    """One document without repeated lines."""

    left: Row | Drop  # a row of CLEAN_DOCUMENT_SCHEMA, or why what is left is dropped
    taken: tuple[int, ...]  # hashes of lines
    num_bytes: int


def strip_row(row: Row, stripping: Stripping) -> Stripped | None:
    """One clean document without repeated lines; None where it keeps all of its lines.

    A line stays where it parts words that together would name a person: they were looked for before it was gone. The language,
    how sure the model is of it and the second language stay what they were with the line.
    """
    text, params = str(row["text"]), stripping.params
    stripped = stripping.repeated.strip(text)
    if not stripped.taken or mask(stripped.text).counts or count_minors(stripped.text):
        return None
    num_bytes = len(text.encode("utf-8")) - len(stripped.text.encode("utf-8"))
    language = str(row["language"])
    measures = measure(stripped.text)
    drop = (
        judge(measures, thresholds_for(stripping.quality, language), language)
        or judge_machine_made(stripped.text, params)
        or judge_toxicity(stripped.text, known_variety(row, language), params)
    )
    if drop is not None:
        why = f"{drop.detail}, once lines that many documents of {row['partner']} repeat are out"
        return Stripped(replace(drop, detail=why), stripped.taken, num_bytes)
    described = row | {"variety": variety_tag(row, language, stripped.text)}
    return Stripped(with_text(described, stripped.text, measures, params), stripped.taken, num_bytes)
