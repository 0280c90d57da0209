"""Tombstones: deliveries and documents that a partner withdrew. What has one is never used again, delivered anew or not.

governance/withdrawals/PARTNER.yaml is committed like the registry and says, for each, when, why, and which contents.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation, load_yaml

REASON = "withdrawn"
"""The code under which exclusions name what has a tombstone."""

HEADER = "# What the partner withdrew after delivering it; `latamgpt withdraw` writes here, and no entry is ever taken out.\n"
EMPTY_FILE = HEADER + "withdrawals: []\n"


class Tombstone(Frozen):
    """One withdrawal, of a whole delivery or of one document."""

    withdrawn_on: date
    reason: str = Field(min_length=1)
    delivery: str
    document: str = ""  # doc_id; '' where the whole delivery was withdrawn
    contents: tuple[str, ...]  # `content_id` of every document meant: so that it is known again under another name


class Withdrawals(Frozen):
    """All that one partner withdrew."""

    withdrawals: tuple[Tombstone, ...] = ()


@dataclass(frozen=True)
class Withdrawn:
    """The same, ready to be asked."""

    tombstones: tuple[Tombstone, ...] = ()

    def delivery(self, delivery: str) -> Tombstone | None:
        """The tombstone of a whole delivery."""
        return next((one for one in self.tombstones if one.delivery == delivery and not one.document), None)

    def find(self, delivery: str, document: str) -> Tombstone | None:
        """The tombstone of a document, or of the delivery that it came in."""
        return self.delivery(delivery) or self._documents.get(document)

    @cached_property
    def _documents(self) -> dict[str, Tombstone]:
        return {one.document: one for one in self.tombstones if one.document}

    def by_content(self) -> dict[str, Tombstone]:
        """content_id -> the first tombstone that names it."""
        return {content: one for one in reversed(self.tombstones) for content in one.contents}


NOTHING_WITHDRAWN = Withdrawn()


def withdrawals_path(partner: str) -> str:
    """Where a partner's tombstones lie, inside the workspace."""
    return f"governance/withdrawals/{partner}.yaml"


def read_withdrawn(root: Path, partner: str) -> Withdrawn:
    """What a partner withdrew; nothing where there is no file.

    Raises:
        OperatorError: the file does not read: then nothing can be said of what was withdrawn, and nothing may be used.
    """
    path = root / withdrawals_path(partner)
    if not path.is_file():
        return NOTHING_WITHDRAWN
    try:
        values = load_yaml(path.read_text(encoding="utf-8"), ours=True)
        return Withdrawn(Withdrawals.model_validate(values).withdrawals)
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise OperatorError(
            f"{path} is not valid YAML in UTF-8: {error}. It says what {partner} withdrew, so until it reads none of its texts "
            f"are used. Restore it with `git checkout {withdrawals_path(partner)}`."
        ) from error


def explain(tombstone: Tombstone) -> str:
    """A tombstone as a sentence for the exclusion table."""
    what = "the document" if tombstone.document else f"the delivery {tombstone.delivery}"
    return f"the partner withdrew {what} on {tombstone.withdrawn_on}: {tombstone.reason}"
