"""Stage `corpus`: all partners' clean documents as one, rights checked again, without evaluation items, duplicates and plants."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.curation.by_delivery import by_delivery, listed
from latamgpt.curation.choosing import Choice, GaveWay, choose
from latamgpt.curation.clean_tables import CleanDocuments
from latamgpt.curation.corpus_tables import corpus_tables
from latamgpt.curation.decontamination import REASON as EVALUATION_ITEM
from latamgpt.curation.decontamination import Decontamination, decontaminate, explain_matches, tables_of
from latamgpt.curation.duplicates import DUPLICATE_SCHEMA, Kind
from latamgpt.curation.evaluation_sets import read_items
from latamgpt.curation.hidden_text import Finding, find_hidden
from latamgpt.errors import OperatorError
from latamgpt.governance.withdrawals import REASON, explain, read_withdrawn
from latamgpt.params import Params, RightsParams
from latamgpt.progress import follow
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Report, Table
from latamgpt.registry.breadth import Breadth, breadth
from latamgpt.registry.edges import Terms
from latamgpt.registry.partners import Edge, Institution, Purpose, read_institution
from latamgpt.registry.rights import Ruling, rule
from latamgpt.store import Workspace, must_have_passed, read_table, rows_to_table, write_report
from latamgpt.table_format import parts_writer, write_table
from latamgpt.table_parts import having, rows_of, without

STAGE = "corpus"
TEXTS_AT_ONCE = 256
REASONS = {Kind.EXACT: "exact_duplicate", Kind.NEAR: "near_duplicate"}


def run(workspace: Workspace, params: Params) -> Report:
    """Join, check rights, drop evaluation items, duplicates and plants; publish the corpus, exclusions, and who gave way to whom.

    Memory holds a line for each document, all signatures while duplicates are looked for, and of texts a row group at a time.

    Raises:
        OperatorError: a partner's documents gate did not pass, an evaluation set cannot be read, or no document is left.
    """
    items = read_items(workspace.root)
    for partner in params.partners:
        must_have_passed(workspace, "documents_gate", partner)
    documents, exclusions = _gather(workspace, params.partners)
    index = documents.index()
    institutions = {name: read_institution(workspace.root, name) for name in index["partner"].unique().to_pylist()}
    permitted, refused = check_rights(workspace, index, institutions, params.rights)
    texts = documents.rows(set(permitted["doc_id"].to_pylist()), ("doc_id", "text"))
    contamination = decontaminate(texts, items, params.corpus.decontamination)
    honest, holding = _split(permitted, contamination)
    hidden = find_hidden_texts(workspace, params.partners)
    choice = choose(documents, honest, hidden, params.corpus, find_breadths(honest, institutions, params.rights))
    if choice.kept.num_rows == 0:
        raise OperatorError(
            f"the corpus of {len(params.partners)} partners is empty: {index.num_rows:,} clean documents came in, "
            f"{len(refused):,} of them are not permitted, {len(holding):,} hold evaluation items, "
            f"{len(choice.flags):,} look planted. There is nothing to train on. Look at the exclusions in data/documents "
            "and data/clean_documents, and at the agreements in partners/."
        )
    dropped = [*refused, *holding, *_exclusions(permitted, choice)]
    everything = pa.concat_tables([exclusions, rows_to_table(dropped, EXCLUSION_SCHEMA)])
    everything = everything.sort_by(
        [(name, "ascending") for name in ("partner", "delivery", "path", "stage", "reason", "doc_id")]
    )
    deliveries = listed({partner: workspace.report("documents", partner) for partner in params.partners})
    with workspace.publish(STAGE) as target:
        with parts_writer(target / "documents.parquet", CLEAN_DOCUMENT_SCHEMA) as file:
            for part in documents.rows(set(choice.kept["doc_id"].to_pylist())):
                file.add(part)
        write_table(target / "exclusions.parquet", everything)
        duplicates = _duplicate_table(choice.duplicates)
        write_table(target / "duplicates.parquet", duplicates)
        tables = (
            by_delivery(deliveries, choice.kept, everything),
            _across_partners(permitted, choice.duplicates),
            *tables_of(contamination, items, permitted),
            *corpus_tables(workspace.root, choice.kept, everything, duplicates),
        )
        return write_report(target, describe(index.num_rows, choice.kept, everything, tables))


def check_rights(
    workspace: Workspace, documents: pa.Table, institutions: Mapping[str, Institution], rights: RightsParams
) -> tuple[pa.Table, list[dict[str, object]]]:
    """The documents that may still be trained on, and exclusions for the others: an agreement can end between two stages."""
    withdrawn = {partner: read_withdrawn(workspace.root, partner) for partner in institutions}
    permitted: list[bool] = []
    refused: list[dict[str, object]] = []
    columns = documents.select(["doc_id", "partner", "delivery", "agreement", "path", "licence", "language", "num_bytes"])
    for row in rows_of(columns):
        partner = row["partner"]
        ruling = rule(institutions[partner], row["agreement"], row["licence"], Purpose.TRAIN, rights.as_of, edge=Edge.CORPUS)
        tombstone = withdrawn[partner].find(row["delivery"], row["doc_id"])
        if tombstone is not None:
            ruling = Ruling(False, REASON, explain(tombstone))
        permitted.append(ruling.permitted)
        if not ruling.permitted:
            refused.append(_exclusion(row, ruling.reason, ruling.detail))
    return (documents.filter(pa.array(permitted, pa.bool_())) if refused else documents), refused


def find_breadths(documents: pa.Table, institutions: Mapping[str, Institution], rights: RightsParams) -> dict[Terms, Breadth]:
    """How broad the rights are under each of the terms that the documents came under."""
    columns = (documents.column(name).to_pylist() for name in ("partner", "agreement", "licence"))
    terms = {Terms(*one) for one in zip(*columns, strict=True)}
    return {one: breadth(institutions[one.partner], one.agreement, one.licence, rights.as_of) for one in terms}


def find_hidden_texts(workspace: Workspace, partners: Iterable[str]) -> dict[str, Finding]:
    """What is hidden in documents as they were delivered, by id: cleaning takes invisible characters out."""
    found: dict[str, Finding] = {}
    for partner in partners:
        with pq.ParquetFile(workspace.read("documents", partner) / "documents.parquet") as file:
            for batch in file.iter_batches(TEXTS_AT_ONCE, columns=["doc_id", "text"]):
                for row in batch.to_pylist():
                    if (finding := find_hidden(row["text"])) is not None:
                        found[row["doc_id"]] = finding
    return found


def _gather(workspace: Workspace, partners: Iterable[str]) -> tuple[CleanDocuments, pa.Table]:
    documents: list[Path] = []
    exclusions: list[pa.Table] = [EXCLUSION_SCHEMA.empty_table()]
    names = list(partners)
    with follow(STAGE, "", "partners", len(names)) as progress:
        for partner in names:
            clean = workspace.read("clean_documents", partner)
            documents.append(clean / "documents.parquet")
            exclusions.append(read_table(clean / "exclusions.parquet", EXCLUSION_SCHEMA))
            source = workspace.read("documents", partner)
            exclusions.append(read_table(source / "exclusions.parquet", EXCLUSION_SCHEMA))
            progress.advance(note=partner)
    return CleanDocuments(documents), pa.concat_tables(exclusions)


def _split(documents: pa.Table, contamination: Decontamination) -> tuple[pa.Table, list[dict[str, object]]]:
    """The documents without an evaluation item, and exclusions for the others."""
    matches = contamination.by_document()
    columns = having(documents, matches).select(["doc_id", "partner", "delivery", "path", "language", "num_bytes"])
    rows = [_exclusion(row, EVALUATION_ITEM, explain_matches(matches[row["doc_id"]])) for row in columns.to_pylist()]
    return without(documents, matches), rows


def _exclusions(documents: pa.Table, choice: Choice) -> list[dict[str, object]]:
    named = _named(choice.duplicates) | choice.flags.keys()
    columns = having(documents, named).select(["doc_id", "partner", "delivery", "path", "language", "num_bytes"])
    rows = {row["doc_id"]: row for row in columns.to_pylist()}
    dropped = [_exclusion(rows[one.dropped], REASONS[one.kind], _which(one, rows[one.kept])) for one in choice.duplicates]
    return [*dropped, *(_exclusion(rows[doc_id], flag.reason, flag.detail) for doc_id, flag in choice.flags.items())]


def _named(duplicates: Iterable[GaveWay]) -> set[str]:
    return {doc_id for one in duplicates for doc_id in (one.dropped, one.kept)}


def _which(duplicate: GaveWay, kept: dict[str, object]) -> str:
    words = "the same text as" if duplicate.kind is Kind.EXACT else f"{duplicate.similarity:.0%} alike with"
    return f"{words} {kept['path']} of {kept['partner']}/{kept['delivery']}, preferred for its {duplicate.reason}"


def _duplicate_table(duplicates: Sequence[GaveWay]) -> pa.Table:
    gave_way = Counter(one.kept for one in duplicates)
    rows: list[dict[str, object]] = [
        {
            "doc_id": one.dropped,
            "kept_doc_id": one.kept,
            "kind": str(one.kind),
            "similarity": one.similarity,
            "reason": str(one.reason),
            "cluster_size": 1 + gave_way[one.kept],
        }
        for one in duplicates
    ]
    return rows_to_table(sorted(rows, key=lambda row: str(row["doc_id"])), DUPLICATE_SCHEMA)


def _exclusion(row: dict[str, object], reason: str, detail: str) -> dict[str, object]:
    copied = {name: row[name] for name in ("doc_id", "partner", "delivery", "path", "language", "num_bytes")}
    return {**copied, "stage": STAGE, "reason": reason, "detail": detail}


def _across_partners(documents: pa.Table, duplicates: Sequence[GaveWay]) -> Table:
    rows = having(documents, _named(duplicates))
    partner_of = dict(zip(rows["doc_id"].to_pylist(), rows["partner"].to_pylist(), strict=True))
    counts = Counter((partner_of[one.dropped], partner_of[one.kept], str(one.kind)) for one in duplicates)
    counted = tuple((*pair, counts[pair]) for pair in sorted(counts))
    return Table(name="duplicates by partner", columns=("dropped from", "kept at", "kind", "documents"), rows=counted)


def describe(num_read: int, kept: pa.Table, exclusions: pa.Table, tables: tuple[Table, ...]) -> Report:
    """What a person wants to know of the corpus, in counts and small tables."""
    num_bytes = sum(kept["num_bytes"].to_pylist())
    num_languages, num_countries, num_partners = (len(kept[name].unique()) for name in ("language", "country", "partner"))
    return Report(
        stage=STAGE,
        summary=f"kept {kept.num_rows:,} of {num_read:,} documents ({kept.num_rows / num_read:.1%}), {num_bytes:,} bytes in "
        f"{num_languages} languages from {num_countries} countries",
        counts={
            "documents_read": num_read,
            "documents": kept.num_rows,
            "bytes": num_bytes,
            "languages": num_languages,
            "countries": num_countries,
            "partners": num_partners,
            "exclusions": exclusions.num_rows,
        },
        metrics={"keep_rate": round(kept.num_rows / num_read, 4)},
        tables=(
            *(_counted(kept, column) for column in ("language", "country", "variety", "partner")),
            _counted(kept, "country", "language"),
            _drops(exclusions),
            *tables,
        ),
    )


def _counted(documents: pa.Table, *columns: str) -> Table:
    num_docs: Counter[tuple[str, ...]] = Counter()
    num_bytes: Counter[tuple[str, ...]] = Counter()
    for row in rows_of(documents.select([*columns, "num_bytes"])):
        group = tuple(str(row[column]) for column in columns)
        num_docs[group] += 1
        num_bytes[group] += int(str(row["num_bytes"]))
    counted = tuple((*group, num_docs[group], num_bytes[group]) for group in sorted(num_docs))
    return Table(name=f"documents per {' and '.join(columns)}", columns=(*columns, "documents", "bytes"), rows=counted)


def _drops(exclusions: pa.Table) -> Table:
    counts = Counter(
        (row["stage"], row["reason"], row["partner"]) for row in rows_of(exclusions.select(["stage", "reason", "partner"]))
    )
    rows = tuple((*group, counts[group]) for group in sorted(counts))
    return Table(name="exclusions per reason", columns=("stage", "reason", "partner", "items"), rows=rows)
