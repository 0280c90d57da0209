"""The run's lists of partners: who is not in them is registered and delivers, and is left out of the corpus.

`partners` in params.yaml decides; dvc.yaml repeats the names wherever a stage reads all partners' outputs.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from latamgpt.custody.edits import FileEdit, read_text
from latamgpt.custody.tombstones import place_for_tombstones
from latamgpt.errors import OperatorError
from latamgpt.params import read_params

FILES = ("dvc.yaml", "params.yaml")
"""In the order in which they are written: params.yaml decides, so it comes last."""


def enter_run(root: Path, partner: str) -> tuple[FileEdit, ...]:
    """What params.yaml and dvc.yaml must say so that a partner's deliveries are part of the run; nothing where they do.

    Raises:
        OperatorError: params.yaml does not read, or the run has no partner beside whom the new one could be listed.
    """
    partners = read_params(root).partners
    if partner in partners:
        return ()
    if not partners:
        raise OperatorError(
            f"the run has no partners (params.yaml, partners), so where dvc.yaml lists them is not known. Enter {partner} "
            "by hand."
        )
    before = [one for one in partners if one < partner]
    beside = before[-1] if before else min(partners)
    texts = {path: read_text(root, path) for path in FILES}
    edits = (FileEdit(path, text, listed_beside(text, beside, partner)) for path, text in texts.items())
    return (*place_for_tombstones(root, partner), *(edit for edit in edits if edit.after != edit.before))


def listed_beside(text: str, beside: str, partner: str) -> str:
    """A YAML text in which every list that names a partner names another one next to it, in order."""
    if re.search(rf"^\s+- (\S+/)?{re.escape(partner)}(\.yaml)?(\s.*)?$", text, re.MULTILINE):
        return text  # a run that was killed between two files
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        named = re.fullmatch(rf"(\s+- (?:\S+/)?){re.escape(beside)}(\.yaml)?(\s.*)?\n", line, re.DOTALL)
        new = [f"{named[1]}{partner}{named[2] or ''}\n"] if named else []
        lines += _in_order(line, new, first=partner < beside)
    return "".join(lines)


def _in_order(line: str, new: Sequence[str], *, first: bool) -> list[str]:
    return [*new, line] if first else [line, *new]
