"""Bytes to text: in the declared encoding or not at all. Guessing is wrong for Latin-1 Portuguese and Quechua."""

import codecs
import re

from latamgpt.errors import quoted
from latamgpt.intake.quarantine import Reason, Rejected

ONE_BYTE = frozenset({"iso8859-1", "iso8859-15", "cp1252", "cp850", "mac-roman"})
"""Encodings in which nearly every byte is some character, so that decoding hardly ever fails: these get further checks."""

C1_CONTROLS = re.compile("[\x80-\x9f]")


def decode(raw: bytes, encoding: str, name: str) -> str:
    """A file's text, without a byte order mark.

    Raises:
        Rejected: encoding, when the bytes are not what was declared, or hold what no text holds.
    """
    codec = _codec_name(encoding, name)
    if codec in ONE_BYTE and _is_utf8(raw):
        raise Rejected(
            Reason.ENCODING, f"{name} is declared as {quoted(encoding)} and its bytes are valid UTF-8: one of the two is wrong"
        )
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        raise Rejected(
            Reason.ENCODING, f"{name} is not {quoted(encoding)}: byte {error.start} is 0x{raw[error.start]:02x}"
        ) from error
    refuse_no_text(text, name)
    if codec in ONE_BYTE and (odd := C1_CONTROLS.search(text)):
        raise Rejected(
            Reason.ENCODING,
            f"{name} is declared as {quoted(encoding)}, and character {odd.start()} is a control code: wrong encoding",
        )
    return text.removeprefix("\ufeff")


def refuse_no_text(text: str, name: str) -> None:
    """Refuse a NUL or a lone surrogate, which no text in Unicode holds.

    Raises:
        Rejected: encoding.
    """
    if "\0" in text:
        raise Rejected(Reason.ENCODING, f"{name} holds a NUL at character {text.index(chr(0))}: not text, or UTF-16")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Rejected(Reason.ENCODING, f"{name} holds half of a surrogate pair at character {error.start}") from error


def _codec_name(encoding: str, name: str) -> str:
    try:
        "".encode(encoding)  # refuses what is no encoding of text, such as rot13
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:  # ValueError: 'undefined', which refuses everything, or a NUL in the name
        raise Rejected(Reason.ENCODING, f"{name}: {quoted(encoding)} is no encoding of text that is known here") from error


def _is_utf8(raw: bytes) -> bool:
    if raw.isascii():
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
