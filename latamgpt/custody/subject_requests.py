"""A data subject's request: where the string stands, until when to answer, who else holds it, what to do next.

A case is a file under var/dsr/cases, readable by its owner only and never committed. It holds an HMAC of the string under a key
of this machine, so that the same request is known again, and never the string. Log and case agree whatever a kill cuts off.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import orjson
from pydantic import ValidationError

from latamgpt.custody.deeds import at_work, carry_out
from latamgpt.custody.edits import Deed, FileEdit, read_text
from latamgpt.custody.needles import fold, needle
from latamgpt.custody.registry_edits import every_partner
from latamgpt.custody.traces import Trace, Unsearched, search
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.audit import Action
from latamgpt.governance.recipients import read_recipients
from latamgpt.records import Frozen
from latamgpt.store import Workspace

PLACE = "var/dsr"


class Kind(StrEnum):
    """What a person may ask for."""

    ACCESS = "access"
    ERASURE = "erasure"
    RECTIFICATION = "rectification"
    OPPOSITION = "opposition"


@dataclass(frozen=True)
class Law:
    """How long an answer may take."""

    name: str
    days: int  # calendar days from the day on which the request came


LAWS = {
    "CL": Law("Ley 19.628 as Ley 21.719 writes it, article 11", 30),
    "BR": Law("LGPD (Lei 13.709/2018), article 19", 15),
}
OTHERWISE = Law("no law is on file for the country: the shortest clock that is; counsel may set another with --days", 15)


class Case(Frozen):
    """One request."""

    case: str
    kind: Kind
    country: str
    law: str
    received_on: date
    due_on: date
    string_hmac_sha256: str
    traces: tuple[Trace, ...]
    recipients: tuple[str, ...]
    unsearched: tuple[Unsearched, ...] = ()
    doubt: str = ""  # a line for each place of which nothing can be said here
    closed_on: date | None = None
    outcome: str = ""

    def days_left(self, today: date) -> int:
        """Negative once the clock has run out."""
        return (self.due_on - today).days


@dataclass(frozen=True)
class Request:
    """What an operator enters."""

    string: str
    kind: Kind
    country: str
    received_on: date
    days: int | None = None
    recipients: tuple[str, ...] = ()
    actor: str = ""
    dry_run: bool = False


def _holders(workspace: Workspace, traces: tuple[Trace, ...]) -> Iterator[str]:
    """The release that holds what was found, and who is on record as having a copy of it."""
    for release in (trace.item for trace in traces if trace.place == "release"):
        yield f"release {release}"
        yield from (f"{one.name} ({one.address})" for one in read_recipients(workspace.root).of(release))


def open_case(workspace: Workspace, request: Request) -> Case:
    """Look for the string everywhere and start the clock; the audit log is entered first, and holds the case's number only.

    Raises:
        OperatorError: the string is too short, the same request is open already, or nobody says who acts.
    """
    law = LAWS.get(request.country, OTHERWISE)
    days = law.days if request.days is None else request.days
    sealed = _seal(workspace, request.string, make_key=not request.dry_run)
    found = search(workspace, every_partner(workspace), needle(request.string))
    case = Case(
        case=f"dsr-{request.received_on:%Y%m%d}-{secrets.token_hex(4)}",
        kind=request.kind,
        country=request.country,
        law=law.name,
        received_on=request.received_on,
        due_on=request.received_on + timedelta(days=days),
        string_hmac_sha256=sealed,
        traces=found.traces,
        recipients=(*_holders(workspace, found.traces), *request.recipients),
        unsearched=found.unsearched,
        doubt="\n".join(found.doubts),
    )
    if request.dry_run:
        return case
    with at_work(workspace, request.actor) as log:
        for known in read_cases(workspace):
            if known.closed_on is None and known.kind is request.kind and known.string_hmac_sha256 == sealed:
                raise OperatorError(
                    f"{known.case} is the same request, {known.kind} of the same string, open since {known.received_on} and due "
                    f"on {known.due_on}. Answer that one; a second clock would hide it."
                )
        detail = f"{case.kind}, {case.country}, due on {case.due_on}, {len(case.traces)} places"
        carry_out(log, workspace.root, _deed(workspace, Action.REQUEST_OPENED, case, detail))
    return case


def close_case(workspace: Workspace, number: str, outcome: str, on: date, actor: str = "") -> Case:
    """Write down how a case ended.

    Raises:
        OperatorError: there is no such case, it is closed, or the outcome says nothing.
    """
    with at_work(workspace, actor) as log:
        case = open_case_of(workspace, number, outcome)
        closed = case.model_copy(update={"closed_on": on, "outcome": outcome})
        carry_out(log, workspace.root, _deed(workspace, Action.REQUEST_CLOSED, closed, outcome))
    return closed


def open_case_of(workspace: Workspace, number: str, outcome: str) -> Case:
    """The open case of this number, which may be closed with this outcome.

    Raises:
        OperatorError: see `close_case`.
    """
    case = next((case for case in read_cases(workspace) if case.case == number), None)
    if case is None:
        raise OperatorError(f"there is no case {number!r} in {workspace.root / PLACE}. `latamgpt dsr list --all` names them.")
    if case.closed_on is not None:
        raise OperatorError(f"{number} was closed on {case.closed_on}: {case.outcome}. A closed case is not written again.")
    if not outcome.strip():
        raise OperatorError(f"the outcome is empty. The log says how {number} ended. Give --outcome what was answered.")
    return case


def read_cases(workspace: Workspace) -> list[Case]:
    """All cases, the most urgent first.

    Raises:
        InputDamagedError: a case file does not read as one.
    """
    cases: list[Case] = []
    for path in sorted((workspace.root / PLACE / "cases").glob("*.json")):
        try:
            cases.append(Case.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            raise InputDamagedError(
                f"{path} does not read as a case, so its clock cannot be seen. Restore it from a copy; the audit log says when "
                "it was opened and until when it must be answered."
            ) from error
    return sorted(cases, key=lambda case: (case.due_on, case.case))


def _seal(workspace: Workspace, string: str, *, make_key: bool) -> str:
    path = workspace.root / PLACE / "key"
    if not path.is_file() and not make_key:
        return ""
    if not path.is_file():
        _write_private(path, secrets.token_bytes(32))
    return hmac.new(path.read_bytes(), " ".join(fold(string).split()).encode("utf-8"), hashlib.sha256).hexdigest()


def _deed(workspace: Workspace, action: Action, case: Case, detail: str) -> Deed:
    path = f"{PLACE}/cases/{case.case}.json"
    plain = orjson.dumps(case.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    edit = FileEdit(path, read_text(workspace.root, path), plain.decode("utf-8"), private=True)
    return Deed(action, case.case, detail, (edit,))


def _write_private(path: Path, data: bytes) -> None:
    """Whole or not at all, for the owner's eyes."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        raise OperatorError(
            f"{path} could not be written: {error.strerror}. Nothing was entered. Free some space or mend the permissions, then "
            "run the command again."
        ) from error
