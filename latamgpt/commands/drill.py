"""`latamgpt drill`: a withdrawal is rehearsed, so that a real one holds no surprise. Dagster's schedule runs the same."""

import argparse
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers, day
from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.records import Expectation, Frozen, Report, Severity, Table
from latamgpt.store import Workspace, find_workspace, replace_json

if TYPE_CHECKING:
    from latamgpt.custody.drill import Drawn, Rehearsed
    from latamgpt.receipts.trace import Trace

PLACE = "var/drills"
STAGE = "withdrawal_drill"
FAILED = 1
"""The exit code of a drill that found something left over."""


class Drill(Frozen):
    """What a drill drew, how long it took, and what it found."""

    day: date  # which the document was drawn by
    document: str  # doc_id
    seconds: dict[str, float]
    report: Report


def add(parsers: Parsers) -> None:
    """Add `drill`."""
    drill = parsers.add_parser(
        "drill",
        help="rehearse the withdrawal of one document of the corpus, drawn by the day",
        description="Follow a document of the corpus to all it touched, withdraw it in a scratch copy, make the corpus there, "
        f"and look for what should be gone. Nothing here changes; the report lies in {PLACE}. Ends with {FAILED} where the "
        "withdrawal would not have held.",
    )
    drill.add_argument("--day", type=day, metavar="DAY", help="which document is drawn; today's if not given")
    drill.set_defaults(command=_drill)


def run_drill(workspace: Workspace, on: date) -> Drill:
    """Draw, follow, rehearse, and write the report into var/drills/DAY.json.

    Raises:
        OperatorError: there is no corpus, or it cannot be rehearsed as things are.
    """
    from latamgpt.custody.drill import draw, rehearse
    from latamgpt.receipts.trace import Wanted, trace

    params = read_params(workspace.root)
    began = time.monotonic()
    drawn = draw(workspace, params.partners, on)
    followed = trace(workspace, params, Wanted(document=drawn.doc_id))
    traced = time.monotonic()
    rehearsed = rehearse(workspace, params, drawn, on)
    seconds = {
        "follow": traced - began,
        "withdraw": rehearsed.withdraw_seconds,
        "corpus": rehearsed.corpus_seconds,
        "all": time.monotonic() - began,
    }
    report = describe(drawn, followed, rehearsed)
    done = Drill(day=on, document=drawn.doc_id, seconds={name: round(one, 3) for name, one in seconds.items()}, report=report)
    _save(workspace, done)
    return done


def describe(drawn: "Drawn", followed: "Trace", found: "Rehearsed") -> Report:
    """What was found, as numbers, tables and checks."""
    recipients = {(one.name, one.address) for release in followed.releases for one in release.recipients}
    ranges = [one for document in followed.documents for one in document.seen]
    counts = {
        "documents_leaving_intake": found.left_intake,
        "documents_leaving_corpus": len(found.left_corpus),
        "corpus_documents_before": found.num_before,
        "corpus_documents_after": found.num_after,
        "duplicates_returning": found.num_returning,
        "near_copies_of_the_partner_staying": len(found.near_copies),
        "copies_at_other_partners": len(found.copies_elsewhere),
        "stages_becoming_stale": len(found.stale),
        "shards": len({one.shard for one in ranges}),
        "token_ranges": len(ranges),
        "steps": len(followed.steps),
        "tokens_seen": followed.num_tokens_seen,
        "releases": len(followed.releases),
        "recipients": len(recipients),
    }
    checks = tuple(_checks(drawn, found))
    failed = [one for one in checks if not one.passed]
    verdict = f"it would NOT hold: {'; '.join(f'{one.kind}: {one.observed}' for one in failed)}" if failed else "it would hold"
    among = "that training saw" if drawn.shipped else "of the corpus, none trained on"
    summary = (
        f"withdrawing {drawn.doc_id[:12]} of {drawn.partner}/{drawn.delivery} (number {drawn.position + 1:,} of "
        f"{drawn.num_documents:,} documents {among}): {verdict}. {len(found.left_corpus)} documents leave the corpus, "
        f"{len(found.stale)} stages become stale; {len(followed.steps):,} training steps saw it, {len(followed.releases)} "
        f"releases and {len(recipients)} recipients have it"
        + (f"; {len(found.near_copies)} documents of the partner that say nearly the same stay" if found.near_copies else "")
    )
    return Report(stage=STAGE, summary=summary, counts=counts, tables=_tables(followed, found), expectations=checks)


