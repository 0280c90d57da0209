"""A delivery's archives: all that is in them is read, or the archive is set aside whole; nothing is written outside."""

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from latamgpt.intake import archives
from latamgpt.intake.member_names import refuse_collisions, safe_name
from latamgpt.intake.parser_process import answer
from latamgpt.intake.quarantine import Rejected
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.made_files import docx, paragraph, zipped

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."
BLANKS = b" " * (8 << 20)
PACK: dict[str, Callable[[bytes], bytes]] = {
    "a.tar": bytes,
    "a.tar.gz": gzip.compress,
    "a.tgz": gzip.compress,
    "a.tar.bz2": bz2.compress,
    "a.tbz2": bz2.compress,
    "a.tar.xz": lzma.compress,
    "a.txz": lzma.compress,
    "a.tar.zst": zstandard.ZstdCompressor().compress,
}


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def read(archive: Workspace, params: Params, files: dict[str, bytes | str], **caps: int) -> list[dict[str, object]]:
    deliver(archive, files, format="files")
    take_in(archive, params.model_copy(update={"documents": params.documents.model_copy(update=caps)}))
    return documents(archive)


def tarred(members: dict[str, bytes], kind: bytes = tarfile.REGTYPE, target: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, target
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def zip_of(*entries: tuple[str, bytes], mode: int = 0) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return stream.getvalue()


MEMBERS = {"cartas/uno.txt": b"Uno.", "./dos.docx": docx(paragraph(STORY)), "foto.xyz": b"?"}


@pytest.mark.parametrize("name", ["a.zip", *PACK])
def test_every_file_of_an_archive_is_read_or_named(archive: Workspace, params: Params, name: str) -> None:
    raw = PACK[name](tarred(MEMBERS)) if name in PACK else zipped(MEMBERS)
    found = {(row["path"], row["text"]) for row in read(archive, params, {name: raw, "tres.txt": "Tres."})}
    assert found == {(f"{name}/cartas/uno.txt", "Uno."), (f"{name}/dos.docx", STORY), ("tres.txt", "Tres.")}
    assert reasons(archive) == {f"{name}/foto.xyz": "not_read"}


def test_what_macos_puts_beside_files_is_named_as_no_text_of_the_partners(archive: Workspace, params: Params) -> None:
    apple_double = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"
    raw = zipped({"uno.txt": b"Uno.", "__MACOSX/._uno.txt": apple_double})
    found = read(archive, params, {"a.zip": raw, "dos.txt": "Dos.", "._dos.txt": apple_double})
    assert {row["path"] for row in found} == {"a.zip/uno.txt", "dos.txt"}
    assert reasons(archive) == {"a.zip/__MACOSX/._uno.txt": "not_read", "._dos.txt": "not_read"}


def test_a_notice_and_a_print_in_an_archive_are_no_documents(archive: Workspace, params: Params) -> None:
    raw = zipped({"NOTICE.txt": b"CC0.", "c.md": b"# Carta\n\nUno.", "c.pdf": b"%PDF"})
    deliver(archive, {"a.zip": raw}, format="files", notice="NOTICE.txt")
    take_in(archive, params)
    assert {row["path"] for row in documents(archive)} <= {"a.zip/c.md"}
    assert "a.zip/NOTICE.txt" not in reasons(archive)


def test_an_archive_in_an_archive_is_read_and_one_deeper_is_not(archive: Workspace, params: Params) -> None:
    inner = zipped({"uno.txt": "Uno."})
    files = {"a.zip": zipped({"b.zip": inner, "c.zip": zipped({"d.zip": inner})})}
    assert [row["path"] for row in read(archive, params, dict(files))] == ["a.zip/b.zip/uno.txt"]
    assert reasons(archive) == {"a.zip/c.zip/d.zip": "archive_nested"}


def hostile() -> dict[str, tuple[bytes, str]]:
    """Archives by name, each with the reason that names it; packing them takes seconds."""
    return {
        "up.zip": (zip_of(("../../x.txt", b"x")), "unsafe_path"),
        "absolute.zip": (zip_of(("/etc/cron.d/x", b"x")), "unsafe_path"),
        "backslash.zip": (zip_of(("a\\..\\x.txt", b"x")), "unsafe_path"),
        "drive.zip": (zip_of(("C:x.txt", b"x")), "unsafe_path"),
        "long.zip": (zip_of(("a" * 256, b"x")), "unsafe_path"),
        "deep.zip": (zip_of(("a/" * 600 + "x", b"x")), "unsafe_path"),
        "link.zip": (zip_of(("a", b"/etc/passwd"), mode=0o120777), "unsafe_path"),
        "device.zip": (zip_of(("a", b""), mode=0o060644), "unsafe_path"),
        "case.zip": (zip_of(("Carta.txt", b"1"), ("carta.TXT", b"2")), "name_collision"),
        "nfc.zip": (zip_of(("ni\u00f1o.txt", b"1"), ("nin\u0303o.txt", b"2")), "name_collision"),
        "folder.zip": (zip_of(("a", b"1"), ("a/b.txt", b"2")), "name_collision"),
        "bomb.zip": (zipped({"a.txt": BLANKS}), "archive_bomb"),
        "many.zip": (zip_of(*((f"{n}.txt", b"") for n in range(20_001))), "archive_bomb"),
        "cut.zip": (zipped(MEMBERS)[:-40], "archive_damaged"),
        "none.zip": (b"", "archive_damaged"),
        "up.tar": (tarred({"../x.txt": b"x"}), "unsafe_path"),
        "absolute.tar": (tarred({"/tmp/x.txt": b"x"}), "unsafe_path"),
        "symlink.tar": (tarred({"a": b""}, tarfile.SYMTYPE, "/etc/passwd"), "unsafe_path"),
        "hardlink.tar": (tarred({"a": b""}, tarfile.LNKTYPE, "../../x"), "unsafe_path"),
        "pipe.tar": (tarred({"a": b""}, tarfile.FIFOTYPE), "unsafe_path"),
        "device.tar": (tarred({"a": b""}, tarfile.CHRTYPE), "unsafe_path"),
        "bomb.tar.gz": (gzip.compress(tarred({"a.txt": BLANKS})), "archive_bomb"),
        "bomb.tar.bz2": (bz2.compress(tarred({"a.txt": BLANKS})), "archive_bomb"),
        "bomb.tar.xz": (lzma.compress(tarred({"a.txt": BLANKS})), "archive_bomb"),
        "cut.tar": (tarred({"a.txt": b"x" * 900, "b.txt": b"x" * 900})[:2560], "archive_damaged"),
        "torn.tar": (tarred({"a.txt": b"1", "b.txt": b"2"}).replace(b"b.txt", b"b.tyt"), "archive_damaged"),
        "cut.tar.gz": (gzip.compress(tarred(MEMBERS))[:-30], "archive_damaged"),
        "cut.tar.bz2": (bz2.compress(tarred(MEMBERS))[:-30], "archive_damaged"),
        "torn.tbz2": (bz2.compress(tarred(MEMBERS)).replace(b"1AY&SY", b"1AY&SX"), "archive_damaged"),
        "cut.txz": (lzma.compress(tarred(MEMBERS))[:-30], "archive_damaged"),
        "cut.tar.zst": (PACK["a.tar.zst"](tarred(MEMBERS))[:-30], "archive_damaged"),
        "none.tar": (b"", "archive_damaged"),
        "noise.tar.bz2": (b"BZh9noise", "archive_damaged"),
        "noise.tar.xz": (b"\xfd7zXZ\0noise", "archive_damaged"),
    }


def test_a_hostile_archive_is_set_aside_whole_and_writes_nothing_outside(archive: Workspace, params: Params) -> None:
    before, given = {path for path in archive.root.parent.rglob("*")}, hostile()
    assert read(archive, params, {name: raw for name, (raw, _) in given.items()}) == []
    assert reasons(archive) == {name: reason for name, (_, reason) in given.items()}
    outside = {p for p in archive.root.parent.rglob("*") if p not in before and archive.root not in p.parents}
    assert outside == set()
    assert not any("latamgpt-archive" in str(row["detail"]) for row in exclusions(archive))


def test_an_encrypted_archive_is_named(archive: Workspace, params: Params) -> None:
    raw = bytearray(zip_of(("a.txt", b"x")))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    assert read(archive, params, {"a.zip": bytes(raw)}) == []
    assert reasons(archive) == {"a.zip": "encrypted"}


def test_an_archive_above_the_caps_is_set_aside_and_the_rest_is_read(archive: Workspace, params: Params) -> None:
    noise = {f"{n}.txt": bytes(range(256)) * 300 for n in range(4)}
    files: dict[str, bytes | str] = {
        "file.zip": zip_of(("a.txt", b"ab" * 60_000)),
        "all.zip": zip_of(*noise.items()),
        "b.txt": "B.",
    }
    assert [row["path"] for row in read(archive, params, files, max_file_bytes=100_000, max_delivery_bytes=200_000)] == ["b.txt"]
    assert reasons(archive) == {"file.zip": "too_large", "all.zip": "too_large"}


def test_a_delivery_with_two_names_that_are_one_elsewhere_is_set_aside(archive: Workspace, params: Params) -> None:
    assert read(archive, params, {"Carta.txt": "Una.", "carta.txt": "Otra."}) == []
    assert list(reasons(archive).values()) == ["name_collision"]


@settings(max_examples=120)
@given(raw=st.binary(max_size=80), name=st.sampled_from(["a.zip", *PACK]), at=st.integers(0, 3000))
def test_any_bytes_in_an_archive_are_unpacked_or_refused_with_a_reason(raw: bytes, name: str, at: int) -> None:
    from tempfile import TemporaryDirectory

    good = PACK[name](tarred(MEMBERS)) if name in PACK else zipped(MEMBERS)
    at %= len(good)
    with TemporaryDirectory() as folder:
        path, target = Path(folder) / name, Path(folder) / "in" / name
        path.write_bytes(good[:at] + raw + good[at + len(raw) :])
        said = orjson.loads(answer(archives, "unpack", [str(path), name, str(target), 1 << 20, 1 << 20]))
        written = {p for p in Path(folder).rglob("*") if p.is_file() and p != path}
        assert all(target in p.parents for p in written)
    assert "result" in said or "rejected" in said or "failed" in said


@given(name=st.text(max_size=40))
def test_a_name_that_is_let_through_stays_inside(name: str) -> None:
    with contextlib.suppress(Rejected):
        safe = Path(safe_name(name, "a.zip"))
        assert ".." not in safe.parts
        assert not safe.is_absolute()


@pytest.mark.parametrize("name", ["carta\u202efdp.exe", "dos\u2028lineas.txt", "a\x85b.txt"])
def test_a_name_that_shows_itself_as_another_is_refused(archive: Workspace, params: Params, name: str) -> None:
    with pytest.raises(Rejected, match="control character"):
        safe_name(name, "a.zip")
    assert read(archive, params, {name: STORY}) == []
    assert list(reasons(archive).values()) == ["unsafe_path"]
    assert name not in str(exclusions(archive)[0]["detail"])


@pytest.mark.parametrize(
    ("names", "how"),
    [
        (["ni\u00f1o.txt", "nin\u0303o.txt"], "told apart only by how their accents are stored"),
        (["Carta.txt", "carta.txt"], "told apart only by capital letters"),
        (["a.txt", "a.txt"], "one name twice"),
    ],
)
def test_names_that_collide_are_told_with_what_a_screen_does_not_show(names: list[str], how: str) -> None:
    with pytest.raises(Rejected, match=how):
        refuse_collisions(names, "a.zip")


def test_an_archive_or_table_with_nothing_in_it_is_named(archive: Workspace, params: Params) -> None:
    files: dict[str, bytes | str] = {
        "a.zip": zipped({}),
        "a.tar.gz": gzip.compress(tarred({})),
        "b.csv": "text\n",
        "c.jsonl": "\n",
    }
    assert read(archive, params, files) == []
    assert reasons(archive) == dict.fromkeys(files, "empty_document")


def test_folders_that_lie_deeper_than_an_archive_may_hold_are_set_aside(archive: Workspace, params: Params) -> None:
    assert read(archive, params, {f"{'d' * 80}/" * 13 + "carta.txt": STORY}) == []
    assert list(reasons(archive).values()) == ["unsafe_path"]


def test_names_of_different_files_do_not_collide() -> None:
    refuse_collisions(["a.txt", "b.txt", "a/c.txt", "ñ.txt", "n.txt"], "a.zip")
