"""docs/formats.md names every kind of file that is read and every reason for which one is not."""

import re
from datetime import date

from latamgpt.intake.kinds import DocumentKind, kind_of
from latamgpt.intake.periods import period_of
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.reading import READERS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


def test_every_reason_says_what_a_partner_should_do() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert {str(reason) for reason in Reason} - rows.keys() == set()
    assert all(len(advice) > 5 for advice in rows.values())


def test_every_kind_of_file_that_has_a_reader_is_named() -> None:
    assert [suffix for suffix in READERS if f"`{suffix}`" not in PAGE] == []


def test_every_form_of_a_date_on_the_page_gives_the_period_that_stands_beside_it() -> None:
    table = PAGE.partition("| stated as | period |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`.+) \| `([^`]+)`(.*) \|$", table, re.MULTILINE)
    found = {form: period_of(form, date(2026, 11, 22)) for forms, _, _ in rows for form in re.findall(r"`([^`]+)`", forms)}
    stated = {form: (period, "named" in rest) for forms, period, rest in rows for form in re.findall(r"`([^`]+)`", forms)}
    assert len(stated) > 40
    assert {form: (one.value, bool(one.fault)) for form, one in found.items()} == stated


def test_every_kind_is_on_the_page_and_its_words_mean_it() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ([^|]+) \|$", PAGE.partition("one of eight words")[2], re.MULTILINE))
    assert {str(kind) for kind in DocumentKind} <= rows.keys()
    for kind in DocumentKind:
        words = [word.strip(" `") for word in re.sub(r"MODS|METS|schema\.org", "", rows[kind]).split(",")]
        assert {word: kind_of([word]).value for word in words} == dict.fromkeys(words, str(kind))
