"""Fairness audit: whether a filter drops more than its share of a community's verified text.

Verified text is a document whose language its partner declared, of a delivery that an agreement covers (intake lets no other in):
whoever knows the language has said what it is. A filter is a reason for which clean_documents drops such a document for what it
looks like. For each filter, and for all together, the drop rate of every language, variety, country and partner is held against
a highest rate and against those whom the filter spares. Its interval is exact (Clopper and Pearson 1934): few documents prove
nothing.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.gates.suite import Rule, critical
from latamgpt.params import CorpusGateParams
from latamgpt.records import Table
from latamgpt.registry.languages import LanguageFile
from latamgpt.store import Workspace

CURATION = "clean_documents"
NOT_BY_LOOKS = frozenset({"names_a_minor"})  # for whom a text speaks of, however it is written
SENT = ("doc_id", "declared_language", "country", "partner")
UNKNOWN = "und"
EVERY_FILTER = "all together"
FAIR, UNFAIR = "fair", "more than its share"
COLUMNS = ("group kind", "group", "filter", "dropped", "of", "rate", "low", "high", "verdict")
NAMED = 4  # in a sentence; the table has all
BISECTIONS = 30  # a billionth: rates are shown in ten-thousandths
NEGLIGIBLE = 1e-18

Row = dict[str, str]
Group = tuple[str, str]  # kind and name


@dataclass(frozen=True)
class Verified:
    """One document that came in with a declared language, and the filter that dropped it, if one did."""

    groups: tuple[Group, ...]
    dropped_by: str = ""


@dataclass(frozen=True)
class DropRate:
    """How much of a group a filter dropped, with the interval of the rate."""

    group: Group
    filter: str
    num_dropped: int
    num_documents: int
    low: float
    high: float
    is_fair: bool = True

    @property
    def rate(self) -> float:
        """Of the group's documents, those dropped."""
        return round(self.num_dropped / self.num_documents, 4)

    def __str__(self) -> str:
        kind, name = self.group
        what = "all filters together drop" if self.filter == EVERY_FILTER else f"{self.filter} drops"
        return f"{what} {self.rate:.1%} ({self.low:.1%} to {self.high:.1%}) of {kind} {name}"


def read_verified(workspace: Workspace, partners: Iterable[str], corpus: pa.Table, exclusions: pa.Table) -> list[Verified]:
    """The documents that the partners sent with a declared language, and what became of each in curation."""
    paths = [workspace.read("documents", partner) / "documents.parquet" for partner in partners]
    tables = [pq.read_table(path, columns=list(SENT)) for path in paths]
    sent = [row for table in tables for row in _rows(table, *SENT) if row["declared_language"] != UNKNOWN]
    names = _names_of_tags(sent, [*_rows(corpus, "doc_id", "language"), *_rows(exclusions, "doc_id", "language")])
    dropped = {
        row["doc_id"]: row["reason"]
        for row in _rows(exclusions, "doc_id", "stage", "reason")
        if row["stage"] == CURATION and row["reason"] not in NOT_BY_LOOKS
    }
    verified: list[Verified] = []
    for row in sent:
        tag = row["declared_language"]
        groups = groups_of(names.get(tag, tag), tag, row["country"], row["partner"])
        verified.append(Verified(groups, dropped.get(row["doc_id"], "")))
    return verified


def groups_of(language: str, declared: str, country: str, partner: str) -> tuple[Group, ...]:
    """The communities that a document counts for; its variety is the tag as declared, with the country where the tag has none."""
    variety = declared if "-" in declared or not country else f"{declared}-{country}"
    named = {"language": language.partition("-")[0].lower(), "variety": variety, "country": country, "partner": partner}
    return tuple((kind, name) for kind, name in named.items() if name)


def _names_of_tags(sent: Iterable[Row], judged: Iterable[Row]) -> dict[str, str]:
    """Under which language curation counts a declared tag: 'gn' and 'gug' are one community, 'quy' and 'quz' are."""
    language_of = {row["doc_id"]: row["language"] for row in judged if row["language"] != UNKNOWN}
    return {row["declared_language"]: language_of[row["doc_id"]] for row in sent if row["doc_id"] in language_of}


def _rows(table: pa.Table, *columns: str) -> list[Row]:
    return table.select(list(columns)).to_pylist()


def audit(verified: Iterable[Verified], params: CorpusGateParams) -> list[DropRate]:
    """The drop rate of every group by every filter that dropped one of it, and by all together."""
    of: Counter[Group] = Counter()
    dropped: dict[str, Counter[Group]] = {EVERY_FILTER: Counter()}
    for one in verified:
        of.update(one.groups)
        if one.dropped_by:
            dropped.setdefault(one.dropped_by, Counter()).update(one.groups)
            dropped[EVERY_FILTER].update(one.groups)
    rates = [_measure(group, name, dropped[name][group], num, params) for name in dropped for group, num in of.items()]
    return [rate for rate in _judge(rates, params) if rate.num_dropped or rate.filter == EVERY_FILTER]


