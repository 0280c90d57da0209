"""Stage `documents`: a partner's deliveries become documents; what may not or cannot be used is set aside with a reason."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from latamgpt.errors import OperatorError, harmless
from latamgpt.governance.withdrawals import read_withdrawn
from latamgpt.intake.payload import readable
from latamgpt.intake.quarantine import Reason, SetAside
from latamgpt.intake.taking_in import TakenIn, take_in
from latamgpt.params import Params
from latamgpt.progress import follow
from latamgpt.records import DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Report, Table
from latamgpt.registry.partners import Institution, read_institution
from latamgpt.store import Workspace, rows_to_table, write_report, write_table

STAGE = "documents"
MAX_PATH_CHARS = 1_200  # the longest name that is read, and a record's number
DELIVERIES = "samples"  # the folder of all partners' deliveries
RECOGNITION = "text recognition"  # the report's table of what a machine read


def run(workspace: Workspace, params: Params, key: str = "") -> Report:
    """Read all deliveries of one partner and publish documents, exclusions and a report.

    Raises:
        OperatorError: the partner is not registered, or there is no delivery to read.
    """
    institution = read_institution(workspace.root, key)
    withdrawn = read_withdrawn(workspace.root, key)
    folders, strays = _deliveries(workspace, key)
    taken: list[TakenIn] = []
    with follow(STAGE, key, "deliveries", len(folders)) as progress:
        for folder in folders:
            taken.append(take_in(folder, institution, params.documents, params.rights.as_of, withdrawn))
            progress.advance(note=taken[-1].name)
    with workspace.publish(STAGE, key) as target:
        write_table(target / "documents.parquet", rows_to_table(_document_rows(institution, taken), DOCUMENT_SCHEMA))
        write_table(target / "exclusions.parquet", rows_to_table(_exclusion_rows(key, taken, strays), EXCLUSION_SCHEMA))
        return write_report(target, describe(key, taken, strays))


def _deliveries(workspace: Workspace, partner: str) -> tuple[list[Path], list[SetAside]]:
    folder = workspace.root / DELIVERIES / partner
    if not folder.is_dir():
        raise OperatorError(
            f"{partner} has no deliveries: {folder} is missing. The run's list of partners names it, so its texts would be left "
            "out without a word. Put its deliveries there, or take it out of `partners` in params.yaml."
        )
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    folders = [path for path in entries if path.is_dir()]
    if not folders:
        raise OperatorError(
            f"{folder} holds no delivery: each is a folder with a delivery.yaml in it. Ask {partner} for one, or take it out of "
            "`partners` in params.yaml."
        )
    detail = "a delivery is a folder; this lies beside the folders"
    strays = [
        SetAside(readable(path.name), Reason.NOT_A_DELIVERY, detail, path.lstat().st_size)
        for path in entries
        if path not in folders
    ]
    return folders, strays


def _document_rows(institution: Institution, taken: Iterable[TakenIn]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for outcome in taken:
        delivery = outcome.delivery
        if delivery is None:
            continue
        for accepted in outcome.accepted:
            rows.append(
                {
                    "doc_id": accepted.doc_id,
                    "partner": institution.id,
                    "delivery": delivery.id,
                    "delivery_date": delivery.date,
                    "agreement": delivery.agreement,
                    "path": accepted.found.path,
                    "title": accepted.found.title,
                    "country": delivery.country or institution.country,
                    "declared_language": accepted.language,
                    "licence": delivery.licence,
                    "source": delivery.source,
                    "ocr_confidence": accepted.found.confidence,
                    "text": accepted.found.text,
                }
            )
    return sorted(rows, key=lambda row: str(row["doc_id"]))


def _exclusion_rows(partner: str, taken: Iterable[TakenIn], strays: Iterable[SetAside]) -> list[dict[str, object]]:
    pairs = [("", stray) for stray in strays] + [(outcome.name, item) for outcome in taken for item in outcome.set_aside]
    rows: list[dict[str, object]] = [
        {
            "doc_id": item.doc_id,
            "partner": partner,
            "delivery": delivery,
            "path": harmless(item.path, MAX_PATH_CHARS),
            "stage": STAGE,
            "reason": str(item.reason),
            "detail": harmless(item.detail),
            "language": item.language,
            "num_bytes": item.num_bytes,
        }
        for delivery, item in pairs
    ]
    return sorted(rows, key=lambda row: (str(row["delivery"]), str(row["path"]), str(row["reason"])))


def describe(partner: str, taken: list[TakenIn], strays: list[SetAside]) -> Report:
    """What a person wants to know of a partner's deliveries, in counts and small tables."""
    set_aside = [*strays, *(item for outcome in taken for item in outcome.set_aside)]
    num_documents = sum(len(outcome.accepted) for outcome in taken)
    quarantined = [outcome for outcome in taken if outcome.quarantined_for]
    summary = f"read {num_documents:,} documents from {len(taken) - len(quarantined)} of {len(taken)} deliveries"
    if set_aside:
        summary += f", set aside {len(set_aside):,} items: {', '.join(sorted({str(item.reason) for item in set_aside}))}"
    return Report(
        stage=STAGE,
        key=partner,
        summary=summary,
        counts={
            "deliveries": len(taken),
            "deliveries_quarantined": len(quarantined),
            "documents": num_documents,
            "exclusions": len(set_aside),
            "bytes": sum(len(a.found.text.encode("utf-8")) for outcome in taken for a in outcome.accepted),
        },
        tables=(_delivery_table(taken), _format_table(taken), _reason_table(set_aside), *_recognition_table(taken)),
    )


