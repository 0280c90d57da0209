"""What the corpus holds, for a terminal: the numbers of its reports, the funnel, duplicate clusters, samples of kept and dropped.

Numbers come from the reports of the stages. What names single documents (clusters, samples) is read from the corpus' own tables,
without what was withdrawn since; and words of a document are shown only where its agreement permits it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.catalogue.published import corpus_of, partners_in, texts_in
from latamgpt.catalogue.quoting import Gone, Quoting, find_gone
from latamgpt.catalogue.words import excerpt, plain
from latamgpt.curation.corpus_tables import FUNNEL, WITHDRAWN, cluster_table, draw_dropped, draw_kept
from latamgpt.custody.effect import is_published
from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import Cell, Frozen, Report, Table
from latamgpt.registry.groups import BY
from latamgpt.store import Workspace, read_table

REPORTED = ("corpus", "corpus_gate", "token_shards")
ROUNDED = 1e-5  # a gate's report rounds what it observed
NEVER_CLEANED = "dropped before personal data was masked"

Row = Mapping[str, object]


class Sample(Frozen):
    """A document that stands for others of its language, or that were dropped for its reason."""

    group: str
    doc_id: str  # '' where it was dropped before it was a document
    partner: str
    delivery: str
    path: str
    title: str = ""  # like the excerpt only where it may be published
    excerpt: str = ""
    labels: str = ""
    withheld: str = ""  # why there is no excerpt


class Holdings(Frozen):
    """All that is shown of a corpus."""

    summaries: tuple[str, ...]  # a sentence of each report
    notes: tuple[str, ...]  # what is not as it should be
    counted: tuple[Table, ...]  # documents, bytes and tokens per language, country ...
    funnel: Table
    clusters: Table
    gate: tuple[Table, ...]  # what the gate measured
    kept: tuple[Sample, ...]
    dropped: tuple[Sample, ...]


@dataclass(frozen=True)
class _Documents:
    """The corpus' rows that were not withdrawn since."""

    kept: list[Row]
    dropped: list[Row]
    duplicates: list[Row]
    num_gone: int


def show(workspace: Workspace, params: Params) -> Holdings:
    """Everything there is to show of the published corpus.

    Raises:
        OperatorError: there is no corpus, or an older program wrote its report.
    """
    folder = corpus_of(workspace)
    gone = find_gone(workspace, partners_in(folder))
    reports = {stage: workspace.report(stage) for stage in REPORTED if stage == "corpus" or is_published(workspace, stage)}
    corpus, shards, gate = reports["corpus"], reports.get("token_shards"), reports.get("corpus_gate")
    documents = _documents(folder, gone)
    quoting = Quoting(workspace, params)
    same = shards is None or _is_of(shards, corpus)
    notes: list[str] = []
    if shards is None:
        notes.append("No tokens yet: run `latamgpt stage token_shards`.")
    elif not same:
        notes.append("The token shards are of another corpus, so tokens are not shown: run `latamgpt stage token_shards`.")
    judged = gate is not None and _judges(gate, corpus)
    if gate is None:
        notes.append("The corpus was not held against its gate yet: run `latamgpt stage corpus_gate`.")
    elif not judged:
        del reports["corpus_gate"]
        notes.append(
            "The gate's verdict is of another corpus than this one, so it is not shown: run `latamgpt stage corpus_gate`. Until "
            "then nobody knows whether this one passes."
        )
    if documents.num_gone:
        notes.append(
            f"{documents.num_gone:,} documents of this corpus were withdrawn since and are not shown; the counts still hold "
            "them. Run the stages from `documents` on."
        )
    return Holdings(
        summaries=tuple(f"{stage}: {report.summary}" for stage, report in reports.items()),
        notes=tuple(notes),
        counted=tuple(_counted(corpus, shards if same else None, column) for column in BY.values()),
        funnel=_table(corpus, FUNNEL),
        clusters=cluster_table(documents.duplicates, documents.kept, documents.dropped),
        gate=gate.tables if gate and judged else (),
        kept=_samples_of_kept(folder, quoting, documents.kept),
        dropped=_samples_of_dropped(workspace, quoting, documents.dropped),
    )


def _documents(folder: Path, gone: Gone) -> _Documents:
    columns = ["doc_id", "partner", "delivery", "agreement", "licence", "path", "title", "language"]
    kept: list[Row] = pq.read_table(folder / "documents.parquet", columns=columns).to_pylist()
    dropped: list[Row] = read_table(folder / "exclusions.parquet").to_pylist()
    duplicates: list[Row] = read_table(folder / "duplicates.parquet").to_pylist()
    kept_still = [row for row in kept if not gone.holds(row)]
    dropped_still = [row for row in dropped if not gone.holds(row) and row["reason"] not in WITHDRAWN]
    known = {row["doc_id"] for row in [*kept_still, *dropped_still]}
    return _Documents(
        kept=kept_still,
        dropped=dropped_still,
        duplicates=[row for row in duplicates if {row["doc_id"], row["kept_doc_id"]} <= known],
        num_gone=len(kept) - len(kept_still),
    )


