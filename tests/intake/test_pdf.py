"""PDF: text layers, scanned pages among them, licences wherever they are stated, and files that are out to break a parser."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from latamgpt.intake.answers import checked
from latamgpt.intake.pdf import PdfRead, is_text
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.scans_made import LINES, joined, locked, ocr_result, page, pdf, scanned_pdf
from tests.intake.test_any_bytes import outcome

BOOK = pdf(
    [[f"REVISTA DEL SUR   {n}", line, f"{line[::-1]}", f"{line} otra vez"] for n, line in enumerate(LINES)], title="La balsa"
)


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def intake(archive: Workspace, params: Params, files: dict[str, bytes | str]) -> dict[str, str]:
    deliver(archive, files, format="files")
    take_in(archive, params)
    return {str(row["path"]): str(row["text"]) for row in documents(archive)}


def test_a_text_layer_is_one_document_without_running_heads(archive: Workspace, params: Params) -> None:
    text = intake(archive, params, {"libro.pdf": BOOK})["libro.pdf"]
    assert all(line in text for line in LINES)
    assert "REVISTA" not in text
    assert documents(archive)[0]["title"] == "La balsa"


def test_pages_without_a_layer_are_read_from_the_ocr_result(archive: Workspace, params: Params) -> None:
    mixed = joined(pdf([[LINES[0]]]), scanned_pdf([[LINES[1]]]), pdf([[]]), pdf([[LINES[2]]]))
    read = intake(archive, params, {"a.pdf": mixed, "a.pdf.ocr.json": ocr_result(mixed, page(2, LINES[1]))})
    assert " ".join(read["a.pdf"].split()) == " ".join(LINES)
    assert exclusions(archive) == []


def test_a_scanned_pdf_without_an_ocr_result_is_named(archive: Workspace, params: Params) -> None:
    assert intake(archive, params, {"a.pdf": scanned_pdf([LINES])}) == {}
    assert reasons(archive) == {"a.pdf": "ocr_missing"}


def test_the_text_of_a_half_scanned_pdf_is_used_and_the_rest_named(archive: Workspace, params: Params) -> None:
    assert intake(archive, params, {"a.pdf": joined(pdf([LINES]), scanned_pdf([LINES]))}) == {"a.pdf": " ".join(LINES)}
    assert reasons(archive) == {"a.pdf": "ocr_missing"}


@pytest.mark.parametrize(
    "raw",
    [
        pdf([LINES], subject="CC BY-NC-ND 4.0"),
        pdf([[*LINES, "Licencia: CC BY-NC 4.0"]]),
        BOOK.replace(b"/Type /Catalog", b"/Type /Catalog /Metadata 99 0 R").replace(
            b"xref\n",
            b"99 0 obj\n<< /Type /Metadata /Subtype /XML /Length 103 >>\nstream\n"
            + b'<x xmlns:cc="c"><cc:license r="http://creativecommons.org/licenses/by-nc-sa/4.0/"/></x>'.ljust(103)
            + b"\nendstream\nendobj\nxref\n",
            1,
        ),
    ],
    ids=["field", "page", "xmp"],
)
def test_a_licence_in_a_pdf_that_is_not_covered_is_seen(archive: Workspace, params: Params, raw: bytes) -> None:
    deliver(archive, {"a.pdf": raw, "b.txt": "Un relato.", "c.txt": "Otro relato."}, format="files")
    take_in(archive, params)
    assert reasons(archive) == {"a.pdf": "licence_contradiction"}


def test_a_pdf_behind_a_password_is_set_aside_and_one_that_anybody_opens_is_read(archive: Workspace, params: Params) -> None:
    read = intake(archive, params, {"a.pdf": locked(BOOK, user="secret"), "b.pdf": locked(BOOK, user="")})
    assert list(read) == ["b.pdf"]
    assert reasons(archive) == {"a.pdf": "encrypted"}


@pytest.mark.parametrize("raw", [BOOK[:300], b"%PDF-1.7\n", b"no pdf", BOOK[-200:]], ids=["cut", "head", "text", "tail"])
def test_a_broken_pdf_is_set_aside(archive: Workspace, params: Params, raw: bytes) -> None:
    assert intake(archive, params, {"a.pdf": raw}) == {}
    assert set(reasons(archive).values()) <= {"pdf_unreadable", "empty_document"}


def test_a_layer_of_codes_without_letters_is_no_text() -> None:
    assert is_text("\n".join(LINES))
    assert is_text("Ñe’ẽ porã g̃uarã")
    assert not is_text("\x03\x04\x05\x06" * 20)
    assert not is_text("\uf041\uf042\uf043 \uf044\uf045\uf046\uf047\uf048\uf049")
    assert not is_text("12")


@settings(max_examples=8)
@given(at=st.integers(0, len(BOOK) - 1), raw=st.binary(min_size=1, max_size=40))
@example(at=0, raw=b"\0" * 40)
def test_a_pdf_with_any_bytes_in_it_is_read_or_named(at: int, raw: bytes) -> None:
    read, set_aside = outcome("files", {"a.pdf": BOOK[:at] + raw + BOOK[at + len(raw) :]})
    assert len(read) + len(set_aside) >= 1


@pytest.mark.parametrize("said", [{"num_pages": 10**12}, {"num_pages": 1, "pages": ["a", "b"]}, {"num_pages": 2, "drawn": [3]}])
def test_a_parser_that_speaks_of_pages_that_no_pdf_has_is_not_believed(said: dict[str, object]) -> None:
    answer = {"title": "", "metadata": "", "xmp": "", "pages": [], "drawn": [], **said}
    with pytest.raises(Rejected) as caught:
        checked(PdfRead, answer, "a.pdf", Reason.PDF_UNREADABLE)
    assert caught.value.reason == Reason.PDF_UNREADABLE
