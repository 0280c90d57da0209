"""Sites: read, named when missing, refused when misspelt."""

from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from tests.conftest import ROOT


def test_laptop_is_the_site_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATAMGPT_SITE", raising=False)
    assert read_site(ROOT).num_ranks == 1
    monkeypatch.setenv("LATAMGPT_SITE", "tarapaca")
    assert read_site(ROOT).num_ranks == 96


def test_site_knows_its_name_and_country() -> None:
    site = read_site(ROOT, "tarapaca")
    assert (site.name, site.country) == ("tarapaca", "CL")


def test_missing_site_lists_those_there_are() -> None:
    with pytest.raises(OperatorError, match=r"no site 'laptpo'.*the sites are: .*laptop, tarapaca"):
        read_site(ROOT, "laptpo")


def test_misspelt_field_is_named(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "laptop.yaml").write_text("proceses: 2\n")
    with pytest.raises(OperatorError, match="proceses: there is no such key"):
        read_site(tmp_path, "laptop")