def _is_of(shards: Report, corpus: Report) -> bool:
    """Whether the shards hold the documents and bytes of this corpus, partner by partner."""
    counted = {row[0]: row[1:] for row in _table(corpus, "documents per partner").rows}
    table = next((one for one in shards.tables if one.name == "tokens per partner"), None)
    return table is not None and counted == {row[0]: (row[1], row[-1]) for row in table.rows}


def _judges(gate: Report, corpus: Report) -> bool:
    """Whether the gate counted what this corpus counts, and weighed its largest partner as this corpus does."""
    counted = all(gate.counts.get(name) in (None, corpus.counts.get(name)) for name in ("documents", "languages", "countries"))
    sizes = [int(row[2] or 0) for row in _table(corpus, "documents per partner").rows]
    largest = max(sizes, default=0) / max(sum(sizes), 1)
    weighed = [one.observed for one in gate.expectations if one.arguments.get("column") == "share"]
    return counted and all(_is_number(one, largest) for one in weighed)


def _is_number(observed: str, value: float) -> bool:
    try:
        return abs(float(observed) - value) < ROUNDED
    except ValueError:
        return False


def _counted(corpus: Report, shards: Report | None, column: str) -> Table:
    tokens: dict[Cell, tuple[Cell, ...]] = {}
    if shards is not None:
        tokens = {row[0]: (row[3], row[4]) for row in _table(shards, f"tokens per {column}").rows}
    rows = [(*row, *tokens.get(row[0], (None, None))) for row in _table(corpus, f"documents per {column}").rows]
    rows.sort(key=lambda row: (-int(row[2] or 0), str(row[0])))
    return Table(
        name=f"per {column}", columns=(column, "documents", "bytes", "train tokens", "held-out tokens"), rows=tuple(rows)
    )


def _table(report: Report, name: str) -> Table:
    for table in report.tables:
        if table.name == name:
            return table
    raise OperatorError(
        f"the report of {report.stage} has no table {name!r}: an older program wrote it, so its numbers cannot be shown. Run "
        f"`latamgpt stage {report.stage}` again."
    )


def _samples_of_kept(folder: Path, quoting: Quoting, rows: Iterable[Row]) -> tuple[Sample, ...]:
    drawn = draw_kept(rows)
    texts = texts_in(folder, _permitted(quoting, drawn))
    return tuple(_sample(quoting, str(row["language"]), row, row, texts) for row in drawn)


def _samples_of_dropped(workspace: Workspace, quoting: Quoting, rows: Iterable[Row]) -> tuple[Sample, ...]:
    """What was dropped once it was clean may be quoted like what was kept; before that, personal data still stands in it."""
    drawn = draw_dropped(rows)
    clean: dict[str, Row] = {}
    texts: dict[str, str] = {}
    for partner in sorted({str(row["partner"]) for row in drawn if row["stage"] == "corpus"}):
        wanted = {row["doc_id"] for row in drawn if row["partner"] == partner}
        columns = ["doc_id", "partner", "delivery", "agreement", "licence", "title"]
        folder = workspace.read("clean_documents", partner)
        rows_of = pq.read_table(folder / "documents.parquet", columns=columns).to_pylist()
        found: list[Row] = [row for row in rows_of if row["doc_id"] in wanted]
        clean |= {str(row["doc_id"]): row for row in found}
        texts |= texts_in(folder, _permitted(quoting, found))
    return tuple(_sample(quoting, f"{row['stage']}: {row['reason']}", row, clean.get(str(row["doc_id"])), texts) for row in drawn)


def _permitted(quoting: Quoting, rows: Iterable[Row]) -> list[str]:
    return [str(row["doc_id"]) for row in rows if quoting.ruling(row).permitted]


def _sample(quoting: Quoting, group: str, row: Row, clean: Row | None, texts: Mapping[str, str]) -> Sample:
    described = {"group": group} | {name: str(row[name]) for name in ("doc_id", "partner", "delivery", "path")}
    if clean is None:
        return Sample(**described, withheld=NEVER_CLEANED)
    text = texts.get(str(row["doc_id"]))
    if text is None:
        return Sample(**described, withheld=quoting.ruling(clean).detail)
    return Sample(**described, title=plain(str(clean["title"])), excerpt=excerpt(text), labels=quoting.labels(clean))