def _delivery_table(taken: Iterable[TakenIn]) -> Table:
    rows = tuple(
        (
            outcome.name,
            outcome.delivery.date.isoformat() if outcome.delivery else "",
            str(outcome.delivery.format) if outcome.delivery else "",
            outcome.delivery.agreement if outcome.delivery else "",
            outcome.delivery.licence if outcome.delivery else "",
            len(outcome.accepted),
            len(outcome.set_aside),
            f"quarantined: {outcome.quarantined_for}" if outcome.quarantined_for else "taken in",
        )
        for outcome in taken
    )
    columns = ("delivery", "date", "format", "agreement", "licence", "documents", "set aside", "verdict")
    return Table(name="deliveries", columns=columns, rows=rows)


def _format_table(taken: Iterable[TakenIn]) -> Table:
    deliveries: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for outcome in taken:
        if outcome.delivery is not None:
            deliveries[outcome.delivery.format] += 1
            documents[outcome.delivery.format] += len(outcome.accepted)
    rows = tuple((str(name), deliveries[name], documents[name]) for name in sorted(deliveries))
    return Table(name="documents per format", columns=("format", "deliveries", "documents"), rows=rows)


def _recognition_table(taken: Iterable[TakenIn]) -> tuple[Table, ...]:
    """How sure the machine was that read a delivery's pages: the mean and the lowest over its documents, 0 to 1."""
    rows: list[tuple[str, int, float, float]] = []
    for outcome in taken:
        sure = [one.found.confidence for one in outcome.accepted if one.found.confidence is not None]
        if sure:
            rows.append((outcome.name, len(sure), round(sum(sure) / len(sure), 4), min(sure)))
    columns = ("delivery", "documents read by machine", "mean confidence", "lowest")
    return (Table(name=RECOGNITION, columns=columns, rows=tuple(rows)),) if rows else ()


def _reason_table(set_aside: Iterable[SetAside]) -> Table:
    items: Counter[str] = Counter()
    num_bytes: Counter[str] = Counter()
    for item in set_aside:
        items[str(item.reason)] += 1
        num_bytes[str(item.reason)] += item.num_bytes
    rows = tuple((reason, items[reason], num_bytes[reason]) for reason in sorted(items))
    return Table(name="exclusions per reason", columns=("reason", "items", "bytes"), rows=rows)
