"""The shipped samples: valid, whole but for the one that is damaged on purpose, lawful to pass on, and rebuilt to the byte."""

import csv
import filecmp
import gzip
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from stdnum.br import cpf

from latamgpt.curation.language import shipped_model
from latamgpt.curation.variety import has_voseo
from latamgpt.intake import documents
from latamgpt.intake.delivery import (
    DeliveryFormat,
    Fault,
    FixityFault,
    fixity_faults,
    payload_paths,
    read_delivery,
)
from latamgpt.intake.licences import FIELDS, statements_at_edges, statements_in
from latamgpt.intake.reading import READERS, document_paths
from latamgpt.intake.transcripts import AUDIO_SUFFIXES
from latamgpt.params import Params
from latamgpt.registry.partners import Purpose, read_institution
from latamgpt.registry.rights import rule
from latamgpt.store import Workspace, read_table
from tests.conftest import ROOT

SAMPLES = ROOT / "samples"
AS_OF = date(2026, 11, 21)
DAMAGED = SAMPLES / "biblioteca-araucania" / "boletines-araucania"
DELIVERIES = sorted(path.parent for path in SAMPLES.glob("*/*/delivery.yaml"))
INSTITUTIONS = sorted(path.stem for path in (ROOT / "partners").glob("*.yaml"))
OWN = "written for this project"
REFUSED = {"cronicas-de-barrio": "agreement_expired", "cuadernos-comunales": "label_forbids"}

each_delivery = pytest.mark.parametrize("folder", DELIVERIES, ids=lambda folder: f"{folder.parent.name}/{folder.name}")


