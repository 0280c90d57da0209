"""Does what lies here still stand as the audit log last said: changes by hand, and deeds that a kill cut off, show here."""

from pathlib import Path

from latamgpt.custody.places import tree_digest
from latamgpt.governance.chain import Chain, Change, Entry
from latamgpt.store import Workspace, sha256_file


def changed_since(workspace: Workspace, chain: Chain) -> list[str]:
    """A sentence for every file and delivery that is not as the log last said of it; reads all of their bytes."""
    last: dict[str, tuple[Entry, Change]] = {}
    for entry in chain.entries:
        last.update({change.path: (entry, change) for change in entry.changes})
    found = ((entry, change, _digest(workspace.root / path)) for path, (entry, change) in sorted(last.items()))
    return [_explain(entry, change, now) for entry, change, now in found if now != change.after]


def _explain(entry: Entry, change: Change, now: str) -> str:
    if now == change.before:
        return f"{change.path} is as it was before number {entry.sequence}: that deed was cut off or undone."
    how = "was changed" if now else "is gone"
    return f"{change.path} {how} since number {entry.sequence} was entered: git says by whom."


def _digest(path: Path) -> str:
    if path.is_dir():
        return tree_digest(path)
    return sha256_file(path) if path.is_file() else ""
