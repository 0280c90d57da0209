"""Who is known to have a copy of a release: governance/recipients.yaml, committed like the registry.

Whoever hands a release on, or mirrors it, writes a line there: what nobody wrote down, nobody can make a withdrawal known to.
"""

from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.store import held
from latamgpt.yaml_files import explain_validation, load_yaml

RECIPIENTS = "governance/recipients.yaml"
HEADER = "# Who has a copy of a release, named by the sha256 of its manifest.json; a withdrawal is made known to each of them.\n"


class Recipient(Frozen):
    """One copy."""

    release: str = Field(pattern=r"^[0-9a-f]{64}$")  # sha256 of the release's manifest
    name: str = Field(min_length=1)  # an institution or a place
    address: str = Field(min_length=1)  # where the copy lies, or whom to write to


class Recipients(Frozen):
    """All copies that are known."""

    recipients: tuple[Recipient, ...] = ()

    def of(self, release: str) -> tuple[Recipient, ...]:
        """Those of one release."""
        return tuple(one for one in self.recipients if one.release == release)


def read_recipients(root: Path) -> Recipients:
    """The recipients on record; none where there is no file.

    Raises:
        OperatorError: the file does not read.
    """
    path = root / RECIPIENTS
    if not path.is_file():
        return Recipients()
    try:
        return Recipients.model_validate(load_yaml(path.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise OperatorError(
            f"{path} is not valid YAML in UTF-8: {error}. Who must hear of a withdrawal is not known until it reads. Mend it, or "
            f"restore it with `git checkout {RECIPIENTS}`."
        ) from error


def add_recipient(root: Path, recipient: Recipient) -> bool:
    """Enter a copy; whether it was not on record before. Two at once wait for each other.

    Raises:
        OperatorError: the file does not read, or the disk does not take it.
    """
    try:
        with held(root, "recipients"):
            known = read_recipients(root)
            if recipient in known.recipients:
                return False
            _write(root / RECIPIENTS, Recipients(recipients=(*known.recipients, recipient)))
            return True
    except OSError as error:
        raise OperatorError(
            f"{root / RECIPIENTS} could not be written: {error.strerror}. A copy that is not on record nobody can make a "
            "withdrawal known to, so none is made. Free some space or mend the folder's permissions, then run the command again."
        ) from error


def _write(path: Path, everyone: Recipients) -> None:
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".draft")
    text = yaml.safe_dump(everyone.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=130)
    draft.write_text(HEADER + text, encoding="utf-8")
    draft.replace(path)
