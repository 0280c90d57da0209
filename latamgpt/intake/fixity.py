"""Whether a delivery arrived whole: every file against its manifest, and a bag against RFC 8493."""

import logging
import re
from pathlib import Path, PurePosixPath

import bagit

from latamgpt.errors import OperatorError, quoted
from latamgpt.governance.contents import lines_of
from latamgpt.intake.delivery import (
    FIXITY_NAME,
    MAX_MANIFEST_BYTES,
    Delivery,
    DeliveryFormat,
    Fault,
    fixity_faults,
    manifest_entry,
)
from latamgpt.intake.quarantine import Reason, Rejected

REASON_OF_FAULT = {
    Fault.MISSING: (Reason.FIXITY_MISSING, "is in the manifest and not in the delivery"),
    Fault.CHANGED: (Reason.FIXITY_CHANGED, "has another sha256 than the manifest says"),
    Fault.UNLISTED: (Reason.FIXITY_EXTRA, "is in the delivery and not in the manifest"),
}
WEAK_MANIFESTS = ("manifest-md5.txt", "manifest-sha1.txt")
MAX_TAG_BYTES = 1 << 20
BAG_DECLARATION = re.compile(rb"BagIt-Version: \d+\.\d+\r?\nTag-File-Character-Encoding: UTF-8(\r?\n)?")


def check_fixity(folder: Path, delivery: Delivery) -> None:
    """Hold every file against the manifest; a bag against its standard too.

    Raises:
        Rejected: the delivery is not as it was sent; it is set aside whole.
    """
    _refuse_escapes(folder / FIXITY_NAME)
    _refuse_other_manifests(folder)
    try:
        faults = fixity_faults(folder, delivery)
    except UnicodeDecodeError as error:
        at = f"byte {error.start} is 0x{error.object[error.start]:02x}"
        detail = f"{FIXITY_NAME} is not in UTF-8 ({at}): ask the partner to save it as UTF-8"
        raise Rejected(Reason.FIXITY_INVALID, detail, FIXITY_NAME) from error
    except OperatorError as error:
        raise Rejected(Reason.FIXITY_INVALID, str(error).replace(f"{folder}/", ""), FIXITY_NAME) from error
    if faults:
        reason, words = REASON_OF_FAULT[faults[0].fault]
        more = f", and {len(faults) - 1} further files are not as listed" if len(faults) > 1 else ""
        raise Rejected(reason, f"{faults[0].path} {words}{more}: ask the partner to send the delivery again", faults[0].path)
    if delivery.format is DeliveryFormat.BAGIT:
        _check_bag(folder)


def _refuse_escapes(manifest: Path) -> None:
    """A manifest that names a path outside its delivery is no slip of the pen."""
    if not manifest.is_file() or manifest.stat().st_size > MAX_MANIFEST_BYTES:
        return
    for line in lines_of(manifest.read_text(encoding="utf-8-sig", errors="replace")):
        _, name = manifest_entry(line)
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise Rejected(Reason.UNSAFE_PATH, f"the manifest names {quoted(name)}, outside of the delivery", FIXITY_NAME)


def _refuse_other_manifests(folder: Path) -> None:
    """A bag may carry several manifests; that of sha256 must be among them."""
    others = sorted(path.name for path in folder.glob("manifest-*.txt"))
    if not others or FIXITY_NAME in others:
        return
    weak = [name for name in others if name in WEAK_MANIFESTS]
    why = (
        "it is known how to make two files of one md5 or sha1, so that it cannot show that nothing was exchanged"
        if weak == others
        else "files are held against their sha256"
    )
    raise Rejected(
        Reason.FIXITY_INVALID,
        f"there is {quoted(others[0])} and no {FIXITY_NAME}: {why}. A bag may carry several manifests: ask the partner to add "
        f"{FIXITY_NAME}, as `bagit.py --sha256` writes it",
        FIXITY_NAME,
    )


def _check_bag(folder: Path) -> None:
    if (folder / "fetch.txt").exists():
        raise Rejected(Reason.BAG_FETCH, "the bag has a fetch.txt: files are never fetched on a partner's word", "fetch.txt")
    for tag in sorted(folder.glob("*.txt")):
        most = MAX_MANIFEST_BYTES if "manifest" in tag.name else MAX_TAG_BYTES
        if tag.is_file() and tag.stat().st_size > most:
            detail = f"{tag.name} holds {tag.stat().st_size:,} bytes, and no such file of a bag is read above {most:,}"
            raise Rejected(Reason.BAG_INVALID, detail, tag.name)
    declaration = folder / "bagit.txt"
    if not declaration.is_file() or not BAG_DECLARATION.fullmatch(declaration.read_bytes()):
        detail = (
            "bagit.txt is missing, or is not exactly the two lines that RFC 8493 asks for, 'BagIt-Version: 1.0' and "
            "'Tag-File-Character-Encoding: UTF-8', with no blank before a colon and one behind it: ask the partner to make "
            "the bag again with a current tool"
        )
        raise Rejected(Reason.BAG_INVALID, detail, "bagit.txt")
    _validate_bag(folder)


def _validate_bag(folder: Path) -> None:
    logging.getLogger("bagit").setLevel(logging.CRITICAL)  # what it finds goes into the exclusion, not onto the screen
    try:
        bagit.Bag(str(folder)).validate(processes=1)
    except (bagit.BagError, UnicodeDecodeError, ValueError) as error:
        found = str(error).replace(f"{folder}/", "").replace(str(folder), "the bag").rstrip(".")
        raise Rejected(Reason.BAG_INVALID, f"{found}: ask the partner to make the bag again with a current tool") from error
