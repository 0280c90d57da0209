"""What the token shards hold, counted by language, country, partner, period, kind and more, for the report."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass
class ShardCounts:
    """Running counts over all documents."""

    groups: dict[str, dict[str, Tally]] = field(default_factory=lambda: {group: {} for group in GROUPS})
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
        for group, member in (
            ("language", document.language),
            ("variety", document.variety),
            ("country", document.country),
            ("partner", document.partner),
            ("licence", document.licence),
            ("period", document.period),
            ("kind", document.kind),
            (YEAR, year_of(document.delivery_date)),
        ):
            self.groups[group].setdefault(member, Tally()).add(side, document)

    def report(self, kind_of: Mapping[str, str]) -> Report:
        """Counts and a table per group, the largest member first; `kind_of` says what sort of institution each partner is."""
        train, held_out = self.total.tokens[Side.TRAIN], self.total.tokens[Side.HELD_OUT]
        counts = {f"{side}_{name}": n for side in Side for name, n in self._of(side).items()}
        counts["not_for_evaluation"] = self.num_not_for_evaluation
        counts["seen_in_training"] = self.num_seen_in_training
        languages = self.groups["language"]
        kinds: dict[str, Tally] = {}
        for partner, tally in self.groups["partner"].items():
            kinds.setdefault(kind_of[partner], Tally()).add_all(tally)
        return Report(
            stage="token_shards",
            summary=f"{train:,} tokens of {self.total.documents[Side.TRAIN]:,} documents to train on, {held_out:,} of "
            f"{self.total.documents[Side.HELD_OUT]:,} held out, in {len(languages)} languages",
            counts=counts,
            metrics={f"tokens_per_byte/{name}": t.tokens.total() / t.num_bytes for name, t in sorted(languages.items())},
            tables=tuple(_table(group, members) for group, members in {**self.groups, INSTITUTION: kinds}.items()),
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
