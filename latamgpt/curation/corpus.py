"""Stage `corpus`: all partners' clean documents as one, rights checked again, without evaluation items, duplicates and plants."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from latamgpt.curation.by_delivery import by_delivery, listed
from latamgpt.curation.choosing import Choice, GaveWay, choose
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
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Report, Table
from latamgpt.registry.breadth import Breadth, breadth
from latamgpt.registry.edges import Terms
from latamgpt.registry.partners import Edge, Institution, Purpose, read_institution
from latamgpt.registry.rights import Ruling, rule
from latamgpt.store import Workspace, must_have_passed, read_table, rows_to_table, write_report, write_table

STAGE = "corpus"
REASONS = {Kind.EXACT: "exact_duplicate", Kind.NEAR: "near_duplicate"}


def run(workspace: Workspace, params: Params) -> Report:
    """Join, check rights, drop evaluation items, duplicates and plants; publish the corpus, exclusions, and who gave way to whom.

    Raises:
        OperatorError: a partner's documents gate did not pass, an evaluation set cannot be read, or no document is left.
    """
    items = read_items(workspace.root)
    for partner in params.partners:
        must_have_passed(workspace, "documents_gate", partner)
    documents, exclusions = _gather(workspace, params.partners)
    institutions = {name: read_institution(workspace.root, name) for name in documents["partner"].unique().to_pylist()}
    permitted, refused = check_rights(workspace, documents, institutions, params.rights)
    contamination = decontaminate(permitted, items, params.corpus.decontamination)
    honest, holding = _split(permitted, contamination)
    hidden = find_hidden_texts(workspace, params.partners)
    choice = choose(honest, hidden, params.corpus, find_breadths(honest, institutions, params.rights))
    if choice.kept.num_rows == 0:
        raise OperatorError(
            f"the corpus of {len(params.partners)} partners is empty: {documents.num_rows:,} clean documents came in, "
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
        write_table(target / "documents.parquet", choice.kept)
        write_table(target / "exclusions.parquet", everything)
        duplicates = _duplicate_table(choice.duplicates)
        write_table(target / "duplicates.parquet", duplicates)
        tables = (
            by_delivery(deliveries, choice.kept, everything),
            _across_partners(permitted, choice.duplicates),
            *tables_of(contamination, items, permitted),
            *corpus_tables(workspace.root, choice.kept, everything, duplicates),
        )
        return write_report(target, describe(documents.num_rows, choice.kept, everything, tables))


def check_rights(
    workspace: Workspace, documents: pa.Table, institutions: Mapping[str, Institution], rights: RightsParams
) -> tuple[pa.Table, list[dict[str, object]]]:
    """The documents that may still be trained on, and exclusions for the others: an agreement can end between two stages."""
    withdrawn = {partner: read_withdrawn(workspace.root, partner) for partner in institutions}
    permitted: list[bool] = []
    refused: list[dict[str, object]] = []
    columns = documents.select(["doc_id", "partner", "delivery", "agreement", "path", "licence", "language", "num_bytes"])
    for row in columns.to_pylist():
        partner = row["partner"]
        ruling = rule(institutions[partner], row["agreement"], row["licence"], Purpose.TRAIN, rights.as_of, edge=Edge.CORPUS)
        tombstone = withdrawn[partner].find(row["delivery"], row["doc_id"])
        if tombstone is not None:
            ruling = Ruling(False, REASON, explain(tombstone))
        permitted.append(ruling.permitted)
        if not ruling.permitted:
            refused.append(_exclusion(row, ruling.reason, ruling.detail))
    return documents.filter(pa.array(permitted, pa.bool_())), refused


def find_breadths(documents: pa.Table, institutions: Mapping[str, Institution], rights: RightsParams) -> dict[Terms, Breadth]:
    """How broad the rights are under each of the terms that the documents came under."""
    columns = (documents.column(name).to_pylist() for name in ("partner", "agreement", "licence"))
    terms = {Terms(*one) for one in zip(*columns, strict=True)}
    return {one: breadth(institutions[one.partner], one.agreement, one.licence, rights.as_of) for one in terms}


def find_hidden_texts(workspace: Workspace, partners: Iterable[str]) -> dict[str, Finding]:
    """What is hidden in documents as they were delivered, by id: cleaning takes invisible characters out."""
    found: dict[str, Finding] = {}
    for partner in partners:
        delivered = read_table(workspace.read("documents", partner) / "documents.parquet", DOCUMENT_SCHEMA)
        for row in delivered.select(["doc_id", "text"]).to_pylist():
            finding = find_hidden(row["text"])
            if finding is not None:
                found[row["doc_id"]] = finding
    return found


def _gather(workspace: Workspace, partners: Iterable[str]) -> tuple[pa.Table, pa.Table]:
    documents: list[pa.Table] = [CLEAN_DOCUMENT_SCHEMA.empty_table()]
    exclusions: list[pa.Table] = [EXCLUSION_SCHEMA.empty_table()]
    names = list(partners)
    with follow(STAGE, "", "partners", len(names)) as progress:
        for partner in names:
            clean = workspace.read("clean_documents", partner)
            documents.append(read_table(clean / "documents.parquet", CLEAN_DOCUMENT_SCHEMA))
            exclusions.append(read_table(clean / "exclusions.parquet", EXCLUSION_SCHEMA))
            source = workspace.read("documents", partner)
            exclusions.append(read_table(source / "exclusions.parquet", EXCLUSION_SCHEMA))
            progress.advance(note=partner)
    return pa.concat_tables(documents), pa.concat_tables(exclusions)


def _split(documents: pa.Table, contamination: Decontamination) -> tuple[pa.Table, list[dict[str, object]]]:
    """The documents without an evaluation item, and exclusions for the others."""
    matches = contamination.by_document()
    holds = pa.array([doc_id in matches for doc_id in documents.column("doc_id").to_pylist()], pa.bool_())
    columns = documents.filter(holds).select(["doc_id", "partner", "delivery", "path", "language", "num_bytes"])
    rows = [_exclusion(row, EVALUATION_ITEM, explain_matches(matches[row["doc_id"]])) for row in columns.to_pylist()]
    return documents.filter(pa.array([not one for one in holds.to_pylist()], pa.bool_())), rows


def _exclusions(documents: pa.Table, choice: Choice) -> list[dict[str, object]]:
    columns = documents.select(["doc_id", "partner", "delivery", "path", "language", "num_bytes"])
    rows = {row["doc_id"]: row for row in columns.to_pylist()}
    dropped = [_exclusion(rows[one.dropped], REASONS[one.kind], _which(one, rows[one.kept])) for one in choice.duplicates]
    return [*dropped, *(_exclusion(rows[doc_id], flag.reason, flag.detail) for doc_id, flag in choice.flags.items())]


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


def _across_partners(documents: pa.Table, duplicates: Iterable[GaveWay]) -> Table:
    partner_of = dict(zip(*(documents.column(name).to_pylist() for name in ("doc_id", "partner")), strict=True))
    counts = Counter((partner_of[one.dropped], partner_of[one.kept], str(one.kind)) for one in duplicates)
    rows = tuple((*pair, counts[pair]) for pair in sorted(counts))
    return Table(name="duplicates by partner", columns=("dropped from", "kept at", "kind", "documents"), rows=rows)


def describe(num_read: int, kept: pa.Table, exclusions: pa.Table, tables: tuple[Table, ...]) -> Report:
    """What a person wants to know of the corpus, in counts and small tables."""
    rows = kept.select(["partner", "country", "language", "variety", "num_bytes"]).to_pylist()
    num_bytes = sum(row["num_bytes"] for row in rows)
    num_languages, num_countries = (len({row[name] for row in rows}) for name in ("language", "country"))
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
            "partners": len({row["partner"] for row in rows}),
            "exclusions": exclusions.num_rows,
        },
        metrics={"keep_rate": round(kept.num_rows / num_read, 4)},
        tables=(
            *(_counted(rows, column) for column in ("language", "country", "variety", "partner")),
            _counted(rows, "country", "language"),
            _drops(exclusions),
            *tables,
        ),
    )


def _counted(rows: Iterable[dict[str, object]], *columns: str) -> Table:
    documents: Counter[tuple[str, ...]] = Counter()
    num_bytes: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        group = tuple(str(row[column]) for column in columns)
        documents[group] += 1
        num_bytes[group] += int(str(row["num_bytes"]))
    counted = tuple((*group, documents[group], num_bytes[group]) for group in sorted(documents))
    return Table(name=f"documents per {' and '.join(columns)}", columns=(*columns, "documents", "bytes"), rows=counted)


def _drops(exclusions: pa.Table) -> Table:
    counts = Counter((row["stage"], row["reason"], row["partner"]) for row in exclusions.to_pylist())
    rows = tuple((*group, counts[group]) for group in sorted(counts))
    return Table(name="exclusions per reason", columns=("stage", "reason", "partner", "items"), rows=rows)
