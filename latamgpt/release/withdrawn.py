"""What partners took back, held against a candidate and its corpus: none of it may enter a candidate, or leave with a release."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.errors import NotPermittedError
from latamgpt.governance.contents import content_id
from latamgpt.governance.withdrawals import Tombstone, Withdrawn, read_withdrawn, withdrawals_path
from latamgpt.records import MANIFEST_NAME
from latamgpt.release.versions import Lineage
from latamgpt.store import Workspace, digest_of, sha256_file

ROWS_PER_BATCH = 512
SHOWN = 5
RUN_AGAIN = (
    "The corpus is older than the withdrawal, so no candidate was made. Run `make run`, which makes the corpus anew first."
)


def heeded(workspace: Workspace, partners: Iterable[str], corpus: Path) -> dict[str, tuple[str, ...]]:
    """Every withdrawal that stands, by partner, as its sha256, once it was shown that the corpus holds none of them.

    Raises:
        NotPermittedError: the corpus holds what was withdrawn, or it cannot be told whether it does.
        OperatorError: a partner's list of withdrawals does not read.
    """
    withdrawn = {partner: read_withdrawn(workspace.root, partner) for partner in sorted(partners)}
    _refuse_any(_all_refusals(workspace, withdrawn, corpus), RUN_AGAIN)
    return {partner: tuple(sorted(map(_digest, each.tombstones))) for partner, each in withdrawn.items()}


def must_hold_nothing_withdrawn(workspace: Workspace, lineage: Lineage, advice: str) -> None:
    """Refuse a candidate or a release, where a partner withdrew texts in it since it was made. Default is deny.

    A withdrawal that the candidate did not know of stops it, unless the corpus that it was made from is still published here and
    shows that the texts are not in it.

    Args:
        workspace: the checkout, with the withdrawals as they are now.
        lineage: of the candidate or release.
        advice: what the refusal keeps from happening, and what to do next.

    Raises:
        NotPermittedError: names the partners, what they withdrew, and when.
        OperatorError: a partner's list of withdrawals does not read.
    """
    _refuse_any(withdrawn_since(workspace, lineage), advice)


def withdrawn_since(workspace: Workspace, lineage: Lineage) -> list[str]:
    """A sentence for each withdrawal that stops a candidate or a release; see `must_hold_nothing_withdrawn`.

    Raises:
        OperatorError: a partner's list of withdrawals does not read.
    """
    later: dict[str, Withdrawn] = {}
    for partner in sorted(lineage.registry):
        known = set(lineage.withdrawals.get(partner, ()))
        now = read_withdrawn(workspace.root, partner).tombstones
        later[partner] = Withdrawn(tuple(one for one in now if _digest(one) not in known))
    if not any(each.tombstones for each in later.values()):
        return []
    corpus = workspace.place("corpus")
    is_its_own = (corpus / MANIFEST_NAME).is_file() and digest_of(corpus) == lineage.inputs["corpus"]
    return _all_refusals(workspace, later, workspace.read("corpus") if is_its_own else None)


def registry_changed_since(workspace: Workspace, lineage: Lineage) -> str:
    """Which partners' agreements are no longer those that a candidate was made under, as a sentence; '' where all are."""
    places = {partner: workspace.root / "partners" / f"{partner}.yaml" for partner in lineage.registry}
    changed = [p for p, place in sorted(places.items()) if not place.is_file() or sha256_file(place) != lineage.registry[p]]
    if not changed:
        return ""
    return (
        f"the registry changed after the candidate was made: {', '.join(f'partners/{partner}.yaml' for partner in changed)}. "
        "What a partner permits now, nobody has held this candidate against"
    )


def _all_refusals(workspace: Workspace, withdrawn: dict[str, Withdrawn], corpus: Path | None) -> list[str]:
    return [words for partner, each in withdrawn.items() for words in _refusals(workspace, partner, each, corpus)]


def _refuse_any(refusals: list[str], advice: str) -> None:
    if refusals:
        more = f" (and {len(refusals) - SHOWN:,} more)" if len(refusals) > SHOWN else ""
        raise NotPermittedError(f"{'. '.join(refusals[:SHOWN])}{more}. {advice}")


def _refusals(workspace: Workspace, partner: str, withdrawn: Withdrawn, corpus: Path | None) -> list[str]:
    named = {one: _name(partner, one) for one in withdrawn.tombstones}
    if corpus is None or not named:
        return [f"{words}; the corpus it was made from is not here to show that it holds none of it" for words in named.values()]
    held, num_unread = _find(workspace, partner, withdrawn, corpus)
    if num_unread and not held:
        first = next(iter(named.values()))
        return [f"{first}; stage `documents` no longer holds {num_unread:,} of the partner's texts in the corpus"]
    return [f"{named[one]}; {number:,} documents of it, or copies, are in the corpus" for one, number in held.items()]


def _find(workspace: Workspace, partner: str, withdrawn: Withdrawn, corpus: Path) -> tuple[Counter[Tombstone], int]:
    """The tombstones whose texts the corpus holds, with how many, and how many of the partner's texts could not be compared.

    A document is known by its id and its delivery; a copy under another name by its content, as intake published it.
    """
    columns, own = ["doc_id", "delivery"], pc.field("partner") == partner
    rows = pq.read_table(corpus / "documents.parquet", columns=columns, filters=own).to_pylist()
    unread = {str(row["doc_id"]) for row in rows}
    held: Counter[Tombstone] = Counter()
    for row in rows:
        if (tombstone := withdrawn.find(row["delivery"], row["doc_id"])) is not None:
            held[tombstone] += 1
            unread.discard(row["doc_id"])
    contents = withdrawn.by_content()
    if contents and unread and (workspace.place("documents", partner) / MANIFEST_NAME).is_file():
        table = pq.ParquetFile(workspace.read("documents", partner) / "documents.parquet")
        for batch in table.iter_batches(ROWS_PER_BATCH, columns=["doc_id", "text"]):
            for row in batch.to_pylist():
                if row["doc_id"] in unread:
                    unread.discard(row["doc_id"])
                    if (tombstone := contents.get(content_id(row["text"]))) is not None:
                        held[tombstone] += 1
    return held, len(unread) if contents else 0


def _name(partner: str, tombstone: Tombstone) -> str:
    what = f"the document {tombstone.document[:12]}" if tombstone.document else f"the delivery {tombstone.delivery}"
    return f"{partner} withdrew {what} on {tombstone.withdrawn_on} ({tombstone.reason}; {withdrawals_path(partner)})"


def _digest(tombstone: Tombstone) -> str:
    """A withdrawal as a release names it: it shows that there was one, and not of what."""
    return sha256(tombstone.model_dump_json().encode()).hexdigest()
