"""Dagster's instance of a workspace: var/dagster, with the settings of dagster_project/dagster.yaml."""

import os
import shutil
from pathlib import Path

import dagster as dg

from latamgpt.store import Workspace

SETTINGS = Path(__file__).parent / "dagster.yaml"


def prepare_home(workspace: Workspace) -> Path:
    """Make DAGSTER_HOME, where the environment names none, and give it this project's settings."""
    home = Path(os.environ.get("DAGSTER_HOME") or workspace.root / "var" / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / SETTINGS.name).exists() or home.is_relative_to(workspace.root.resolve()):
        shutil.copyfile(SETTINGS, home / SETTINGS.name)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(workspace: Workspace) -> dg.DagsterInstance:
    """The instance that `make ui` shows."""
    return dg.DagsterInstance.from_config(str(prepare_home(workspace)))
