"""Damage as transport, disks, editors and people of ill will do it, drawn from a seed."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
import zlib
from collections.abc import Callable

import zstandard

ENCODINGS = ("utf-16", "latin-1", "cp850", "utf-7")
PACKAGES = (".zip", ".docx", ".odt", ".epub")
HOSTILE = (
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\r", b"\x1b[2J", b"../../", b"/etc/passwd", b"-1", b"9" * 400, b"1e999", b"NaN",
    b"[" * 999, b"<" * 999, b"<a>" * 999, b"</p>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&#0;", b"&amp", b"]]>", b'"', b"\\ud800",
    b"{}", b": *a", "\u202e".encode(), "\u200b".encode(), "\ufeff".encode(),
)  # fmt: skip
UNPACK: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    ".gz": (gzip.decompress, lambda raw: gzip.compress(raw, mtime=0)),
    ".tgz": (gzip.decompress, lambda raw: gzip.compress(raw, mtime=0)),
    ".bz2": (bz2.decompress, bz2.compress),
    ".tbz2": (bz2.decompress, bz2.compress),
    ".xz": (lzma.decompress, lzma.compress),
    ".txz": (lzma.decompress, lzma.compress),
    ".zst": (
        lambda raw: zstandard.ZstdDecompressor().decompressobj().decompress(raw),
        lambda raw: zstandard.ZstdCompressor().compress(raw),
    ),
}


def mutated(name: str, raw: bytes, draw: random.Random) -> bytes:
    """A file damaged one to three times; half of those that are packed are damaged inside and packed again, so that they open."""
    inside = draw.random() < 0.5
    for _ in range(draw.randrange(1, 4)):
        raw = _inside(name, raw, draw) if inside else damaged(raw, draw)
    return raw


def damaged(raw: bytes, draw: random.Random) -> bytes:
    """One damage: cut short, bits turned, a piece lost, doubled, overwritten or put in, or saved in another encoding."""
    if not raw:
        return draw.choice(HOSTILE)
    at, length = draw.randrange(len(raw)), draw.randrange(1, 64)
    match draw.randrange(7):
        case 0:
            return raw[:at]
        case 1:
            turned = bytearray(raw)
            for _ in range(draw.randrange(1, 9)):
                turned[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
            return bytes(turned)
        case 2:
            return raw[:at] + raw[at + length :]
        case 3:
            return raw[:at] + raw[at : at + length] * draw.randrange(2, 9) + raw[at + length :]
        case 4:
            return raw[:at] + draw.randbytes(length) + raw[at + length :]
        case 5:
            return raw[:at] + draw.choice(HOSTILE) + raw[at:]
        case _:
            return raw.decode("utf-8", "replace").encode(draw.choice(ENCODINGS), "replace")


def _inside(name: str, raw: bytes, draw: random.Random) -> bytes:
    low = name.lower()
    packed = next((pair for suffix, pair in UNPACK.items() if low.endswith(suffix)), None)
    try:
        if packed:
            unpack, pack = packed
            return pack(damaged(unpack(raw), draw))
        return _member_damaged(raw, draw) if low.endswith(PACKAGES) else damaged(raw, draw)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        zstandard.ZstdError,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
    ):
        return damaged(raw, draw)  # damaged before, so that it opens no more


def _member_damaged(raw: bytes, draw: random.Random) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after:
        chosen = draw.randrange(len(before.infolist()))
        for number, info in enumerate(before.infolist()):
            content = before.read(info)
            after.writestr(zipfile.ZipInfo(info.filename), damaged(content, draw) if number == chosen else content)
    return stream.getvalue()
