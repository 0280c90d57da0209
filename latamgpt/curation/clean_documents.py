"""Stage `clean_documents`: a partner's documents, normalised, identified, judged and freed of personal data."""

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa

from latamgpt.curation.cleaning import DISPUTED, MINOR, STAGE, UNKNOWN, Cleaned, Row, Task, clean
from latamgpt.curation.engine import choose, read_workers_site
from latamgpt.curation.language import one_name
from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site
from latamgpt.params import CleanDocumentsParams, Params, QualityThresholds
from latamgpt.progress import follow
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, PERSONAL_DATA_SCHEMA, Report, Table
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.store import Workspace, read_table, rows_to_table, write_report, write_table


def run(workspace: Workspace, params: Params, key: str = "") -> Report:
    """Clean one partner's documents and publish those kept, those excluded and those that people must look at.

    A partner all of whose deliveries were set aside has no documents here, and that is no fault of this stage: the exclusions of
    `documents` say why.

    Raises:
        OperatorError: `documents` published neither a document nor an exclusion, or a file of languages/ is faulty.
    """
    source = workspace.read("documents", key)
    documents = read_table(source / "documents.parquet", DOCUMENT_SCHEMA)
    if documents.num_rows == 0 and read_table(source / "exclusions.parquet").num_rows == 0:
        raise OperatorError(
            f"{source} holds neither documents nor exclusions: nothing was read from {key}'s deliveries, and nothing says why. "
            f"Run `latamgpt stage documents {key}` again."
        )
    quality = thresholds_in_force(workspace.root)
    refuse_unread(quality)
    outcome = clean_table(documents, params.clean_documents, quality, read_workers_site(workspace.root), key)
    with workspace.publish(STAGE, key) as target:
        write_table(target / "documents.parquet", rows_to_table(_by_id(outcome.kept), CLEAN_DOCUMENT_SCHEMA))
        write_table(target / "exclusions.parquet", rows_to_table(_by_id(outcome.excluded), EXCLUSION_SCHEMA))
        write_table(target / "personal_data.parquet", rows_to_table(_by_id(outcome.personal_data_rows), PERSONAL_DATA_SCHEMA))
        write_table(target / "undetermined.parquet", rows_to_table(_by_id(outcome.undetermined), DOCUMENT_SCHEMA))
        return write_report(target, describe(key, documents.num_rows, outcome))


def clean_table(
    documents: pa.Table, params: CleanDocumentsParams, quality: Mapping[str, QualityThresholds], site: Site, partner: str
) -> Cleaned:
    """Cut the documents into tasks, spread them over the site's workers, join what comes back in order."""
    tasks = [
        Task(documents.slice(start, params.docs_per_task).to_pylist(), params, quality)
        for start in range(0, documents.num_rows, params.docs_per_task)
    ]
    outcome = Cleaned()
    with follow(STAGE, partner, "documents", documents.num_rows) as progress:
        for task, cleaned in zip(tasks, choose(len(tasks), site, f"{STAGE}-{partner}").map(clean, tasks), strict=True):
            outcome.add(cleaned)
            progress.advance(len(task.rows))
    return outcome


def refuse_unread(languages: Iterable[str]) -> None:
    """Refuse a file of languages/ whose code is counted as another language: no text would be judged by it."""
    for code in languages:
        if one_name(code) != code:
            raise OperatorError(
                f"languages/{code}.yaml is read for no text: documents in {code} are counted as {one_name(code)}, and a "
                f"community's word would be lost in silence. Put what it says into languages/{one_name(code)}.yaml, and remove "
                "the file."
            )


def _by_id(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row["doc_id"]))


def describe(partner: str, num_read: int, outcome: Cleaned) -> Report:
    """What a person wants to know of a partner's clean documents, in counts and small tables."""
    reasons = Counter(str(row["reason"]) for row in outcome.excluded)
    share = len(outcome.kept) / num_read if num_read else 0.0
    return Report(
        stage=STAGE,
        key=partner,
        summary=f"kept {len(outcome.kept):,} of {num_read:,} documents ({share:.1%}), {len(outcome.undetermined):,} undetermined",
        counts={
            "documents_read": num_read,
            "documents": len(outcome.kept),
            "exclusions": len(outcome.excluded),
            "undetermined": len(outcome.undetermined),
            "language_disputed": reasons[DISPUTED],
            "language_undetermined": reasons[UNKNOWN],
            "names_a_minor": reasons[MINOR],
            "personal_data": outcome.personal_data.total(),
            "voseo": sum(bool(row["has_voseo"]) for row in outcome.kept),
            "bytes": sum(int(str(row["num_bytes"])) for row in outcome.kept),
        },
        metrics={"keep_rate": round(share, 4)},
        tables=(
            _counted("languages", "language", outcome.kept),
            _counted("varieties", "variety", outcome.kept),
            _counted("second languages", "second_language", [row for row in outcome.kept if row["second_language"]]),
            Table(name="exclusions per reason", columns=("reason", "documents"), rows=tuple(sorted(reasons.items()))),
            Table(name="personal data", columns=("kind", "replaced"), rows=tuple(sorted(outcome.personal_data.items()))),
        ),
    )


def _counted(table: str, column: str, rows: Iterable[Row]) -> Table:
    documents: Counter[str] = Counter()
    num_bytes: Counter[str] = Counter()
    for row in rows:
        documents[str(row[column])] += 1
        num_bytes[str(row[column])] += int(str(row["num_bytes"]))
    counted = tuple((name, documents[name], num_bytes[name]) for name in sorted(documents))
    return Table(name=table, columns=(column, "documents", "bytes"), rows=counted)
