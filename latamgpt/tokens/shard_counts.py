"""What the token shards hold, counted by language, country, partner, period, kind and more, for the report."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from latamgpt.records import Report, Table
from latamgpt.registry.groups import INSTITUTION, YEAR, year_of
from latamgpt.tokens.pieces import TokenisedDocument

GROUPS = ("language", "variety", "country", "partner", "licence", "period", "kind", YEAR)


class Side(StrEnum):
    """A document is trained on or held out, never both."""

    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass
class Tally:
    """Documents, tokens and bytes, by side."""

    documents: Counter[Side] = field(default_factory=Counter)
    tokens: Counter[Side] = field(default_factory=Counter)
    num_bytes: int = 0

    def add(self, side: Side, document: TokenisedDocument) -> None:
        """Count a document."""
        self.documents[side] += 1
        self.tokens[side] += document.num_tokens
        self.num_bytes += document.num_bytes

    def add_all(self, other: "Tally") -> None:
        """Count what another counted."""
        self.documents += other.documents
        self.tokens += other.tokens
        self.num_bytes += other.num_bytes


Described = tuple[str, str, str, str, str, str, str, date | None]
"""What a document is counted by, in the order of GROUPS; its delivery's date instead of the year."""


@dataclass
class ShardCounts:
    """Running counts over all documents: thousands have the same description, so each of these is counted once."""

    described: dict[Described, Tally] = field(default_factory=dict[Described, Tally])
    total: Tally = field(default_factory=Tally)
    num_pieces: Counter[Side] = field(default_factory=Counter)
    num_shards: dict[Side, int] = field(default_factory=dict)
    num_not_for_evaluation: int = 0  # documents that no agreement permits to hold out
    num_seen_in_training: int = 0  # documents that would have been held out, and stand in what is trained on

    @property
    def num_tokens(self) -> int:
        """Tokens counted so far, on both sides."""
        return self.total.tokens.total()

    def add(self, side: Side, document: TokenisedDocument) -> None:
        """Count a document in the total and in its groups."""
        self.total.add(side, document)
        self.num_pieces[side] += len(document.pieces)
        key = (
            *(document.language, document.variety, document.country, document.partner, document.licence),
            *(document.period, document.kind, document.delivery_date),
        )
        tally = self.described.get(key)
        if tally is None:
            tally = self.described[key] = Tally()
        tally.add(side, document)

    def groups(self) -> dict[str, dict[str, Tally]]:
        """The counts of each member of each of GROUPS."""
        groups: dict[str, dict[str, Tally]] = {group: {} for group in GROUPS}
        for (*members, delivered_on), tally in self.described.items():
            for group, member in zip(GROUPS, (*members, year_of(delivered_on)), strict=True):
                groups[group].setdefault(str(member), Tally()).add_all(tally)
        return groups

    def report(self, kind_of: Mapping[str, str]) -> Report:
        """Counts and a table per group, the largest member first; `kind_of` says what sort of institution each partner is."""
        train, held_out = self.total.tokens[Side.TRAIN], self.total.tokens[Side.HELD_OUT]
        counts = {f"{side}_{name}": n for side in Side for name, n in self._of(side).items()}
        counts["not_for_evaluation"] = self.num_not_for_evaluation
        counts["seen_in_training"] = self.num_seen_in_training
        groups = self.groups()
        languages = groups["language"]
        kinds: dict[str, Tally] = {}
        for partner, tally in groups["partner"].items():
            kinds.setdefault(kind_of[partner], Tally()).add_all(tally)
        return Report(
            stage="token_shards",
            summary=f"{train:,} tokens of {self.total.documents[Side.TRAIN]:,} documents to train on, {held_out:,} of "
            f"{self.total.documents[Side.HELD_OUT]:,} held out, in {len(languages)} languages",
            counts=counts,
            metrics={f"tokens_per_byte/{name}": t.tokens.total() / t.num_bytes for name, t in sorted(languages.items())},
            tables=tuple(_table(group, members) for group, members in {**groups, INSTITUTION: kinds}.items()),
        )

    def _of(self, side: Side) -> dict[str, int]:
        return {
            "documents": self.total.documents[side],
            "tokens": self.total.tokens[side],
            "pieces": self.num_pieces[side],
            "shards": self.num_shards[side],
        }


def _table(group: str, members: dict[str, Tally]) -> Table:
    ranked = sorted(members.items(), key=lambda item: (-item[1].tokens.total(), item[0]))
    return Table(
        name=f"tokens per {group}",
        columns=(group, "documents", "held-out documents", "train tokens", "held-out tokens", "bytes"),
        rows=tuple(
            (
                name,
                tally.documents.total(),
                tally.documents[Side.HELD_OUT],
                tally.tokens[Side.TRAIN],
                tally.tokens[Side.HELD_OUT],
                tally.num_bytes,
            )
            for name, tally in ranked
        ),
    )