def audit_references(files: Mapping[str, LanguageFile], params: CorpusGateParams) -> list[DropRate]:
    """The same for the passages that thresholds were learned from: a corpus may hold few documents of a language, or none."""
    evidence = {code: file.evidence for code, file in files.items() if file.evidence}
    rates = [
        _measure(("reference", code), EVERY_FILTER, one.num_dropped, one.num_passages, params) for code, one in evidence.items()
    ]
    return _judge(rates, params)


def worst_first(rates: Iterable[DropRate]) -> list[DropRate]:
    """The unfair ones first, then by the lower end of the interval."""
    return sorted(rates, key=lambda r: (r.is_fair, -r.low, -r.rate, r.group, r.filter))


def _measure(group: Group, name: str, num_dropped: int, num_documents: int, params: CorpusGateParams) -> DropRate:
    low, high = interval(num_dropped, num_documents, params.drop_confidence)
    return DropRate(group, name, num_dropped, num_documents, low, high)


def _judge(rates: Iterable[DropRate], params: CorpusGateParams) -> list[DropRate]:
    """Hold each rate against those whom the same filter spares, or where it spares nobody, against all others of the kind.

    Not against the rate over everything: where a filter erases most communities, that rate is theirs.
    """
    alike: defaultdict[tuple[str, str], list[DropRate]] = defaultdict(list)
    for rate in rates:
        alike[rate.group[0], rate.filter].append(rate)
    judged: list[DropRate] = []
    for kind in alike.values():
        spared = [rate for rate in kind if rate.low <= params.max_drop_rate]
        judged += spared
        for rate in kind:
            if rate.low > params.max_drop_rate:
                others = spared or [other for other in kind if other is not rate]
                judged.append(replace(rate, is_fair=rate.low <= params.max_drop_ratio * _rate_over(others)))
    return judged


def _rate_over(rates: Iterable[DropRate]) -> float:
    counts = [(rate.num_dropped, rate.num_documents) for rate in rates]
    return sum(dropped for dropped, _ in counts) / sum(num for _, num in counts) if counts else 0.0


def interval(num_hit: int, num_all: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's: the rates at which so many hits, or more, or fewer, would each be as rare as the confidence says."""
    tail = (1 - confidence) / 2
    return round(_lowest_rate(num_hit, num_all, tail), 4), round(1 - _lowest_rate(num_all - num_hit, num_all, tail), 4)


def _lowest_rate(num_hit: int, num_all: int, tail: float) -> float:
    """The rate at which so many hits or more have the chance `tail`, by bisection."""
    low, high = 0.0, num_hit / num_all
    for _ in range(BISECTIONS if num_hit else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if _is_likelier(num_hit, num_all, middle, tail) else (middle, high)
    return low


def _is_likelier(num_hit: int, num_all: int, rate: float, tail: float) -> bool:
    """Whether so many hits or more have a greater chance, at a rate below the share that was hit: the terms then only fall."""
    term = math.exp(
        math.lgamma(num_all + 1)
        - math.lgamma(num_hit + 1)
        - math.lgamma(num_all - num_hit + 1)
        + num_hit * math.log(rate)
        + (num_all - num_hit) * math.log1p(-rate)
    )
    chance, odds, hits = 0.0, rate / (1 - rate), num_hit
    while chance <= tail and term > NEGLIGIBLE:
        chance += term
        term *= (num_all - hits) / (hits + 1) * odds
        hits += 1
    return chance > tail


def fairness_rules() -> tuple[Rule, ...]:
    """What must hold for each filter and group."""
    return (critical("expect_column_values_to_be_in_set", column="verdict", value_set=[FAIR]),)


def table_of(rates: Iterable[DropRate]) -> Table:
    """The drop rates as the report shows them."""
    rows = tuple((*r.group, r.filter, r.num_dropped, r.num_documents, r.rate, r.low, r.high, _verdict(r)) for r in rates)
    return Table(name="fairness", columns=COLUMNS, rows=rows)


def arrow_of(rates: Iterable[DropRate]) -> pa.Table:
    """The verdicts for Great Expectations."""
    return pa.table({"verdict": pa.array([_verdict(rate) for rate in rates], pa.string())})


def in_words(rates: Iterable[DropRate]) -> str:
    """What drops more than its share, single filters before all together; nothing if all is fair."""
    unfair = sorted((rate for rate in rates if not rate.is_fair), key=lambda rate: rate.filter == EVERY_FILTER)
    more = f"; and {len(unfair) - NAMED:,} more" if len(unfair) > NAMED else ""
    return "; ".join(str(rate) for rate in unfair[:NAMED]) + more


def _verdict(rate: DropRate) -> str:
    return FAIR if rate.is_fair else UNFAIR
