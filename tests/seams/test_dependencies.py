"""Traps between the big dependencies, each met once."""

from pathlib import Path

from tests.conftest import ROOT


def test_dagster_selections_and_hydra_overrides_parse_side_by_side() -> None:
    import dagster as dg
    from hydra.core.override_parser.overrides_parser import OverridesParser

    assert dg.AssetSelection.from_string("key:corpus+") is not None
    assert OverridesParser.create().parse_override("checkpoint.seed=3").key_or_group == "checkpoint.seed"


def test_the_folder_mlflow_holds_no_python_and_does_not_shadow_the_library() -> None:
    import importlib.util

    assert not list((ROOT / "mlflow").rglob("*.py"))
    found = importlib.util.find_spec("mlflow")
    assert found is not None
    assert found.origin is not None
    assert "site-packages" in Path(found.origin).parts


def test_no_tool_section_overrides_workspace_yaml() -> None:
    assert "[tool.dagster]" not in (ROOT / "pyproject.toml").read_text()


def test_asset_modules_keep_annotations_that_dagster_can_read() -> None:
    for folder in ("assets", "dagster_project"):
        for path in (ROOT / folder).glob("*.py"):
            assert "from __future__ import annotations" not in path.read_text(), path
