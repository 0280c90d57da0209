"""A receipt's folder: the page, the record, the corpus root with its signature, and the program that checks them."""

import shutil
import tempfile
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.receipts.anchor import Anchor
from latamgpt.receipts.page import render
from latamgpt.receipts.receipt import Receipt, make_receipt, totals
from latamgpt.receipts.words import Language
from latamgpt.release.corpus_root import ROOT_NAME
from latamgpt.release.signature import PUBLIC_KEY_NAME, ROOT_SIGNATURE
from latamgpt.store import Workspace, list_files, sha256_file, write_json

PAGE_NAME, RECORD_NAME, CHECKER_NAME, SUMS_NAME = "receipt.html", "receipt.json", "verify_receipt.py", "SHA256SUMS"
FILES = {PAGE_NAME, RECORD_NAME, CHECKER_NAME, SUMS_NAME, ROOT_NAME, ROOT_SIGNATURE, PUBLIC_KEY_NAME}


def write_receipt(workspace: Workspace, params: Params, partner: str, language: Language, out: Path | None = None) -> str:
    """Write a partner's receipt into var/receipts/PARTNER, or `out`, whole or not at all; a sentence says what it holds.

    Raises:
        OperatorError: there is nothing to give a receipt for, or the folder holds other things than a receipt.
    """
    receipt, anchor = make_receipt(workspace, params, partner)
    target = out or receipts_folder(workspace, partner)
    must_be_ours(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    aside = draft.with_name(f"{draft.name}-old")
    try:
        fill_folder(draft, receipt, anchor, language)
        draft.chmod(0o755)
        if target.exists():
            target.rename(aside)
        draft.rename(target)
    finally:
        if aside.exists() and not target.exists():
            aside.rename(target)
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
    sums = totals(receipt)
    return (
        f"{partner}: {sums['kept']:,} of {sums['given']:,} things given are in the corpus of {receipt.release}, "
        f"{sums['tokens_seen']:,} tokens of {sums['trained']:,} documents were trained on. The receipt lies in {target}"
    )


def receipts_folder(workspace: Workspace, partner: str) -> Path:
    """Where a partner's receipt lies unless told otherwise."""
    return workspace.root / "var" / "receipts" / partner


def must_be_ours(target: Path) -> None:
    """Refuse to write over a folder that holds anything but a receipt.

    Raises:
        OperatorError: it does.
    """
    if target.exists() and (not target.is_dir() or set(list_files(target)) - FILES):
        raise OperatorError(
            f"{target} is there and holds other things than a receipt; they would be lost. Name another folder with --out."
        )


def fill_folder(folder: Path, receipt: Receipt, anchor: Anchor, language: Language) -> None:
    """Write all files of a receipt; the same receipt gives the same bytes."""
    (folder / PAGE_NAME).write_text(render(receipt, language), encoding="utf-8")
    write_json(folder / RECORD_NAME, receipt)
    for name in (ROOT_NAME, ROOT_SIGNATURE, PUBLIC_KEY_NAME):
        if (anchor.folder / name).is_file():
            shutil.copyfile(anchor.folder / name, folder / name)
    shutil.copyfile(Path(__file__).with_name(CHECKER_NAME), folder / CHECKER_NAME)
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in list_files(folder)]
    (folder / SUMS_NAME).write_text("".join(lines), encoding="utf-8")
