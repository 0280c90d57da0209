"""A receipt's folder: the page, the record, the corpus root with its signature, and the program that checks them."""

import shutil
import tempfile
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.receipts.anchor import Anchor
from latamgpt.receipts.page import render
from latamgpt.receipts.receipt import Receipt, make_receipt, totals
from latamgpt.release.corpus_root import ROOT_NAME
from latamgpt.release.signature import PUBLIC_KEY_NAME, ROOT_SIGNATURE
from latamgpt.store import Workspace, list_files, sha256_file, write_json

PAGE_NAME, RECORD_NAME, CHECKER_NAME, SUMS_NAME = "receipt.html", "receipt.json", "verify_receipt.py", "SHA256SUMS"
FILES = {PAGE_NAME, RECORD_NAME, CHECKER_NAME, SUMS_NAME, ROOT_NAME, ROOT_SIGNATURE, PUBLIC_KEY_NAME}


def write_receipt(workspace: Workspace, params: Params, partner: str, language: Language, out: Path | None = None) -> str:
    """Write a partner's receipt into var/receipts/PARTNER, or `out`, whole or not at all; a sentence says what it holds.

    Raises:
        OperatorError: there is nothing to give a receipt for, or the folder holds other things than a receipt or takes no files.
    """
    target = (out or receipts_folder(workspace, partner)).resolve()
    with refusals_explained(target):
        must_be_ours(target, FILES)
    receipt, anchor = make_receipt(workspace, params, partner)
    with refusals_explained(target):
        put_in_place(target, lambda folder: fill_folder(folder, receipt, anchor, language))
    sums = totals(receipt)
    return (
        f"{partner}: {sums['kept']:,} of {sums['given']:,} things given are in the corpus of {receipt.release}, "
        f"{sums['tokens_seen']:,} tokens of {sums['trained']:,} documents were trained on. The receipt lies in {target}"
    )


def receipts_folder(workspace: Workspace, partner: str) -> Path:
    """Where a partner's receipt lies unless told otherwise."""
    return workspace.root / "var" / "receipts" / partner


@contextmanager
def refusals_explained(target: Path) -> Generator[None]:
    """What the disk refuses at a folder, as a sentence."""
    try:
        yield
    except OSError as error:
        raise OperatorError(
            f"{target}: the receipt could not be written there ({error.strerror}). An older one is still whole. Free some space, "
            "or name a folder with --out that you may write to."
        ) from error


def must_be_ours(target: Path, files: Collection[str]) -> None:
    """Refuse to write over a folder that holds anything but a receipt, or in which somebody stands.

    Args:
        target: the folder.
        files: the names that a receipt has there.

    Raises:
        OperatorError: it does, or this command was given there.
    """
    if Path.cwd().is_relative_to(target):
        raise OperatorError(
            f"{target} is the folder you are in, or one above it; a receipt is put in place as a folder of its own, so yours "
            f"would be gone from under you. Name a folder inside it: --out {target / 'receipt'}"
        )
    if target.exists() and (not target.is_dir() or {path.name for path in target.iterdir()} - set(files)):
        raise OperatorError(
            f"{target} is there and holds other things than a receipt; they would be lost. Name a folder that is not there yet: "
            f"--out {target / 'receipt' if target.is_dir() else target.with_name('receipt')}"
        )


def put_in_place(target: Path, fill: Callable[[Path], None]) -> None:
    """Write a receipt's folder beside its place, then let it take the place of an older one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    aside = draft.with_name(f"{draft.name}-old")
    try:
        fill(draft)
        draft.chmod(0o755)
        if target.exists():
            target.rename(aside)
        draft.rename(target)
    finally:
        if aside.exists() and not target.exists():
            aside.rename(target)
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


def fill_folder(folder: Path, receipt: Receipt, anchor: Anchor, language: Language) -> None:
    """Write all files of a receipt; the same receipt gives the same bytes."""
    (folder / PAGE_NAME).write_text(render(receipt, language), encoding="utf-8")
    write_json(folder / RECORD_NAME, receipt)
    for name in (ROOT_NAME, ROOT_SIGNATURE, PUBLIC_KEY_NAME):
        if (anchor.folder / name).is_file():
            shutil.copyfile(anchor.folder / name, folder / name)
    add_checker(folder)


def add_checker(folder: Path) -> None:
    """Put the program that checks a receipt beside its files, and write the sums of all of them."""
    shutil.copyfile(Path(__file__).with_name(CHECKER_NAME), folder / CHECKER_NAME)
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in list_files(folder)]
    (folder / SUMS_NAME).write_text("".join(lines), encoding="utf-8")
