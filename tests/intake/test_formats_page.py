"""docs/formats.md names every kind of file that is read and every reason for which one is not."""

import re

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
