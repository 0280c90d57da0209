"""Scans: what was read well is used, what was not waits for a person, and nothing depends on what this machine has installed."""

from datetime import date

import pytest

from latamgpt.params import Params, RightsParams
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.scans_made import LINES, corrections, ocr_result, page, picture

ONE, TWO, THREE = (picture([line]) for line in LINES)


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def intake(archive: Workspace, params: Params, files: dict[str, bytes | str]) -> dict[str, str]:
    """Path -> text of what was taken in."""
    deliver(archive, files, format="files")
    take_in(archive, params)
    return {str(row["path"]): str(row["text"]) for row in documents(archive)}


def test_numbered_images_are_the_pages_of_one_document_in_the_order_of_their_numbers(archive: Workspace, params: Params) -> None:
    read = intake(
        archive,
        params,
        {
            "carta/hoja-10.png": THREE,
            "carta/hoja-10.png.ocr.json": ocr_result(THREE, page(1, LINES[2])),
            "carta/hoja-9.png": ONE,
            "carta/hoja-9.png.ocr.json": ocr_result(ONE, page(1, f"{LINES[0]}\n{LINES[1]}")),
            "carta/otra.png": TWO,
            "carta/otra.png.ocr.json": ocr_result(TWO, page(1, "Otra carta.")),
        },
    )
    assert read == {"carta/hoja-9.png": " ".join(LINES), "carta/otra.png": "Otra carta."}
    assert exclusions(archive) == []


def test_a_scan_without_an_ocr_result_is_named_with_what_to_do(archive: Workspace, params: Params) -> None:
    assert intake(archive, params, {"a.tif": picture(LINES, "TIFF")}) == {}
    assert reasons(archive) == {"a.tif": "ocr_missing"}
    assert "latamgpt ocr" in str(exclusions(archive)[0]["detail"])
    assert "make setup-ocr" in str(exclusions(archive)[0]["detail"])


def test_a_page_that_was_read_badly_is_not_used_and_nothing_is_joined_over_it(archive: Workspace, params: Params) -> None:
    result = ocr_result(ONE, page(1, "\n".join(LINES[:2])), page(2, "Fl rnaestr0", 41.0), page(3, f"abierta {LINES[2]}"))
    read = intake(archive, params, {"a.tif": ONE, "a.tif.ocr.json": result})
    assert read == {"a.tif": f"{LINES[0]} {LINES[1]}\n\nabierta {LINES[2]}"}
    assert reasons(archive) == {"a.tif#2": "ocr_low_confidence"}


@pytest.mark.parametrize(("least", "kept"), [(0.41, ["a.png"]), (0.42, [])])
def test_the_run_says_how_well_a_page_must_have_been_read(
    archive: Workspace, params: Params, least: float, kept: list[str]
) -> None:
    asked = params.model_copy(update={"documents": params.documents.model_copy(update={"min_page_confidence": least})})
    read = intake(archive, asked, {"a.png": ONE, "a.png.ocr.json": ocr_result(ONE, page(1, "Fl rnaestr0", 41.0))})
    assert list(read) == kept
    assert ["41 of 100 in 2 words, and 42 are asked for" in str(row["detail"]) for row in exclusions(archive)] == [True][
        len(kept) :
    ]


def test_a_document_carries_how_sure_the_machine_was_of_what_it_read(archive: Workspace, params: Params) -> None:
    three = ocr_result(ONE, page(1, "uno dos tres", 98.0), page(2, "cuatro", 94.0), page(3, "cinco s", 20.0))
    files: dict[str, bytes | str] = {
        "a.tif": ONE,
        "a.tif.ocr.json": three,
        "a.tif.corrections.json": corrections(ONE, (3, "cinco s", "cinco seis")),
        "b.png": TWO,
        "b.png.ocr.json": ocr_result(TWO, page(1, "Fl rnaestr0", 41.0)),
        "b.png.corrections.json": corrections(TWO, (1, "Fl rnaestr0", "El maestro")),
        "c.txt": "Un relato.",
    }
    deliver(archive, files, format="files")
    take_in(archive, params)
    sure = {row["path"]: row["ocr_confidence"] for row in documents(archive)}
    assert sure == {"a.tif": round((3 * 98 + 94) / 4 / 100, 4), "b.png": None, "c.txt": None}


def test_a_missing_number_keeps_two_sentences_apart(archive: Workspace, params: Params) -> None:
    files: dict[str, bytes | str] = {}
    for number, raw, text in ((1, ONE, "una balsa, con su perro"), (3, TWO, "y preguntó por la escuela")):
        files |= {f"h{number}.png": raw, f"h{number}.png.ocr.json": ocr_result(raw, page(1, text))}
    assert intake(archive, params, files) == {"h1.png": "una balsa, con su perro\n\ny preguntó por la escuela"}


