"""Put up a tombstone: text is added to the end of the partner's file, and what stood there stays to the byte."""

import textwrap
from pathlib import Path

import yaml

from latamgpt.custody.edits import Deed, FileEdit, read_text
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action
from latamgpt.governance.withdrawals import EMPTY_FILE, HEADER, Tombstone, Withdrawn, read_withdrawn, withdrawals_path


def add_tombstone(root: Path, partner: str, tombstone: Tombstone) -> Deed:
    """Withdraw a delivery or a document.

    Raises:
        OperatorError: it was withdrawn before, or the file does not read.
    """
    withdrawn = read_withdrawn(root, partner)
    _refuse_again(withdrawn, tombstone)
    path = withdrawals_path(partner)
    before = read_text(root, path)
    values = tombstone.model_dump(mode="json", exclude_defaults=True) | {"withdrawn_on": tombstone.withdrawn_on}
    block = yaml.safe_dump([values], sort_keys=False, allow_unicode=True, width=1 << 16)
    start = (before or EMPTY_FILE) if withdrawn.tombstones else HEADER + "withdrawals:\n"
    edit = FileEdit(path, before, start + textwrap.indent(block, "  "))
    subject = f"{partner}/{tombstone.delivery}" + (f"/{tombstone.document}" if tombstone.document else "")
    action = Action.DOCUMENT_WITHDRAWN if tombstone.document else Action.DELIVERY_WITHDRAWN
    count = f"{len(tombstone.contents):,} contents known again"
    return Deed(action, subject, f"withdrawn on {tombstone.withdrawn_on}: {tombstone.reason} ({count})", (edit,))


def place_for_tombstones(root: Path, partner: str) -> tuple[FileEdit, ...]:
    """The file that dvc.yaml expects of every partner, where there is none yet; what was withdrawn once stays."""
    path = withdrawals_path(partner)
    return () if (root / path).exists() else (FileEdit(path, "", EMPTY_FILE),)


def _refuse_again(withdrawn: Withdrawn, tombstone: Tombstone) -> None:
    earlier = withdrawn.find(tombstone.delivery, tombstone.document)
    if earlier is not None:
        what = f"the delivery {earlier.delivery}" if not earlier.document else f"the document {earlier.document}"
        raise OperatorError(
            f"{what} was withdrawn on {earlier.withdrawn_on} ({earlier.reason}). A withdrawal is final: there is nothing to do. "
            "If it still shows, run the stages that are stale."
        )