def lines_of(done: Drill) -> list[str]:
    """A drill for a terminal."""
    report = done.report
    return [
        f"Drill of {done.day}: {report.summary}.",
        *(f"  {name.replace('_', ' '):34} {count:>9,}" for name, count in report.counts.items()),
        *(
            f"  {'held  ' if one.passed else 'FAILED'}  {one.kind.replace('_', ' ')}: {one.observed}"
            for one in report.expectations
        ),
        f"It took {done.seconds['all']:.1f} s, {done.seconds['corpus']:.1f} s of it for the corpus. The report lies in "
        f"{PLACE}/{done.day}.json.",
    ]


def _checks(drawn: "Drawn", found: "Rehearsed") -> list[Expectation]:
    def check(kind: str, observed: str, *, passed: bool) -> Expectation:
        return Expectation(kind=kind, severity=Severity.CRITICAL, passed=passed, observed=observed)

    def none(kind: str, names: tuple[str, ...], what: str) -> Expectation:
        shown = f": {', '.join(name[:12] if what.startswith('doc') else name for name in names[:5])}" if names else ""
        return check(kind, f"{len(names)} {what}{shown}", passed=not names)

    leaves = drawn.doc_id in found.left_corpus
    needed = {"corpus", "token_shards", "mixture", "checkpoint", "release_candidate"}
    kept = tuple(sorted(needed - set(found.stale)))
    return [
        check("expect_the_document_to_leave", "it leaves" if leaves else "it stays", passed=leaves),
        none("expect_no_withdrawn_id_in_the_next_corpus", found.ids_left_over, "documents"),
        none("expect_no_withdrawn_text_of_the_partner_in_the_next_corpus", found.texts_left_over, "documents"),
        none("expect_every_exclusion_to_say_withdrawn", found.unexplained, "documents without the reason"),
        none("expect_what_holds_the_text_to_become_stale", kept, "stages stay fresh"),
        none("expect_nothing_here_to_change", found.changed_here, "changed"),
    ]


def _tables(followed: "Trace", found: "Rehearsed") -> tuple[Table, ...]:
    touched = (
        *(
            ("shard", f"{one.shard} row {one.row}, tokens {one.start} to {one.end}", f"step {one.step + 1}")
            for d in followed.documents
            for one in d.seen
        ),
        *((("checkpoint", followed.checkpoint, f"{followed.num_steps:,} steps"),) if followed.steps else ()),
        *((release.stage, release.release, release.manifest) for release in followed.releases),
        *(("recipient", one.name, one.address) for release in followed.releases for one in release.recipients),
    )
    remedies = tuple((one.name, one.possible, one.num_steps, one.us_dollars, one.explanation) for one in followed.remedies)
    return (
        Table(name="what it touched", columns=("what", "which", "where"), rows=touched),
        Table(name="stages that become stale", columns=("stage",), rows=tuple((one,) for one in found.stale)),
        Table(
            name="near copies of the partner that stay", columns=("document",), rows=tuple((one,) for one in found.near_copies)
        ),
        Table(name="remedies", columns=("remedy", "possible", "steps", "US dollars", "what it means"), rows=remedies),
    )


def _save(workspace: Workspace, done: Drill) -> None:
    folder = workspace.root / PLACE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_json(folder / f"{done.day}.json", done)
    except OSError as error:
        raise OperatorError(
            f"the drill is done and its report could not be written into {folder}: {error}. Free some space and run it again."
        ) from error


def _drill(options: argparse.Namespace) -> int:
    done = run_drill(find_workspace(Path.cwd()), options.day or datetime.now(UTC).date())
    print("\n".join(lines_of(done)))
    return 0 if done.report.passed else FAILED
