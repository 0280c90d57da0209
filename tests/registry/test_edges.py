"""Many documents at once: one refusal names whose texts, how many, why, and what to do."""

from datetime import date
from pathlib import Path

import pytest

from latamgpt.errors import NotPermittedError
from latamgpt.registry.edges import Question, Terms, must_be_permitted
from latamgpt.registry.partners import Edge, Purpose
from latamgpt.registry.rights import Place
from tests.builders import AGREEMENT, INSTITUTION, PARTNER

TERMS = Terms(PARTNER, AGREEMENT, "CC0-1.0")


def question(place: Place | None = None) -> Question:
    return Question("checkpoint", Purpose.TRAIN, Edge.TRAINING, date(2026, 11, 21), place, "Nothing was started.")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "partners").mkdir()
    (tmp_path / "partners" / f"{PARTNER}.yaml").write_text(INSTITUTION, encoding="utf-8")
    return tmp_path


def test_documents_under_agreements_that_hold_pass(root: Path) -> None:
    must_be_permitted(root, (PARTNER,), {TERMS: 3}, question())


def test_refusal_says_how_many_documents_of_whom_and_what_to_do(root: Path) -> None:
    other = Terms(PARTNER, "aq-1999", "CC0-1.0")
    said = r"checkpoint: 1,200 documents of academia-quechua: .*no agreement 'aq-1999'\. Nothing was started\."
    with pytest.raises(NotPermittedError, match=said):
        must_be_permitted(root, (PARTNER,), {TERMS: 3, other: 1200}, question())


def test_partner_that_is_not_of_the_run_is_refused(root: Path) -> None:
    with pytest.raises(NotPermittedError, match="not a partner of this run"):
        must_be_permitted(root, ("archivo-uno",), {TERMS: 3}, question())


def test_many_refusals_are_counted_not_listed(root: Path) -> None:
    many = {Terms(PARTNER, f"aq-{n}", "MIT"): 1 for n in range(8)}
    with pytest.raises(NotPermittedError, match=r"\(and 3 more\)"):
        must_be_permitted(root, (PARTNER,), many, question())


def test_place_outside_the_residency_is_refused(root: Path) -> None:
    path = root / "partners" / f"{PARTNER}.yaml"
    path.write_text(INSTITUTION.replace("    valid_from", "    residency: [PE]\n    valid_from"), encoding="utf-8")
    must_be_permitted(root, (PARTNER,), {TERMS: 3}, question(Place("PE", "laptop")))
    with pytest.raises(NotPermittedError, match="lets its texts lie in PE, not at laptop in CL"):
        must_be_permitted(root, (PARTNER,), {TERMS: 3}, question(Place("CL", "laptop")))
