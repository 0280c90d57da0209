"""Does what lies here still stand as the audit log last said: changes by hand, and deeds that a kill cut off, show here."""

from latamgpt.custody.edits import digest_now
from latamgpt.governance.chain import Chain, Change, Entry
from latamgpt.store import Workspace


def changed_since(workspace: Workspace, chain: Chain) -> list[str]:
    """A sentence for every file and delivery that is not as the log last said of it; reads all of their bytes."""
    last: dict[str, tuple[Entry, Change]] = {}
    for entry in chain.entries:
        last.update({change.path: (entry, change) for change in entry.changes})
    found = ((entry, change, digest_now(workspace.root / path)) for path, (entry, change) in sorted(last.items()))
    return [_explain(entry, change, now) for entry, change, now in found if now != change.after]


def _explain(entry: Entry, change: Change, now: str) -> str:
    if now == change.before:
        return f"{change.path} is as it was before number {entry.sequence}: that deed was cut off or undone."
    how = "was changed" if now else "is gone"
    return f"{change.path} {how} since number {entry.sequence} was entered: git says by whom."
