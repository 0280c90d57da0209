"""Which texts a checkpoint was trained on, whose they are, and whether weights made from them may be released."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.records import EXCLUSION_SCHEMA
from latamgpt.registry.partners import Edge, Institution, Purpose
from latamgpt.registry.rights import rule
from latamgpt.store import read_table

USED_COLUMNS = ["doc_id", "partner", "agreement", "licence", "source", "language", "variety", "num_bytes", "num_personal_data"]
SHOWN_PROBLEMS = 5


@dataclass(frozen=True)
class Use:
    """The corpus' documents of one agreement and licence, and how much of them was trained on."""

    partner: str
    agreement: str
    licence: str
    num_documents: int
    num_bytes: int
    num_tokens_trained: int


@dataclass(frozen=True)
class Share:
    """The same for a language and its variety."""

    language: str
    variety: str
    num_documents: int
    num_bytes: int
    num_tokens_trained: int


@dataclass(frozen=True)
class Source:
    """The same for where a partner's texts come from: a package, a book, the partner itself."""

    name: str
    licence: str
    num_documents: int
    num_bytes: int
    num_tokens_trained: int


@dataclass(frozen=True)
class SetAside:
    """What was not used for one reason."""

    stage: str
    reason: str
    num_records: int
    num_bytes: int


@dataclass(frozen=True)
class Provenance:
    """Everything that the cards say about the texts."""

    uses: tuple[Use, ...]
    shares: tuple[Share, ...]
    sources: tuple[Source, ...]
    set_aside: tuple[SetAside, ...]
    set_aside_by_partner: Mapping[str, int]
    num_identifiers_masked: int

    @property
    def num_tokens_trained(self) -> int:
        """Tokens of all documents, each as often as it was seen."""
        return sum(use.num_tokens_trained for use in self.uses)


def trace(corpus: Path, data_order: Path) -> Provenance:
    """Follow the trainer's data order back to the corpus' documents.

    Raises:
        OperatorError: a document was trained on that the corpus does not hold: no agreement is known for it.
    """
    documents = pq.read_table(corpus / "documents.parquet", columns=USED_COLUMNS)
    order = pq.read_table(data_order, columns=["doc_id", "start", "end"])
    lengths = pa.table({"doc_id": order["doc_id"], "tokens": order["end"].to_numpy() - order["start"].to_numpy()})
    trained = lengths.group_by("doc_id").aggregate([("tokens", "sum")])
    unknown = sorted(set(trained["doc_id"].to_pylist()) - set(documents["doc_id"].to_pylist()))
    if unknown:
        raise OperatorError(
            f"the checkpoint was trained on {len(unknown):,} documents that the corpus does not hold, first {unknown[0]}. Under "
            "which agreement they came is not known, so the weights may not be released. Train again on this corpus."
        )
    joined = documents.join(trained, "doc_id", join_type="left outer").to_pylist()
    exclusions = read_table(corpus / "exclusions.parquet", EXCLUSION_SCHEMA).to_pylist()
    by_partner = Counter(str(row["partner"]) for row in exclusions)
    return Provenance(
        uses=tuple(Use(key[0], key[1], key[2], *sums) for key, sums in _sums(joined, ("partner", "agreement", "licence"))),
        shares=tuple(Share(key[0], key[1], *sums) for key, sums in _sums(joined, ("language", "variety"))),
        sources=tuple(Source(key[0], key[1], *sums) for key, sums in _sums(joined, ("source", "licence"))),
        set_aside=tuple(SetAside(key[0], key[1], sums[0], sums[1]) for key, sums in _sums(exclusions, ("stage", "reason"))),
        set_aside_by_partner=dict(sorted(by_partner.items())),
        num_identifiers_masked=sum(int(row["num_personal_data"]) for row in joined),
    )


def must_be_releasable(provenance: Provenance, institutions: Mapping[str, Institution], on: date) -> None:
    """Hold every agreement whose texts were trained on against the purpose 'release'. Default is deny.

    Raises:
        NotPermittedError: names the agreements that do not permit it, and why.
    """
    problems: list[str] = []
    for use in provenance.uses:
        if not use.num_tokens_trained:
            continue
        institution = institutions.get(use.partner)
        if institution is None:
            problems.append(f"{use.partner} is no partner of this run")
            continue
        ruling = rule(institution, use.agreement, use.licence, Purpose.RELEASE, on, edge=Edge.RELEASE)
        if not ruling.permitted:
            problems.append(f"{use.partner}: {ruling.detail} ({use.num_tokens_trained:,} tokens were trained on)")
    if problems:
        raise NotPermittedError(
            f"{len(problems)} agreements do not permit the release of weights trained on their texts: "
            f"{'; '.join(problems[:SHOWN_PROBLEMS])}. Nothing was released. Settle it with the partner and record it in "
            "partners/, or leave the texts out and train again."
        )


def _sums(rows: Sequence[Mapping[str, object]], keys: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[int, int, int]]]:
    """Records, bytes and trained tokens per key, sorted by key."""
    sums: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        found = sums[tuple(str(row[key]) for key in keys)]
        found[0] += 1
        found[1] += int(str(row["num_bytes"]))
        found[2] += int(str(row.get("tokens_sum") or 0))
    return [(key, (found[0], found[1], found[2])) for key, found in sorted(sums.items())]