def test_a_correction_is_read_in_place_of_the_ocr_text(archive: Workspace, params: Params) -> None:
    files = {
        "a.png": ONE,
        "a.png.ocr.json": ocr_result(ONE, page(1, "Fl rnaestr0", 41.0)),
        "a.png.corrections.json": corrections(ONE, (1, "Fl rnaestr0", "El maestr"), (1, "Fl rnaestr0", "El maestro")),
    }
    assert intake(archive, params, files) == {"a.png": "El maestro"}
    assert exclusions(archive) == []


@pytest.mark.parametrize(
    ("beside", "before", "twice"),
    [
        (".ocr.json", '"text":"Fl rnaestr0"', '"text":"Fl rnaestr0","text":"El maestro"'),
        (".ocr.json", '"confidence":41.0', '"confidence":41.0,"confidence":95.0'),
        (".corrections.json", '"text":"El maestro"', '"text":"Otra cosa","text":"El maestro"'),
    ],
)
def test_a_key_that_stands_twice_beside_a_scan_is_refused(
    archive: Workspace, params: Params, beside: str, before: str, twice: str
) -> None:
    read = {
        ".ocr.json": ocr_result(ONE, page(1, "Fl rnaestr0", 41.0)),
        ".corrections.json": corrections(ONE, (1, "Fl rnaestr0", "El maestro")),
    }
    assert before in read[beside]
    read[beside] = read[beside].replace(before, twice)
    files: dict[str, bytes | str] = {"a.png": ONE, **{f"a.png{suffix}": text for suffix, text in read.items()}}
    assert intake(archive, params, files) == {}
    assert reasons(archive)["a.png"] == "ocr_invalid"
    assert "stands twice in one object of a.png" in str(exclusions(archive)[0]["detail"])


@pytest.mark.parametrize(("day", "kept"), [("2027-11-22", ["a.png"]), ("2027-11-23", [])])
def test_a_correction_of_a_time_to_come_is_not_used(archive: Workspace, params: Params, day: str, kept: list[str]) -> None:
    files = {
        "a.png": ONE,
        "a.png.ocr.json": ocr_result(ONE, page(1, "Fl rnaestr0", 41.0)),
        "a.png.corrections.json": corrections(ONE, (1, "Fl rnaestr0", "El maestro")).replace("2026-05-01", day),
    }
    held = params.model_copy(update={"rights": RightsParams(as_of=date(2026, 11, 21))})
    assert list(intake(archive, held, files)) == kept
    if not kept:
        assert reasons(archive) == {"a.png": "ocr_invalid"}
        assert f"page 1 was corrected on {day}" in str(exclusions(archive)[0]["detail"])


@pytest.mark.parametrize(
    "beside",
    [
        {"a.png.ocr.json": ocr_result(TWO, page(1, "El maestro"))},
        {"a.png.ocr.json": "{}"},
        {"a.png.ocr.json": b"\xff"},
        {"a.png.ocr.json": ocr_result(ONE, page(1, "El")), "a.png.corrections.json": corrections(ONE, (1, "Fl", "El"))},
        {"a.png.ocr.json": ocr_result(ONE, page(1, "El")), "a.png.corrections.json": corrections(TWO, (1, "El", "El"))},
        {"a.png.ocr.json": ocr_result(ONE, page(1, "El")), "a.png.corrections.json": corrections(ONE, (2, "El", "El"))},
        {"a.png.ocr.json": ocr_result(ONE, page(1, "El"), page(2, "río")).replace('"number":2', '"number":1')},
    ],
    ids=[
        "another scan's",
        "empty",
        "no text",
        "of another result",
        "correction of another scan",
        "of another page",
        "a page twice",
    ],
)
def test_what_lies_beside_a_scan_must_be_of_it(archive: Workspace, params: Params, beside: dict[str, bytes | str]) -> None:
    assert intake(archive, params, {"a.png": ONE, **beside}) == {}
    assert reasons(archive) == {"a.png": "ocr_invalid"}


def test_blank_pages_are_no_loss(archive: Workspace, params: Params) -> None:
    blank = page(2, "", 0.0).model_copy(update={"is_blank": True})
    result = ocr_result(ONE, page(1, LINES[0]), blank, page(3, "", 0.0))
    assert intake(archive, params, {"a.png": ONE, "a.png.ocr.json": result}) == {"a.png": LINES[0]}
    assert reasons(archive) == {"a.png#3": "ocr_low_confidence"}


def test_an_ocr_result_without_its_scan_is_named(archive: Workspace, params: Params) -> None:
    intake(archive, params, {"a.txt": "Un relato.", "b.png.ocr.json": ocr_result(ONE, page(1, "El"))})
    assert reasons(archive) == {"b.png.ocr.json": "not_read"}
