"""Stage `documents`: a partner's deliveries become documents; what may not or cannot be used is set aside with a reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from latamgpt.errors import OperatorError, harmless
from latamgpt.governance.withdrawals import read_withdrawn
from latamgpt.intake.kept_delivery import KeptDeliveries
from latamgpt.intake.outcome import Outcome
from latamgpt.intake.partner_tables import write_tables
from latamgpt.intake.payload import readable
from latamgpt.intake.quarantine import Reason, SetAside
from latamgpt.intake.residency import must_read_here
from latamgpt.intake.rows_on_disk import rows_on_disk
from latamgpt.intake.taking_in import take_in
from latamgpt.intake.tally import Tally
from latamgpt.params import Params
from latamgpt.progress import follow
from latamgpt.records import Report, Table
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace, write_report

STAGE = "documents"
DELIVERIES = "samples"  # the folder of all partners' deliveries
DESCRIPTIONS = "period and kind"  # the report's table of what is stated of them, and what of it is not understood
RECOGNITION = "text recognition"  # the report's table of what a machine read


def run(workspace: Workspace, params: Params, key: str = "") -> Report:
    """Read all deliveries of one partner and publish documents, exclusions and a report.

    Memory holds one document at a time: what was read waits on disk, in the folder that is about to be published.

    Raises:
        OperatorError: the partner is not registered, or there is no delivery to read.
        NotPermittedError: an agreement does not let this machine's site read a delivery.
    """
    institution = read_institution(workspace.root, key)
    withdrawn = read_withdrawn(workspace.root, key)
    folders, strays = _deliveries(workspace, key)
    must_read_here(workspace.root, STAGE, institution, folders, params.documents)
    kept = KeptDeliveries(workspace.root, key, params)
    kept.drop_others(folders)
    outcomes: list[Outcome] = []
    with workspace.publish(STAGE, key) as target:
        with rows_on_disk(target) as rows, follow(STAGE, key, "deliveries", len(folders)) as progress:
            for stray in strays:
                rows.set_aside("", stray)
            for folder in folders:
                outcome = Outcome.of(take_in(folder, institution, params.documents, params.rights.as_of, rows, withdrawn, kept))
                outcomes.append(outcome)
                progress.advance(note=outcome.name)
            write_tables(target, key, rows, kept)
        kept.keep_tables(target)
        return write_report(target, describe(key, outcomes, strays))


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


def describe(partner: str, outcomes: Sequence[Outcome], strays: Iterable[SetAside]) -> Report:
    """What a person wants to know of a partner's deliveries, in counts and small tables."""
    beside = Tally()
    for stray in strays:
        beside.set_aside(stray)
    tallies = [beside, *(outcome.tally for outcome in outcomes)]
    num_aside = sum((tally.num_aside for tally in tallies), Counter[str]())
    num_documents = sum(tally.num_documents for tally in tallies)
    quarantined = [outcome for outcome in outcomes if outcome.quarantined_for]
    summary = f"read {num_documents:,} documents from {len(outcomes) - len(quarantined)} of {len(outcomes)} deliveries"
    if num_aside:
        summary += f", set aside {num_aside.total():,} items: {', '.join(sorted(num_aside))}"
    return Report(
        stage=STAGE,
        key=partner,
        summary=summary,
        counts={
            "deliveries": len(outcomes),
            "deliveries_quarantined": len(quarantined),
            "documents": num_documents,
            "orthographies": sum(tally.num_orthographies for tally in tallies),
            "exclusions": num_aside.total(),
            "bytes": sum(tally.num_bytes for tally in tallies),
        },
        tables=(
            _delivery_table(outcomes),
            _format_table(outcomes),
            _reason_table(tallies),
            _description_table(outcomes),
            *_recognition_table(outcomes),
        ),
    )


def _delivery_table(outcomes: Iterable[Outcome]) -> Table:
    rows = tuple(
        (
            outcome.name,
            outcome.date,
            outcome.format,
            outcome.agreement,
            outcome.licence,
            outcome.tally.num_documents,
            outcome.tally.num_aside.total(),
            ", ".join(f"{reason} {number}" for reason, number in sorted(outcome.tally.num_aside.items())),
            f"quarantined: {outcome.quarantined_for}" if outcome.quarantined_for else "taken in",
        )
        for outcome in outcomes
    )
    columns = ("delivery", "date", "format", "agreement", "licence", "documents", "set aside", "reasons", "verdict")
    return Table(name="deliveries", columns=columns, rows=rows)


def _format_table(outcomes: Iterable[Outcome]) -> Table:
    deliveries: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for outcome in outcomes:
        if outcome.format:
            deliveries[outcome.format] += 1
            documents[outcome.format] += outcome.tally.num_documents
    rows = tuple((name, deliveries[name], documents[name]) for name in sorted(deliveries))
    return Table(name="documents per format", columns=("format", "deliveries", "documents"), rows=rows)


def _description_table(outcomes: Iterable[Outcome]) -> Table:
    """Of how many documents period and kind are known, and what was stated of them that is not understood and so not used."""
    rows = tuple(
        (
            outcome.name,
            tally.num_documents,
            tally.num_with_period,
            tally.num_with_kind,
            tally.num_wrong_dates,
            tally.num_unknown_kinds,
            "; ".join(harmless(fault) for fault in tally.not_understood),
        )
        for outcome in outcomes
        if (tally := outcome.tally).num_documents
    )
    columns = ("delivery", "documents", "with period", "with kind", "dates not understood", "kinds not understood", "such as")
    return Table(name=DESCRIPTIONS, columns=columns, rows=rows)


def _recognition_table(outcomes: Iterable[Outcome]) -> tuple[Table, ...]:
    """How sure the machine was that read a delivery's pages: the mean and the lowest over its documents, 0 to 1."""
    rows: list[tuple[str, int, float, float]] = []
    for outcome in outcomes:
        if sure := outcome.tally.confidences:
            rows.append((outcome.name, len(sure), round(sum(sure) / len(sure), 4), min(sure)))
    columns = ("delivery", "documents read by machine", "mean confidence", "lowest")
    return (Table(name=RECOGNITION, columns=columns, rows=tuple(rows)),) if rows else ()


def _reason_table(tallies: Sequence[Tally]) -> Table:
    items = sum((tally.num_aside for tally in tallies), Counter[str]())
    num_bytes: Counter[str] = Counter()
    for tally in tallies:
        num_bytes.update(tally.bytes_aside)
    rows = tuple((reason, items[reason], num_bytes[reason]) for reason in sorted(items))
    return Table(name="exclusions per reason", columns=("reason", "items", "bytes"), rows=rows)
