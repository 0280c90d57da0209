"""Bytes to text: in the declared encoding or not at all. Guessing is wrong for Latin-1 Portuguese and Quechua."""

import codecs
import re
import sys
from collections.abc import Iterable

from latamgpt.errors import quoted
from latamgpt.intake.quarantine import Reason, Rejected

ONE_BYTE = frozenset({"iso8859-1", "iso8859-15", "cp1252", "cp850", "mac-roman"})
"""Encodings in which nearly every byte is some character, so that decoding hardly ever fails: these get further checks."""

UTF_16 = frozenset({"utf-16", "utf-16-le", "utf-16-be"})
"""UTF-8 read in these is Chinese. Blanks, line ends and Latin letters have a byte of zero in them, which no text in UTF-8 has."""

C1_CONTROLS = re.compile("[\x80-\x9f]")
NEXT = "ask the partner in which encoding it was saved and declare that in delivery.yaml, or to save it as UTF-8"


def decode(raw: bytes, encoding: str, name: str) -> str:
    """A file's text, without a byte order mark.

    Raises:
        Rejected: encoding, when the bytes are not what was declared, or hold what no text holds.
    """
    codec = _codec_name(encoding, name)
    if raw and _contradicts_utf8(codec, is_ascii=raw.isascii(), holds_zero=b"\0" in raw) and _is_utf8(raw):
        raise _is_in_utf8(encoding, name)
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        raise Rejected(Reason.ENCODING, _misfit(name, encoding, error.start, raw[error.start], raw)) from error
    refuse_no_text(text, name)
    if codec in ONE_BYTE and (odd := C1_CONTROLS.search(text)):
        raise _holds_control(encoding, name, odd.start())
    return text.removeprefix("\ufeff")


def refuse_other_encoding(pieces: Iterable[bytes], encoding: str, name: str) -> str:
    """Hold a long file's bytes against the declared encoding, as `decode` does; the codec that reads it.

    Raises:
        Rejected: encoding.
    """
    codec = _codec_name(encoding, name)
    in_utf8 = codecs.getincrementaldecoder("utf-8")()
    decoder, is_utf8, is_ascii, holds_zero = None, codec in ONE_BYTE | UTF_16, True, False
    num_bytes, num_chars = 0, 0
    for piece in pieces:
        if decoder is None:
            codec = _with_byte_order(codec, piece)
            decoder = codecs.getincrementaldecoder(codec)()
        text = _decode_piece(decoder, piece, num_bytes, encoding, name)
        num_bytes += len(piece)
        is_ascii = is_ascii and piece.isascii()
        holds_zero = holds_zero or b"\0" in piece
        is_utf8 = is_utf8 and _goes_on(in_utf8, piece)
        _refuse_piece(text, num_chars, codec, encoding, name)
        num_chars += len(text)
    if decoder is not None:
        _decode_piece(decoder, b"", num_bytes, encoding, name, final=True)
    may_be_utf8 = num_bytes and is_utf8 and _goes_on(in_utf8, b"", final=True)
    if may_be_utf8 and _contradicts_utf8(codec, is_ascii=is_ascii, holds_zero=holds_zero):
        raise _is_in_utf8(encoding, name)
    return codec


def _decode_piece(  # noqa: PLR0913
    decoder: codecs.IncrementalDecoder, piece: bytes, num_before: int, encoding: str, name: str, *, final: bool = False
) -> str:
    waiting = decoder.getstate()[0]
    try:
        return decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        start, byte = num_before - len(waiting) + error.start, error.object[error.start]
        begin = error.object if not num_before else b""
        raise Rejected(Reason.ENCODING, _misfit(name, encoding, start, byte, begin)) from error


def _refuse_piece(text: str, num_before: int, codec: str, encoding: str, name: str) -> None:
    if "\0" in text:
        raise _holds_nul(name, num_before + text.index("\0"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _holds_surrogate(name, num_before + error.start) from error
    if codec in ONE_BYTE and (odd := C1_CONTROLS.search(text)):
        raise _holds_control(encoding, name, num_before + odd.start())


def _with_byte_order(codec: str, begin: bytes) -> str:
    """UTF-16 and UTF-32 without a mark of their byte order are read in this machine's, as a short text is."""
    marks = {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}
    if codec not in marks or begin.startswith(marks[codec]):
        return codec
    return f"{codec}-{'le' if sys.byteorder == 'little' else 'be'}"


def _goes_on(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def refuse_no_text(text: str, name: str) -> None:
    """Refuse a NUL or a lone surrogate, which no text in Unicode holds.

    Raises:
        Rejected: encoding.
    """
    if "\0" in text:
        raise _holds_nul(name, text.index("\0"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _holds_surrogate(name, error.start) from error


def _misfit(name: str, encoding: str, place: int, byte: int, begin: bytes) -> str:
    looks = " (it begins as UTF-16 does)" if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""
    return f"{name} is not {quoted(encoding)}: byte {place} is 0x{byte:02x}{looks}. To use it, {NEXT}"


def _is_in_utf8(encoding: str, name: str) -> Rejected:
    return Rejected(
        Reason.ENCODING,
        f"{name} is declared as {quoted(encoding)} and its bytes are valid UTF-8: one of the two is wrong. To use it, {NEXT}",
    )


def _holds_control(encoding: str, name: str, place: int) -> Rejected:
    return Rejected(
        Reason.ENCODING,
        f"{name} is declared as {quoted(encoding)}, and character {place} is a control code: wrong encoding. To use it, {NEXT}",
    )


def _holds_nul(name: str, place: int) -> Rejected:
    return Rejected(
        Reason.ENCODING, f"{name} holds a NUL at character {place}: it is no text, or text in UTF-16. To use it, {NEXT}"
    )


def _holds_surrogate(name: str, place: int) -> Rejected:
    return Rejected(
        Reason.ENCODING, f"{name} holds half of a surrogate pair at character {place}: ask the partner to save it as UTF-8 anew"
    )


def _codec_name(encoding: str, name: str) -> str:
    try:
        "".encode(encoding)  # refuses what is no encoding of text, such as rot13
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:  # ValueError: 'undefined', which refuses everything, or a NUL in the name
        raise Rejected(Reason.ENCODING, f"{name}: {quoted(encoding)} is no encoding of text that is known here") from error


def _contradicts_utf8(codec: str, *, is_ascii: bool, holds_zero: bool) -> bool:
    """Whether bytes that are valid UTF-8 would be another text in this encoding."""
    return not is_ascii if codec in ONE_BYTE else codec in UTF_16 and not holds_zero


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
