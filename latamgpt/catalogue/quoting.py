"""Which documents may be shown at all, and of which a person may read a few words: asked of the registry as it is today.

An excerpt that stands on a screen is published. So the purpose `publish_excerpts` is asked for, at the edge where the corpus is
worked on, on this machine, on the later of today and the run's day; default is deny. What was withdrawn is not shown at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from latamgpt.custody.days import today
from latamgpt.custody.effect import is_published, leaving
from latamgpt.errors import OperatorError
from latamgpt.governance.withdrawals import REASON, Withdrawn, read_withdrawn
from latamgpt.intake.delivery import read_delivery
from latamgpt.intake.documents import DELIVERIES
from latamgpt.launch.site import read_site
from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.registry.partners import Edge, Institution, Purpose, read_institution
from latamgpt.registry.rights import PERMITTED, Place, Ruling, rule, rule_delivery_labels
from latamgpt.store import Workspace, read_table

Row = Mapping[str, object]


@dataclass(frozen=True)
class Gone:
    """What partners withdrew, by now: documents, deliveries and agreements."""

    withdrawn: Mapping[str, Withdrawn] = field(default_factory=dict[str, Withdrawn])  # by partner
    copies: frozenset[str] = frozenset()  # doc_ids of the same partner with the same contents
    agreements: frozenset[tuple[str, str]] = frozenset()  # partner and agreement
    deliveries: frozenset[tuple[str, str]] = frozenset()  # partner and delivery, of those agreements
    places: frozenset[tuple[str, str, str]] = frozenset()  # partner, delivery and path of what intake takes no more

    def holds(self, row: Row) -> bool:
        """Whether a document of the corpus, or an exclusion, was withdrawn."""
        partner, delivery, doc_id = (str(row[name]) for name in ("partner", "delivery", "doc_id"))
        tombstone = self.withdrawn[partner].find(delivery, doc_id) if partner in self.withdrawn else None
        return bool(
            tombstone
            or doc_id in self.copies
            or (partner, delivery) in self.deliveries
            or (partner, delivery, row["path"]) in self.places
            or (partner, row.get("agreement")) in self.agreements
        )

    def fingerprint(self) -> list[object]:
        """All of it as plain values, the same in any order: what an index that leaves it out is named by."""
        tombstones = [[one.model_dump(mode="json") for one in self.withdrawn[name].tombstones] for name in sorted(self.withdrawn)]
        found = (self.copies, self.agreements, self.deliveries, self.places)
        return [sorted(self.withdrawn), tombstones, *map(sorted, found)]


def find_gone(workspace: Workspace, partners: Iterable[str]) -> Gone:
    """What these partners withdrew.

    Raises:
        OperatorError: a registry file or a list of withdrawals does not read: then nothing of that partner's may be shown.
    """
    withdrawn: dict[str, Withdrawn] = {}
    copies: set[str] = set()
    places: set[tuple[str, str, str]] = set()
    agreements: set[tuple[str, str]] = set()
    deliveries: set[tuple[str, str]] = set()
    for partner in sorted(set(partners)):
        found = read_withdrawn(workspace.root, partner)
        if found.tombstones:
            withdrawn[partner] = found
            copies |= leaving(workspace, partner, contents=found.by_content()).doc_ids
            places |= _no_more_taken(workspace, partner)
        ended = {one.id for one in read_institution(workspace.root, partner).agreements if one.withdrawn_on is not None}
        agreements |= {(partner, one) for one in ended}
        deliveries |= {(partner, one) for one in _deliveries_under(workspace, partner, ended)} if ended else set()
    return Gone(withdrawn, frozenset(copies), frozenset(agreements), frozenset(deliveries), frozenset(places))


def _no_more_taken(workspace: Workspace, partner: str) -> set[tuple[str, str, str]]:
    """Where intake, run again since, set aside what has a tombstone: the corpus may still be the one of before."""
    if not is_published(workspace, "documents", partner):
        return set()
    rows = read_table(workspace.read("documents", partner) / "exclusions.parquet").to_pylist()
    return {(partner, row["delivery"], row["path"]) for row in rows if row["reason"] == REASON}


def _deliveries_under(workspace: Workspace, partner: str, agreements: set[str]) -> set[str]:
    folder = workspace.place("documents", partner)
    tables = Report.read(folder).tables if (folder / "report.json").is_file() else ()
    return {
        str(row[table.columns.index("delivery")])
        for table in tables
        if {"delivery", "agreement"} <= set(table.columns)
        for row in table.rows
        if row[table.columns.index("agreement")] in agreements
    }


class Quoting:
    """Says of each document whether a few words of it may be shown here today; asks once for each agreement and delivery."""

    def __init__(self, workspace: Workspace, params: Params) -> None:
        site = read_site(workspace.root)
        self.root = workspace.root
        self.day = max(params.rights.as_of, today())
        self.place = Place(site.country, site.name, site.is_guess)
        self._institutions: dict[str, Institution] = {}
        self._rulings: dict[tuple[str, ...], Ruling] = {}

    def ruling(self, row: Row) -> Ruling:
        """The ruling on a document that has partner, delivery, agreement and licence."""
        terms = tuple(str(row[name]) for name in ("partner", "delivery", "agreement", "licence"))
        if terms not in self._rulings:
            self._rulings[terms] = self._rule(*terms)
        return self._rulings[terms]

    def labels(self, row: Row) -> str:
        """The labels that a document's agreement carries, as they are to be shown; '' where it carries none."""
        agreement = self._institution(str(row["partner"])).agreement(str(row["agreement"]))
        if agreement is None or not agreement.labels:
            return ""
        return f"{', '.join(label.full_name for label in agreement.labels)} ({agreement.labels_by})"

    def _rule(self, partner: str, delivery: str, agreement_id: str, licence: str) -> Ruling:
        institution = self._institution(partner)
        purpose = Purpose.PUBLISH_EXCERPTS
        ruling = rule(institution, agreement_id, licence, purpose, self.day, edge=Edge.CORPUS, place=self.place)
        agreement = institution.agreement(agreement_id)
        if not ruling.permitted or agreement is None:
            return ruling
        try:
            said = read_delivery(self.root / DELIVERIES / partner / delivery)
        except OperatorError:
            return Ruling(
                False, "labels_not_known", f"{delivery}'s delivery.yaml, where its own labels stand, does not read here"
            )
        return rule_delivery_labels(agreement, delivery, said.labels, said.season, self.day) or PERMITTED

    def _institution(self, partner: str) -> Institution:
        if partner not in self._institutions:
            self._institutions[partner] = read_institution(self.root, partner)
        return self._institutions[partner]
