"""Profiles: names of tasks that lm-evaluation-harness has, for sites that reach the hub from which it loads them."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import read_named

FOLDER = Path(__file__).parent


class Profile(Frozen):
    """Tasks by what they ask for."""

    name: str = ""  # of its file
    language: str = ""  # of all its tasks; '' where they are of several
    groups: Mapping[str, tuple[str, ...]] = Field(min_length=1)  # names of tasks and of groups of the harness
    include: str = ""  # a folder of task files of one's own, beside the profile


def read_profile(name: str) -> Profile:
    """A profile by the name of one that comes with this program, or by the path of a file.

    Raises:
        OperatorError: there is none, or its file is wrong.
    """
    path = Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in FOLDER.glob("*.yaml")))
        raise OperatorError(
            f"there is no profile {name!r}. It names the tasks to run. Choose one of {known}, or give a .yaml file."
        )
    profile = read_named(path, Profile)
    return profile.model_copy(update={"include": str((path.parent / profile.include).resolve()) if profile.include else ""})
