"""The audit log: what operators did to the registry and to deliveries, a line each, appended and never rewritten.

governance/audit.jsonl is committed like the registry. No stage reads it. An action is entered before its effect shows, so that
nothing happens unrecorded; what a kill cuts off between the two is finished by the next command (latamgpt/custody/journal.py).
"""

import hashlib
import os
import subprocess
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.chain import Chain, Change, Entry, read_chain
from latamgpt.store import Workspace, held

LOG = "governance/audit.jsonl"


class Action(StrEnum):
    """What an operator may do that is entered."""

    PARTNER_ADDED = "partner_added"
    AGREEMENT_ADDED = "agreement_added"
    AGREEMENT_EXTENDED = "agreement_extended"
    AGREEMENT_WITHDRAWN = "agreement_withdrawn"
    DELIVERY_ENTERED = "delivery_entered"
    DELIVERY_WITHDRAWN = "delivery_withdrawn"
    DOCUMENT_WITHDRAWN = "document_withdrawn"
    LANGUAGE_LEARNED = "language_learned"
    SCANS_READ = "scans_read"
    PAGE_CORRECTED = "page_corrected"
    DEED_UNDONE = "deed_undone"  # a disk refused what the log said already
    LOG_REPAIRED = "log_repaired"
    REQUEST_OPENED = "request_opened"
    REQUEST_CLOSED = "request_closed"


@dataclass
class AuditLog:
    """The log, held by one process: only `log_of` gives it."""

    path: Path
    actor: str
    chain: Chain

    def append(self, action: Action, subject: str, detail: str, changes: Iterable[Change] = ()) -> Entry:
        """Add one line and wait until it is on the disk.

        Raises:
            OperatorError: the disk did not take it; the log is as it was before.
        """
        entry = self.compose(action, subject, detail, changes)
        self.enter(entry)
        return entry

    def compose(self, action: Action, subject: str, detail: str, changes: Iterable[Change] = ()) -> Entry:
        """The next line, sealed to the last one, and not entered yet."""
        return Entry(
            sequence=len(self.chain.entries) + 1,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            actor=self.actor,
            action=action,
            subject=subject,
            detail=detail,
            changes=tuple(changes),
            previous=self.chain.head,
        ).sealed()

    def enter(self, entry: Entry) -> None:
        """Add a line that was composed, and wait until it is on the disk.

        Raises:
            OperatorError: the disk did not take it; the log is as it was before.
        """
        _append(self.path, entry.line())
        self.chain = Chain((*self.chain.entries, entry))


def log_of(workspace: Workspace, actor: str) -> AuditLog:
    """The log of a workspace, verified, for who holds its lock; what an operator changes is changed while it is held.

    Raises:
        OperatorError: nobody says who acts, or the log's last line was torn by a kill.
        InputDamagedError: a line of the log is wrong.
    """
    name = actor.strip() or git_user(workspace)
    return AuditLog(workspace.root / LOG, name, sound(workspace))


def complete(workspace: Workspace, entry: Entry, torn: bytes) -> None:
    """Write the rest of a line of which a kill let only the start through.

    Raises:
        OperatorError: the disk did not take it; the log is as it was before.
    """
    _append(workspace.root / LOG, entry.line().removeprefix(torn))


def sound(workspace: Workspace) -> Chain:
    """The log's lines, all of them good.

    Raises:
        OperatorError: the last line was torn by a kill.
        InputDamagedError: a line of the log is wrong.
    """
    path = workspace.root / LOG
    chain = read_chain(path)
    if chain.fault:
        raise InputDamagedError(
            f"{path}: {chain.fault}. The {len(chain.entries):,} lines before it are good; what follows proves nothing, so "
            f"nothing is added. See who changed it (`git log -p {LOG}`) and restore the committed file (`git checkout {LOG}`)."
        )
    if chain.torn:
        raise OperatorError(
            f"{path} ends in {len(chain.torn)} bytes that are no whole line: a writer was killed while it wrote number "
            f"{len(chain.entries) + 1}, before what it was about to do took effect. The {len(chain.entries):,} lines before it "
            "are good. `latamgpt audit --repair` sets the torn bytes aside and says so in the log; then run that command again."
        )
    return chain


def repair(workspace: Workspace, actor: str = "") -> Entry | None:
    """Set a torn last line aside, beside the log, and enter that; None where nothing is torn.

    Raises:
        InputDamagedError: a line of the log is wrong, which no repair mends.
    """
    name = actor.strip() or git_user(workspace)
    path = workspace.root / LOG
    with locked(workspace):
        chain = read_chain(path)
        if chain.fault or not chain.torn:
            sound(workspace)
            return None
        digest = hashlib.sha256(chain.torn).hexdigest()
        aside = path.with_name(f"torn-{digest[:16]}.txt")
        _append(aside, chain.torn, fresh=True)
        os.truncate(path, path.stat().st_size - len(chain.torn))
        change = Change(path=aside.relative_to(workspace.root).as_posix(), after=digest)
        detail = f"set aside {len(chain.torn)} bytes of a line that a killed writer left"
        return AuditLog(path, name, Chain(chain.entries)).append(Action.LOG_REPAIRED, LOG, detail, [change])


def git_user(workspace: Workspace) -> str:
    """The name that git would put under a commit here.

    Raises:
        OperatorError: git knows none.
    """
    asked = ["git", "config", "user.name"]
    result = subprocess.run(asked, cwd=workspace.root, capture_output=True, text=True, check=False)
    if result.returncode == 0 and result.stdout.strip():
        return result.stdout.strip()
    raise OperatorError(
        "nobody says who acts: git has no user.name here, and the audit log names a person for every line. "
        "Give --actor NAME, or run `git config user.name NAME`."
    )


@contextmanager
def locked(workspace: Workspace) -> Generator[None]:
    """Keep every other writer of the log out while the block runs; not to be nested."""
    with held(workspace.root, "audit"):
        yield


def _append(path: Path, data: bytes, *, fresh: bool = False) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if fresh else os.O_APPEND), 0o644)
        try:
            _write_whole(handle, data)
        finally:
            os.close(handle)
    except OSError as error:
        raise OperatorError(
            f"{path} could not be written: {error.strerror}. What cannot be recorded is not done; nothing was changed. "
            "Free some space or mend the folder's permissions, then run the command again."
        ) from error


def _write_whole(handle: int, data: bytes) -> None:
    """Write all of it and wait for the disk; where that fails, the file is as long as before."""
    before = os.fstat(handle).st_size
    try:
        written = 0
        while written < len(data):
            written += os.write(handle, data[written:])
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, before)
        raise
