"""Edits of the registry's files: comments and order stay, and what would not read as an institution is never written."""

import io
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from latamgpt.custody.days import must_have_come
from latamgpt.custody.edits import Deed, FileEdit, read_text
from latamgpt.custody.tombstones import place_for_tombstones
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action
from latamgpt.params import read_params
from latamgpt.registry.partners import Agreement, Institution, read_institution
from latamgpt.store import Workspace

Values = Mapping[str, object]
"""Fields of an institution or an agreement, as text that the registry's types read."""


def registry_path(partner: str) -> str:
    """The registry's file of a partner."""
    return f"partners/{partner}.yaml"


def known_partners(root: Path) -> list[str]:
    """All institutions that the registry holds."""
    return sorted(path.stem for path in (root / "partners").glob("*.yaml"))


def every_partner(workspace: Workspace) -> list[str]:
    """Whoever gave texts that may lie here: all of the registry, all of the run, and all whose documents were published once.

    A partner that was taken out of the run still has its deliveries and what was made of them.
    """
    published = workspace.place("documents")
    names = (path.name for path in published.iterdir() if path.is_dir()) if published.is_dir() else ()
    return sorted({*known_partners(workspace.root), *read_params(workspace.root).partners, *names})


def find_agreement(institution: Institution, agreement: str) -> Agreement:
    """An institution's agreement.

    Raises:
        OperatorError: it has none of this id; the message lists those it has.
    """
    found = institution.agreement(agreement)
    if found is None:
        known = ", ".join(one.id for one in institution.agreements) or "none"
        raise OperatorError(
            f"{institution.id} has no agreement {agreement!r} (it has: {known}). Texts without an agreement are not used. Check "
            f"the spelling, or enter it: latamgpt agreement add {institution.id} --id {agreement} ..."
        )
    return found


def add_partner(root: Path, values: Values) -> Deed:
    """Register an institution, without agreements yet.

    Raises:
        OperatorError: it is registered, or a field is unknown, missing or wrong.
    """
    partner = str(values["id"])
    path = registry_path(partner)
    if (root / path).exists():
        raise OperatorError(
            f"{partner} is registered: {path} is there. An institution is registered once, and its file is the record of it. "
            f"Look at it: latamgpt partner show {partner}"
        )
    edit = _checked(partner, FileEdit(path, "", _dump({**values, "agreements": []})))
    return Deed(Action.PARTNER_ADDED, partner, f"registered {values['name']}", (edit, *place_for_tombstones(root, partner)))


def add_agreement(root: Path, partner: str, values: Values) -> Deed:
    """Enter an agreement of a registered institution.

    Raises:
        OperatorError: the institution is unknown, has an agreement of this id, a field is unknown, missing or wrong, a licence is
            not spelt as SPDX spells it, or the agreement is to be signed on a day to come.
    """
    institution, name = read_institution(root, partner), str(values["id"])
    if isinstance(signed_on := values.get("signed_on"), date):
        advice = (
            "Until then there is no agreement, and nothing to enter. Enter it once it is signed; if its terms begin later, "
            "--valid-from says when."
        )
        must_have_come(root, signed_on, f"{name} is signed on", advice)
    if institution.agreement(name) is not None:
        raise OperatorError(
            f"{partner} has an agreement {name!r}. Its terms are not changed by entering it again: deliveries refer to it. Enter "
            f"new terms under an id of their own, or move its last day: latamgpt agreement extend {partner} {name} --until DAY"
        )
    document = _load(root, partner)
    if not document["agreements"]:
        document["agreements"] = [dict(values)]
    else:
        document["agreements"].append(dict(values))
    detail = f"entered: {values['licence']}, from {values['valid_from']} until {values.get('valid_until', 'further notice')}"
    return Deed(Action.AGREEMENT_ADDED, f"{partner}/{name}", detail, (_edited(root, partner, document),))


def extend_agreement(root: Path, partner: str, agreement: str, until: date) -> Deed:
    """Move an agreement's last day to a later one.

    Raises:
        OperatorError: there is no such agreement, it was withdrawn, it has no last day, or that day is not earlier.
    """
    found = find_agreement(read_institution(root, partner), agreement)
    if found.withdrawn_on is not None:
        raise OperatorError(
            f"{agreement} was withdrawn on {found.withdrawn_on}, and a withdrawal is final. If {partner} wants to deposit again, "
            f"enter a new agreement: latamgpt agreement add {partner} ..."
        )
    if found.valid_until is None or until <= found.valid_until:
        raise OperatorError(
            f"{agreement} holds until {found.valid_until or 'further notice'}, so {until} does not extend it. To end an "
            f"agreement early, withdraw it: latamgpt withdraw --partner {partner} --agreement {agreement} --reason WHY"
        )
    edit = _with_field(root, partner, agreement, "valid_until", until)
    return Deed(Action.AGREEMENT_EXTENDED, f"{partner}/{agreement}", f"extended from {found.valid_until} to {until}", (edit,))


def withdraw_agreement(root: Path, partner: str, agreement: str, reason: str, on: date) -> Deed:
    """Mark an agreement as withdrawn, which is final.

    Raises:
        OperatorError: there is no such agreement, or it is withdrawn.
    """
    found = find_agreement(read_institution(root, partner), agreement)
    if found.withdrawn_on is not None:
        raise OperatorError(f"{agreement} was withdrawn on {found.withdrawn_on}: there is nothing left to withdraw under it.")
    edit = _with_field(root, partner, agreement, "withdrawn_on", on)
    return Deed(Action.AGREEMENT_WITHDRAWN, f"{partner}/{agreement}", f"withdrawn on {on}: {reason}", (edit,))


def _with_field(root: Path, partner: str, agreement: str, field: str, value: date) -> FileEdit:
    document = _load(root, partner)
    entry = next(one for one in document["agreements"] if one["id"] == agreement)
    if field in entry:
        entry[field] = value
    else:
        names = list(entry)
        after = next(name for name in ("valid_until", "valid_from") if name in names)
        entry.insert(names.index(after) + 1, field, value)
    return _edited(root, partner, document)


def _edited(root: Path, partner: str, document: Mapping[str, object]) -> FileEdit:
    path = registry_path(partner)
    return _checked(partner, FileEdit(path, read_text(root, path), _dump(document)))


def _checked(partner: str, edit: FileEdit) -> FileEdit:
    """The edit, once the registry reads what it would write."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / edit.path
        path.parent.mkdir()
        path.write_text(edit.after, encoding="utf-8")
        try:
            read_institution(Path(name), partner)
        except OperatorError as error:
            raise OperatorError(f"{str(error).replace(f'{name}/', '')} Nothing was written.") from error
    return edit


def _load(root: Path, partner: str) -> Any:  # ruamel's mapping, which keeps comments
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    path = root / registry_path(partner)
    try:
        return _yaml().load(path.read_text(encoding="utf-8"))
    except YAMLError as error:  # YAML 1.2, which is stricter here and there than what the registry is read with
        raise OperatorError(
            f"{path} cannot be edited with its comments kept: {error}. Nothing was written. Mend the line it names, then run "
            "the command again."
        ) from error


def _dump(document: Mapping[str, object]) -> str:
    stream = io.StringIO()
    _yaml().dump(document, stream)
    return stream.getvalue()


def _yaml() -> Any:
    from ruamel.yaml import YAML  # noqa: PLC0415  (only these commands pay for it)

    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 1 << 16
    yaml.preserve_quotes = True
    return yaml
