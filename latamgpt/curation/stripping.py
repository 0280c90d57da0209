"""A partner's clean documents without its boilerplate: what changed is measured and judged anew, what was taken is counted."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.curation.boilerplate import Repeated, RepeatedLine, describe_lines, frequent_lines, holding
from latamgpt.curation.cleaning import PUBLISHED, Row, exclusion, known_variety, variety_tag, with_text
from latamgpt.curation.machine_made import judge_machine_made
from latamgpt.curation.personal_data.masking import mask
from latamgpt.curation.personal_data.minors import count_minors
from latamgpt.curation.quality import Drop, asks_people, judge, measure, thresholds_for
from latamgpt.curation.toxicity import TOXIC, judge_toxicity
from latamgpt.params import CleanDocumentsParams, QualityThresholds
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, DOCUMENT_SCHEMA, Table
from latamgpt.store import rows_to_table, write_table
from latamgpt.table_parts import having, merged, parts_writer, without

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


@dataclass
class Gone:
    """What is kept no longer once repeated lines are out; the undetermined are in both lists."""

    excluded: list[Row] = field(default_factory=list[Row])  # EXCLUSION_SCHEMA
    undetermined: list[Row] = field(default_factory=list[Row])  # DOCUMENT_SCHEMA, with all their lines

    def of(self, table: str) -> list[Row]:
        """What one of PUBLISHED gets, sorted by doc_id."""
        rows = {"exclusions": self.excluded, "undetermined": self.undetermined}.get(table, [])
        return sorted(rows, key=lambda row: str(row["doc_id"]))


@dataclass
class Boilerplate:
    """What was taken, and from how many documents."""

    lines: dict[str, RepeatedLine] = field(default_factory=dict[str, RepeatedLine])
    num_docs_without: Counter[str] = field(default_factory=Counter[str])  # by line
    num_docs: int = 0
    num_bytes: int = 0

    def add(self, taken: tuple[RepeatedLine, ...], num_bytes: int) -> None:
        """Count what was taken from one document."""
        self.lines |= {one.line: one for one in taken}
        self.num_docs_without.update(one.line for one in taken)
        self.num_docs += 1
        self.num_bytes += num_bytes

    def table(self) -> pa.Table:
        """Rows of BOILERPLATE_SCHEMA, sorted by line."""
        rows: list[Row] = [
            {
                "line_sha256": self.lines[line].sha256,
                "line": line,
                "num_docs": self.lines[line].num_docs,
                "num_docs_without": self.num_docs_without[line],
            }
            for line in sorted(self.lines)
        ]
        return rows_to_table(rows, BOILERPLATE_SCHEMA)

    def summary(self) -> Table:
        """The lines taken most often, for a report, which holds no text: named as boilerplate.parquet does."""
        ordered = sorted(self.lines.values(), key=lambda one: (-self.num_docs_without[one.line], one.sha256))[:LINES_SHOWN]
        rows = tuple((one.sha256[:ID_CHARS], one.num_docs, self.num_docs_without[one.line]) for one in ordered)
        return Table(name="boilerplate", columns=("line", "documents with it", "taken from"), rows=rows)


def take_boilerplate(
    source: Path, target: Path, params: CleanDocumentsParams, quality: Mapping[str, QualityThresholds]
) -> Boilerplate:
    """Move the stage's tables from one folder to another, without the lines that kept documents repeat.

    A document whose rest is dropped is excluded, and waits for people where they decide. Only documents that hold such a line are
    looked at.
    """
    counts = frequent_lines(lambda: _columns(source / "lines.parquet", "lines"), params.boilerplate)
    holders = _holders(source / "lines.parquet", counts) if counts else set[str]()
    boilerplate = Boilerplate()
    gone = Gone()
    texts = (text for part in _rows_of(source / "documents.parquet", holders) for text in part["text"].to_pylist())
    repeated = describe_lines(texts if holders else (), counts, params.boilerplate)
    strip = partial(strip_row, repeated=repeated, params=params, quality=quality, boilerplate=boilerplate)
    with parts_writer(target / "documents.parquet", CLEAN_DOCUMENT_SCHEMA) as file:
        for part in merged([source / "documents.parquet"]):
            file.add(_strip_part(part, holders, gone, quality, strip))
    _move_rest(source, target, gone)
    write_table(target / "boilerplate.parquet", boilerplate.table())
    return boilerplate


def _columns(path: Path, column: str) -> Iterator[pa.ChunkedArray]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, [column])[column]


def _holders(path: Path, counts: Mapping[int, int]) -> set[str]:
    holders: set[str] = set()
    for part in merged([path]):
        holders.update(part.filter(pa.array(holding(part["lines"], counts)))["doc_id"].to_pylist())
    return holders


def _rows_of(path: Path, doc_ids: Collection[str]) -> Iterator[pa.Table]:
    return merged([path], ["doc_id", "text"], only={path: doc_ids})


def _strip_part(
    part: pa.Table,
    holders: Collection[str],
    gone: Gone,
    quality: Mapping[str, QualityThresholds],
    strip: Callable[[Row], Row | Drop],
) -> pa.Table:
    """A part of the kept documents with the holders stripped; those whose rest is dropped go to the lists."""
    mine = having(part, holders) if holders else part[:0]
    if not mine.num_rows:
        return part
    left: list[Row] = []
    for row in mine.to_pylist():
        found = strip(row)
        if isinstance(found, Drop):
            language = str(row["language"])
            gone.excluded.append(exclusion(row, found.reason, found.detail, language))
            if found.reason == TOXIC or asks_people(found, quality, language):
                gone.undetermined.append({name: row[name] for name in DOCUMENT_SCHEMA.names})
        else:
            left.append(found)
    return pa.concat_tables([without(part, holders), rows_to_table(left, CLEAN_DOCUMENT_SCHEMA)]).sort_by("doc_id")


def _move_rest(source: Path, target: Path, gone: Gone) -> None:
    """The other tables: exclusions and undetermined with what is gone, personal data without it."""
    for table in PUBLISHED.keys() - {"documents"}:
        path = source / f"{table}.parquet"
        if gone.excluded and table in {"exclusions", "personal_data", "undetermined"}:
            more = source / "gone.parquet"
            write_table(more, rows_to_table(gone.of(table), PUBLISHED[table]))
            lost = {str(row["doc_id"]) for row in gone.excluded} if table == "personal_data" else set[str]()
            with parts_writer(target / path.name, PUBLISHED[table]) as file:
                for part in merged([path, more]):
                    file.add(without(part, lost))
        else:
            path.rename(target / path.name)


def strip_row(
    row: Row,
    repeated: Repeated,
    params: CleanDocumentsParams,
    quality: Mapping[str, QualityThresholds],
    boilerplate: Boilerplate,
) -> Row | Drop:
    """One clean document without repeated lines, or why what is left of it is dropped; counts what was taken.

    A line stays where it parts words that together would name a person: they were looked for before it was gone. The language,
    how sure the model is of it and the second language stay what they were with the line.
    """
    text = str(row["text"])
    stripped = repeated.strip(text)
    if not stripped.taken or mask(stripped.text).counts or count_minors(stripped.text):
        return row
    boilerplate.add(stripped.taken, len(text.encode("utf-8")) - len(stripped.text.encode("utf-8")))
    language = str(row["language"])
    measures = measure(stripped.text)
    drop = (
        judge(measures, thresholds_for(quality, language), language)
        or judge_machine_made(stripped.text, params)
        or judge_toxicity(stripped.text, known_variety(row, language), params)
    )
    if drop is not None:
        return replace(drop, detail=f"{drop.detail}, once lines that many documents of {row['partner']} repeat are out")
    return with_text(row | {"variety": variety_tag(row, language, stripped.text)}, stripped.text, measures, params)
