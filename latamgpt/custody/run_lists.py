"""The run's lists of partners: who is not in them is registered and delivers, and is left out of the corpus.

`partners` in params.yaml decides; dvc.yaml repeats the names wherever a stage reads all partners' outputs.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from latamgpt.custody.edits import FileEdit, read_text
from latamgpt.custody.tombstones import place_for_tombstones
from latamgpt.errors import OperatorError
from latamgpt.params import read_params

FILES = ("dvc.yaml", "params.yaml")
"""In the order in which they are written: params.yaml decides, so it comes last."""

FOLDERS = r"(?:data/[^/\s]+/|partners/|governance/withdrawals/|samples/)"
"""What stands before a partner where dvc.yaml lists it: `- data/corpus` does not mean a partner of that name."""


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
    """A YAML text in which every list of partners that names one of them names another one next to it, in order.

    Lists of partners are `partners`, and in any other list what lies in a folder of partners.
    """
    lines = list(_lines(text))
    if any(_item(line, partner, bare) for line, bare in lines):
        return text  # a run that was killed between two files
    grown: list[str] = []
    for line, bare in lines:
        named = _item(line, beside, bare)
        new = [f"{named[1]}{partner}{named[2] or ''}\n"] if named else []
        grown += _in_order(line, new, first=partner < beside)
    return "".join(grown)


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it stands under the key `partners`, where a partner is named without a folder."""
    bare = False
    for line in text.splitlines(keepends=True):
        if re.match(r"\w", line):
            bare = line.startswith("partners:")
        yield line, bare


def _item(line: str, partner: str, bare: bool) -> re.Match[str] | None:  # noqa: FBT001
    name = re.escape(partner)
    item = rf"(\s*- ){name}()" if bare else rf"(\s*- {FOLDERS}){name}(\.yaml)?"
    return re.fullmatch(rf"{item}(\s.*)?", line, re.DOTALL)


def _in_order(line: str, new: Sequence[str], *, first: bool) -> list[str]:
    return [*new, line] if first else [line, *new]
