"""What an operator is told of a data subject's request: places, what could not be searched, and the next commands."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from latamgpt.custody.places import delivery_place
from latamgpt.custody.subject_requests import Case, Kind
from latamgpt.custody.traces import Unsearched
from latamgpt.intake.ocr_record import CORRECTIONS_SUFFIX, OCR_SUFFIX
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.scans import first_page

PLACES = ("deliveries", "documents", "clean_documents", "boilerplate", "corpus", "token_shards", "release")
MAX_NAMED = 10  # files of one delivery and reason that are named in the terminal; the case's file names all
FORGET = "A model that was trained on a text cannot forget it by itself: promise the next corpus and release, and say so."
STAYS = (
    "A withdrawal deletes no file: the original stays in the folders above, in git's history and in DVC's cache until the "
    "custodian removes it there."
)


def describe(case: Case) -> str:
    """A case for an operator: clock, places, what was not searched, recipients and next steps."""
    lines = [f"{case.case}: {case.kind}, {case.country}. To be answered by {case.due_on} ({case.law})."]
    num_places = Counter(trace.place for trace in case.traces)
    num_times = Counter({place: sum(t.times for t in case.traces if t.place == place) for place in PLACES})
    lines += [f"  {place:16} {num_places[place]:>4} places, {num_times[place]:>5} times" for place in PLACES]
    lines += [f"    {t.place}: {t.partner}/{t.delivery} {t.item}" for t in case.traces if t.place in ("deliveries", "documents")]
    lines.append("Recipients: " + ("; ".join(case.recipients) or "none is known"))
    return "\n".join([*lines, *_not_searched(case), *case.doubt.splitlines(), *next_steps(case)])


def next_steps(case: Case) -> list[str]:
    """What an operator does for each kind, as commands where there are some."""
    unsure = list(_look_again(case)) if case.unsearched or case.doubt else []
    if not case.traces:
        if unsure:
            return [
                "Next: do not answer that nothing is held. Nothing was found, and the places named above could not be searched.",
                *unsure,
                f"Then: latamgpt dsr close {case.case} --outcome 'what was opened by hand and what it held'",
            ]
        return [
            "Next: answer that nothing was found in the text of any delivery, document, corpus, shard or release here.",
            f"Then: latamgpt dsr close {case.case} --outcome 'nothing found, answered by letter'",
        ]
    steps = {
        Kind.ACCESS: ["Next: answer with the places and recipients above; the custodian holds the originals."],
        Kind.RECTIFICATION: ["Next: ask the custodian for a corrected delivery, and tell the recipients above."],
    }
    return [
        *steps.get(case.kind, list(_erasure(case))),
        *unsure,
        FORGET,
        f"Then: latamgpt dsr close {case.case} --outcome '...'",
    ]


def _not_searched(case: Case) -> Iterator[str]:
    if not case.unsearched:
        return
    yield f"Not searched, or not wholly ({len(case.unsearched):,} files):"
    together: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in case.unsearched:
        together[one.partner, one.delivery, one.reason].append(one.item)
    for (partner, delivery, reason), items in together.items():
        more = f" and {len(items) - MAX_NAMED:,} more" if len(items) > MAX_NAMED else ""
        yield f"  {delivery_place(partner, delivery)}: {reason}: {', '.join(items[:MAX_NAMED])}{more}"


def _look_again(case: Case) -> Iterator[str]:
    """How each kind of file that was not searched is made readable, and the search that follows."""
    missing = {_place(one) for one in case.unsearched if one.reason == Reason.OCR_MISSING and one.delivery}
    yield from (f"  latamgpt ocr {place}" for place in sorted(missing))
    if any(one.reason == Reason.OCR_LOW_CONFIDENCE for one in case.unsearched):
        yield "  latamgpt corrections serve     # pages that the machine read badly are read by a person"
    others = {_place(one) for one in case.unsearched if one.reason not in (Reason.OCR_MISSING, Reason.OCR_LOW_CONFIDENCE)}
    if others:
        places = ", ".join(sorted(others))
        yield f"  Open by hand, or listen to, the files named above in {places}; ask the partner for a key or a copy."
    yield (
        f"  latamgpt dsr open --string - --kind {case.kind} --country {case.country} --received {case.received_on} --dry-run"
        "     # looks again, and opens no second case"
    )


def _place(one: Unsearched) -> str:
    return delivery_place(one.partner, one.delivery)


def _read_as(item: str, files: Collection[str]) -> set[str]:
    """The names under which a file's text may be a document's: its own; of what was read from a scan, the scan's first page."""
    scan = item.removesuffix(OCR_SUFFIX).removesuffix(CORRECTIONS_SUFFIX)
    return {item, scan, first_page(scan, files) or item}


def _erasure(case: Case) -> Iterator[str]:
    """A command for each document, and for each delivery of which a file holds the string and gave no document that does."""
    yield "Next: withdraw what is named here, run again, and tell the recipients above:"
    held = [trace for trace in case.traces if trace.place == "documents"]
    reason = f"--reason 'request {case.case}'"
    for partner, item in sorted({(trace.partner, trace.item) for trace in held}):
        yield f"  latamgpt withdraw --partner {partner} --document {item} {reason}"
    read = {(trace.partner, trace.delivery, trace.file) for trace in held}
    alone: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trace in case.traces:
        files = {file for partner, delivery, file in read if (partner, delivery) == (trace.partner, trace.delivery)}
        if trace.place == "deliveries" and not files & _read_as(trace.item, files):
            alone[trace.partner, trace.delivery].append(trace.item)
    for (partner, delivery), items in sorted(alone.items()):
        named = ", ".join(items[:MAX_NAMED])
        if not delivery:
            yield f"  Remove from {delivery_place(partner)}, where it lies beside the deliveries: {named}"
            continue
        yield f"  {named} gave no document that holds it. Have the custodian send {delivery} without it, or take all of it back:"
        yield f"    latamgpt withdraw --partner {partner} --delivery {delivery} {reason}"
    yield STAYS