def words_of(folder: Path) -> str:
    return "\n".join(
        text_of(path) for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in (".md", ".txt", ".html")
    )


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def records(path: Path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    plain = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return [json.loads(line) for line in plain.decode().splitlines()]


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@each_delivery
def test_sample_says_what_it_is(folder: Path) -> None:
    delivery = read_delivery(folder)
    assert delivery.id == folder.name
    assert delivery.source
    assert document_paths(folder, delivery)


@each_delivery
def test_sample_keeps_its_notice(folder: Path) -> None:
    delivery = read_delivery(folder)
    notice = text_of(folder / delivery.notice)
    assert len(notice) > 100
    if delivery.source != OWN:
        assert delivery.source in notice


@each_delivery
def test_sample_arrived_whole_but_for_the_one_damaged_on_purpose(folder: Path) -> None:
    expected = [FixityFault("data/boletin-01.txt", Fault.CHANGED)] if folder == DAMAGED else []
    assert fixity_faults(folder, read_delivery(folder)) == expected


@each_delivery
def test_sample_bytes_are_small_enough_for_git(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 600_000


@each_delivery
def test_sample_is_covered_by_its_agreement_but_for_two_that_are_not_on_purpose(folder: Path) -> None:
    delivery = read_delivery(folder)
    answer = rule(read_institution(ROOT, folder.parent.name), delivery.agreement, delivery.licence, Purpose.TRAIN, AS_OF)
    assert answer.reason == REFUSED.get(folder.name, "")


@each_delivery
def test_text_of_a_sample_is_written_in_its_declared_encoding(folder: Path) -> None:
    delivery = read_delivery(folder)
    if delivery.format in (DeliveryFormat.TEXT, DeliveryFormat.HTML, DeliveryFormat.CSV):
        for name in document_paths(folder, delivery):
            assert (folder / name).read_bytes().decode(delivery.encoding).strip()


@each_delivery
def test_document_of_a_sample_is_document_sized(folder: Path) -> None:
    delivery = read_delivery(folder)
    if delivery.format in (DeliveryFormat.TEXT, DeliveryFormat.HTML, DeliveryFormat.MARKDOWN, DeliveryFormat.BAGIT):
        assert max((folder / name).stat().st_size for name in document_paths(folder, delivery)) < 20_000


@pytest.mark.parametrize("partner", INSTITUTIONS)
def test_sample_institution_is_marked_as_invented(partner: str) -> None:
    assert read_institution(ROOT, partner).sample


def test_every_institution_sends_something_and_every_sender_is_registered() -> None:
    assert sorted({folder.parent.name for folder in DELIVERIES}) == INSTITUTIONS


def test_samples_come_from_ten_countries_in_many_languages_and_all_formats() -> None:
    deliveries = [read_delivery(folder) for folder in DELIVERIES]
    assert len({read_institution(ROOT, partner).country for partner in INSTITUTIONS}) == 10
    assert {d.language for d in deliveries} >= {"es-AR", "es-CL", "es-CO", "es-MX", "es-BO", "es-UY", "es-PE", "pt-BR", "en"}
    assert {d.language for d in deliveries} >= {"que", "gug", "nah", "arn", "ayr", "guc", "jam"}
    assert {d.format for d in deliveries} == set(DeliveryFormat)


def test_each_kind_of_file_that_is_read_has_a_sample_but_for_spellings_of_one_that_has() -> None:
    """A kind without a sample is read by the reader of one that has one; scripts/fuzz.py makes one of each."""
    names = [name for folder in DELIVERIES for name in names_within(folder)]
    shipped = {suffix for suffix in READERS if any(name.lower().endswith(suffix) for name in names)}
    spelled_otherwise = {
        ".htm",
        ".tiff",
        ".jpeg",
        ".tgz",
        ".tar",
        ".tar.bz2",
        ".tbz2",
        ".tar.xz",
        ".txz",
        ".tar.zst",
    }
    assert set(READERS) - shipped == spelled_otherwise | set(AUDIO_SUFFIXES) - {".wav"}
    assert {READERS[suffix] for suffix in shipped} == set(READERS.values())


def test_libraries_files_and_prints_have_a_sample_of_each_kind() -> None:
    roots = {path: path.read_bytes()[:400] for path in sorted(SAMPLES.glob("*/*/**/*.xml"))}
    assert {kind for raw in roots.values() for kind in (b"<TEI", b"<mets", b"<alto") if kind in raw} == {
        b"<TEI",
        b"<mets",
        b"<alto",
    }
    assert list(SAMPLES.glob("*/*/**/*.pdf.ocr.json"))
    assert list(SAMPLES.glob("*/*/**/*.tif.ocr.json"))
    assert [path for path in SAMPLES.glob("*/*/**/*.pdf") if path.with_suffix(".md").is_file()]


def names_within(folder: Path) -> Iterator[str]:
    """The files of a delivery that hold documents, and those in its archives."""
    for name in document_paths(folder, read_delivery(folder)):
        yield name
        if name.endswith(".zip"):
            with zipfile.ZipFile(folder / name) as archive:
                yield from archive.namelist()
        elif name.endswith(".tar.gz"):
            with tarfile.open(folder / name) as archive:
                yield from archive.getnames()


def test_stories_in_an_archive_are_found_by_the_end_of_their_names() -> None:
    folder = SAMPLES / "biblioteca-araucania" / "relatos-araucania"
    inside = {name for name in names_within(folder) if not name.startswith("data/")}
    assert inside == {"la-lluvia-y-sus-nombres.txt", "once-para-todos.txt"}


def test_samples_weigh_a_few_megabytes() -> None:
    num_bytes = sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file())
    assert 2_000_000 < num_bytes < 5_000_000


def test_latin_1_delivery_is_not_valid_utf_8() -> None:
    folder = SAMPLES / "archivo-cauca" / "relatos-cauca"
    delivery = read_delivery(folder)
    assert delivery.encoding == "latin-1"
    for name in document_paths(folder, delivery):
        with pytest.raises(UnicodeDecodeError):
            (folder / name).read_text(encoding="utf-8")


def test_rioplatense_stories_hold_voseo() -> None:
    words = words_of(SAMPLES / "archivo-litoral" / "relatos-litoral")
    assert all(form in words for form in ("Necesitás", "vos", "Fijate", "Empezá"))


def test_altiplano_stories_hold_garbled_accents() -> None:
    assert "Ã³" in words_of(SAMPLES / "museo-altiplano" / "relatos-altiplano")


def test_minutes_hold_six_valid_cpf_numbers() -> None:
    texts = [record["text"] for record in records(SAMPLES / "catedra-curriculo" / "atas-da-catedra" / "documents.jsonl.gz")]
    numbers = [text.split("CPF ")[1][:14] for text in texts if "CPF " in text]
    assert len(numbers) == 6
    assert all(cpf.is_valid(number) for number in numbers)
    assert all("@example.org" in text for text in texts if "CPF " in text)


def test_nahuatl_college_repeats_documents_of_others() -> None:
    quechua = {record["text"] for record in records(SAMPLES / "academia-quechua" / "declaracion-quechua" / "documents.jsonl")}
    college = list(rows(SAMPLES / "colegio-nahuatl" / "declaraciones" / "documentos.csv"))
    assert sum(row["texto"] in quechua for row in college) == 3
    assert sum(row["clave"].startswith("copias") for row in college) == 3


def test_field_notebooks_are_shaped_like_a_real_delivery_at_a_twentieth_of_its_size() -> None:
    """The real one, of 322: 186 texts and 129 names say NC-ND, 220 one or the other; 40 copies, 99 nearly; 317, 38, 14."""
    folder = SAMPLES / "archivo-litoral" / "cuadernos-campo"
    sheets = {path.stem: text_of(path) for path in sorted(folder.rglob("*.md"))}
    in_words = {name for name, text in sheets.items() if "NC-ND" in licences(text)}
    in_name = {name for name in sheets if "NC-ND" in licences(name)}
    assert read_delivery(folder).licence == "CC-BY-NC-SA-4.0"
    assert (len(sheets), len(in_words), len(in_name), len(in_words | in_name)) == (16, 9, 6, 11)
    assert not FIELDS & {name.lower() for path in folder.rglob("*.json") for name in json.loads(text_of(path))}
    assert all((folder / "cuadernos" / f"{name}{suffix}").is_file() for name in sheets for suffix in (".json", ".pdf"))
    assert len(sheets) - len(set(sheets.values())) == 2
    assert sum(alike(one, other) >= 0.75 for one, other in combinations(set(sheets.values()), 2)) == 5
    assert sum("<!-- image -->" in text for text in sheets.values()) == 15
    assert sum("@example.org" in text for text in sheets.values()) == 2
    assert [name for name, text in sheets.items() if shipped_model().identify(text).language == "en"] == [
        "cuaderno-09-about-this-collection"
    ]
    assert sum(has_voseo(text) for text in sheets.values()) >= 2


def licences(text: str) -> str:
    return " ".join(stated.licence for stated in [*statements_at_edges(text), *statements_in(text, "")])


def alike(one: str, other: str) -> float:
    """Jaccard's measure over runs of five words."""
    first, second = ({tuple(words[n : n + 5]) for n in range(len(words) - 4)} for words in map(words_in, (one, other)))
    return len(first & second) / len(first | second)


def words_in(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def test_field_notebooks_are_set_aside_as_a_whole(workspace: Workspace, params: Params) -> None:
    for name in ("partners/archivo-litoral.yaml", "samples/archivo-litoral/cuadernos-campo"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, workspace.root / name)
    assert documents.run(workspace, params, "archivo-litoral").counts["documents"] == 0
    (row,) = read_table(workspace.read("documents", "archivo-litoral") / "exclusions.parquet").to_pylist()
    assert (row["delivery"], row["path"], row["reason"]) == ("cuadernos-campo", "", "licence_contradiction")
    assert row["detail"].startswith("11 of 16 documents contradict the delivery's CC-BY-NC-SA-4.0")


def test_ability_text_shares_no_paragraph_with_the_base_text() -> None:
    measured = {
        p for record in records(SAMPLES / "ability_text" / "en.jsonl") for p in record["text"].split("\n\n") if len(p) > 120
    }
    base = words_of(SAMPLES / "base_text")
    assert len(measured) > 50
    assert sum(p in base for p in measured) <= len(measured) // 50


def test_base_text_is_not_the_replay() -> None:
    replay = {
        p
        for record in records(SAMPLES / "library-kingston" / "administrators-handbook" / "documents.jsonl")
        for p in record["text"].split("\n\n")
        if len(p) > 120
    }
    base = words_of(SAMPLES / "base_text")
    assert not [p for p in replay if p in base]


def test_written_deliveries_are_rebuilt_to_the_byte(tmp_path: Path) -> None:
    built = tmp_path / "samples"
    command = [sys.executable, "scripts/build_samples.py", "--out", str(built), "--sources", str(tmp_path / "none"), "--written"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    folders = sorted(path.parent.relative_to(built) for path in built.glob("*/*/delivery.yaml"))
    assert len(folders) == 15
    for folder in folders:
        assert_same_files(built / folder, SAMPLES / folder)


def assert_same_files(one: Path, other: Path) -> None:
    names = sorted(path.relative_to(one).as_posix() for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other).as_posix() for path in other.rglob("*") if path.is_file())
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


def test_unknown_partner_is_refused_by_the_script(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/build_samples.py", "archivo-nadie", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'archivo-nadie' is no sample partner" in done.stderr


def test_manifest_of_a_sample_notices_a_file_too_many(tmp_path: Path) -> None:
    folder = tmp_path / "cronicas-de-barrio"
    shutil.copytree(SAMPLES / "hemeroteca-oriental" / "cronicas-de-barrio", folder)
    (folder / "paginas" / "otra.html").write_text("<p>otra</p>", encoding="utf-8")
    delivery = read_delivery(folder)
    assert "paginas/otra.html" in payload_paths(folder, delivery)
    assert fixity_faults(folder, delivery) == [FixityFault("paginas/otra.html", Fault.UNLISTED)]
