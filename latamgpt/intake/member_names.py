"""Names of files that come from elsewhere: none leads out of its folder, and no two are the same on any machine."""

import re
import unicodedata
from collections.abc import Iterable

from latamgpt.errors import quoted
from latamgpt.intake.quarantine import Reason, Rejected

MAX_PART_BYTES = 255  # of one folder's or file's name: what file systems hold
MAX_NAME_BYTES = 1024
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What no name may hold: controls, ends of lines, and what makes a screen show exe.pdf where fdp.exe stands."""

DRIVE = re.compile(r"^[A-Za-z]:")


def safe_name(name: str, archive: str) -> str:
    """A member's name as a relative path, without './'.

    Raises:
        Rejected: unsafe_path, for a name that is absolute, leads upwards, is too long or is none.
    """
    try:
        num_bytes = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise _unsafe(archive, shown, "is not UTF-8") from None
    if CONTROLS.search(name) or "\\" in name or DRIVE.match(name):
        raise _unsafe(archive, name, "holds a control character, a backslash or a drive")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or not parts:
        raise _unsafe(archive, name, "is absolute, leads upwards or names nothing")
    if num_bytes > MAX_NAME_BYTES or max(len(part.encode("utf-8")) for part in parts) > MAX_PART_BYTES:
        raise _unsafe(archive, name, f"is longer than the {MAX_PART_BYTES} bytes that a name may have")
    return "/".join(parts)


def refuse_collisions(names: Iterable[str], where: str) -> None:
    """Refuse two names that are one where case or the composition of accents does not count.

    Raises:
        Rejected: name_collision.
    """
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.get(_alike(name))) is not None:
            raise _collision(where, name, other)
        seen[_alike(name)] = name


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _unsafe(archive: str, shown: str, what: str) -> Rejected:
    return Rejected(
        Reason.UNSAFE_PATH, f"{archive} holds {quoted(shown)}, a name that {what}: nothing of the archive is unpacked", archive
    )


def _collision(where: str, name: str, other: str) -> Rejected:
    both = f"{where} holds {quoted(other)} and {quoted(name)}, {_told_apart(name, other)}"
    detail = f"{both}, which are one file on other machines: ask the partner to rename one"
    return Rejected(Reason.NAME_COLLISION, detail, where)


def _told_apart(name: str, other: str) -> str:
    if name == other:
        return "one name twice"
    if unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other):
        return "told apart only by how their accents are stored"
    return "told apart only by capital letters"
