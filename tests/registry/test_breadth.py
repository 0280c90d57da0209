"""Of two agreements over one text, which lets more be done."""

from datetime import date
from itertools import pairwise

from latamgpt.registry.breadth import Breadth, breadth
from tests.registry.test_rights import institution, labelled

DAY = date(2026, 6, 1)
ALL = ["train", "evaluate", "release", "publish_excerpts", "export"]


def broad(licence: str = "CC0-1.0", **changes: object) -> Breadth:
    return breadth(institution(licence="CC0-1.0", accepted_licences=[licence], **changes), "au-2025-01", licence, DAY)


def test_breadth_counts_uses_then_places_then_duties() -> None:
    broadest_first = [
        broad(purposes=ALL),
        broad("CC-BY-4.0", purposes=ALL),
        broad("CC-BY-SA-4.0", purposes=ALL),
        broad("CC-BY-NC-SA-4.0", purposes=ALL),
        broad(purposes=ALL, residency=["PE"]),
        broad("CC-BY-NC-SA-4.0", purposes=ALL[:3]),
        broad(purposes=ALL[:1]),
        broad(purposes=ALL, stages=["intake", "corpus"]),
    ]
    assert all(one > other for one, other in pairwise(broadest_first[:-1]))
    assert broadest_first[-1].num_uses == 1  # excerpts; all else is asked further on, where the agreement does not reach


def test_a_label_is_a_duty_more() -> None:
    assert broad("CC0-1.0", purposes=ALL, **labelled("tk_attribution")) < broad(purposes=ALL)


def test_an_agreement_that_does_not_hold_permits_nothing() -> None:
    assert broad(purposes=ALL, valid_until="2026-05-31").num_uses == 0
    assert breadth(institution(), "au-1999", "CC0-1.0", DAY) == Breadth(0, is_anywhere=False, minus_duties=0)
