"""Whatever bytes a partner sends: no crash, and every file is either read or named with a reason."""

import gzip
import os
import sys
import tempfile
from pathlib import Path

import orjson
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from latamgpt.intake.apart import Parser
from latamgpt.intake.apart import documents as documents_of
from latamgpt.intake.encoding import decode
from latamgpt.intake.epub import parse_epub
from latamgpt.intake.library_files import parse_library_file
from latamgpt.intake.opendocument import parse_odt
from latamgpt.intake.parser_process import answer
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.word import parse_docx
from latamgpt.params import read_params
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.made_files import docx, epub, odt, paragraph, tei

NINE_TIMES = [(new, ", ".join([f"*{old}"] * 9)) for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
ALIASES = "".join(f"{new}: &{new} [{old}]\n" for new, old in NINE_TIMES)
MERGES = "".join(f"{new}: &{new}\n  <<: [{old}]\n" for new, old in NINE_TIMES)
PARAMS = read_params(ROOT, "tiny")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
JSON_VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=4), SCALARS, max_size=3)
NAMES = {
    "text": "a.txt",
    "markdown": "a.md",
    "csv": "a.csv",
    "html": "a.html",
    "jsonl": "a.jsonl",
    "jsonl-gz": "a.jsonl.gz",
    "jsonl-zst": "a.jsonl.zst",
    "bagit": "a.html",
    "files-tsv": "a.tsv",
}
APART = {"files-docx": "a.docx", "files-odt": "a.odt", "files-epub": "a.epub", "files-xml": "a.xml", "files-parquet": "a.parquet"}
GOOD = {
    "a.docx": docx(paragraph("Un relato.")),
    "a.odt": odt("<text:p>Un relato.</text:p>"),
    "a.epub": epub(["<p>Un relato.</p>"]),
    "a.xml": tei("<body><p>Un relato.</p></body>").encode(),
}


def outcome(kind: str, files: dict[str, bytes | str], **description: object) -> tuple[list[str], list[str]]:
    """The paths read and the paths set aside."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        register(workspace)
        deliver(workspace, files, format=kind.partition("-")[0], **description)
        take_in(workspace, PARAMS)
        return [str(r["path"]) for r in documents(workspace)], [str(r["path"]) for r in exclusions(workspace)]


@pytest.mark.parametrize("kind", sorted(NAMES))
@settings(max_examples=25)
@given(raw=st.binary(max_size=120))
@example(raw=b"")
@example(raw=b"\0" * 40)
@example(raw=b"<" * 300)
@example(raw=b"[" * 5000)
@example(raw=gzip.compress(b"{}"))
@example(raw=zstandard.ZstdCompressor().compress(b'{"text": "a"}'))
def test_any_bytes_are_read_or_named(kind: str, raw: bytes) -> None:
    read, set_aside = outcome(kind, {NAMES[kind]: raw})
    blank = kind.startswith("jsonl") and not raw.strip()  # a file of no records holds nothing that could be lost
    assert read or set_aside or blank


@pytest.mark.parametrize("kind", sorted(APART))
@settings(max_examples=4)
@given(raw=st.binary(max_size=120))
@example(raw=b"")
def test_any_bytes_for_a_parser_apart_are_read_or_named(kind: str, raw: bytes) -> None:
    read, set_aside = outcome(kind, {APART[kind]: raw})
    assert len(read) + len(set_aside) == 1


@pytest.mark.parametrize(
    ("name", "parser"), [("a.docx", parse_docx), ("a.odt", parse_odt), ("a.epub", parse_epub), ("a.xml", parse_library_file)]
)
@settings(max_examples=150)
@given(at=st.integers(0, 2000), length=st.integers(0, 40), put=st.binary(max_size=12))
def test_a_good_file_with_any_bytes_changed_is_answered(name: str, parser: Parser, at: int, length: int, put: bytes) -> None:
    good = GOOD[name]
    at %= len(good)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(good[:at] + put + good[at + length :])
        answered = orjson.loads(answer(sys.modules[parser.__module__], parser.__name__, [str(path), name]))
    assert len(answered) == 1
    if "result" in answered:
        assert documents_of(orjson.loads(orjson.dumps(answered["result"])), name, Reason.DOCUMENT_UNREADABLE)


@settings(max_examples=25)
@given(sidecar=st.binary(max_size=60), printed=st.binary(max_size=60))
def test_any_companions_of_a_text_are_read_or_it_is_named(sidecar: bytes, printed: bytes) -> None:
    read, set_aside = outcome("markdown", {"a.md": "Un texto.", "a.json": sidecar, "a.pdf": b"%PDF-1.4\n" + printed})
    assert len(read) + len(set_aside) == 1


@settings(max_examples=60)
@given(value=JSON_VALUES)
def test_any_json_value_for_a_text_is_read_or_named(value: object) -> None:
    import json

    raw = json.dumps({"text": value, "lengua": value}, allow_nan=True) + "\n"
    read, set_aside = outcome("jsonl", {"a.jsonl": raw}, fields={"language": "lengua", "title": "lengua"})
    assert [*read, *set_aside] == ["a.jsonl#1"]


def good_and_bad(workspace: Workspace) -> Path:
    """Two deliveries, of which the second will be spoilt: its folder."""
    register(workspace)
    deliver(workspace, {"a.txt": "Un relato del río."}, id="bueno")
    return deliver(workspace, {"b.txt": "Otro relato del río."}, id="malo")


NO_DAYS = ("2026-02-30", "2026-13-01", "2025-02-29")
NOT_WHAT_THEY_SAY = ("!!timestamp x", "!!bool x", "!!float ''", '"\\UFFFFFFFF"', "!!set [a]", "!!int '9x'")


@pytest.mark.parametrize("value", [*NO_DAYS, *NOT_WHAT_THEY_SAY])
def test_a_date_that_yaml_cannot_make_sets_only_its_delivery_aside(workspace: Workspace, value: str) -> None:
    path = good_and_bad(workspace) / "delivery.yaml"
    path.write_text(path.read_text().replace("'2026-03-01'", value))
    take_in(workspace, PARAMS)
    assert reasons(workspace) == {"delivery.yaml": "delivery_invalid"}
    assert [row["path"] for row in documents(workspace)] == ["a.txt"]


@pytest.mark.parametrize("bomb", [f"a: &a [x]\n{ALIASES}period: *i\n", f"a: &a {{x: 1}}\n{MERGES}"], ids=["aliases", "merges"])
def test_a_description_that_stands_for_gigabytes_sets_only_its_delivery_aside(workspace: Workspace, bomb: str) -> None:
    path = good_and_bad(workspace) / "delivery.yaml"
    path.write_text(path.read_text() + bomb)
    take_in(workspace, PARAMS)
    assert reasons(workspace) == {"delivery.yaml": "delivery_invalid"}
    assert "more than" in str(exclusions(workspace)[0]["detail"])
    assert [row["path"] for row in documents(workspace)] == ["a.txt"]


@pytest.mark.parametrize("encoding", ["undefined", "utf-8\0", "rot13", "", "klingon"])
def test_an_encoding_that_is_none_is_named(encoding: str) -> None:
    with pytest.raises(Rejected, match="is no encoding of text") as caught:
        decode(b"abc", encoding, "a.txt")
    assert caught.value.reason == Reason.ENCODING


def test_a_delivery_declared_in_no_encoding_leaves_the_others(workspace: Workspace) -> None:
    path = good_and_bad(workspace) / "delivery.yaml"
    path.write_text(path.read_text() + 'encoding: "undefined"\n')
    take_in(workspace, PARAMS)
    assert reasons(workspace) == {"b.txt": "encoding"}
    assert [row["path"] for row in documents(workspace)] == ["a.txt"]


def test_a_file_name_that_is_not_utf8_sets_only_its_delivery_aside(workspace: Workspace) -> None:
    folder = good_and_bad(workspace)
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xf1o.txt")).write_text("Texto.")
    take_in(workspace, PARAMS)
    assert reasons(workspace) == {"a\\xf1o.txt": "unsafe_path"}
    assert [row["path"] for row in documents(workspace)] == ["a.txt"]


def test_a_delivery_or_a_stray_whose_name_is_not_utf8_is_named(workspace: Workspace) -> None:
    partner = os.fsencode(good_and_bad(workspace).parent)
    Path(os.fsdecode(partner + b"/a\xf1o")).mkdir()
    Path(os.fsdecode(partner + b"/b\xf1o.zip")).write_text("x")
    take_in(workspace, PARAMS)
    assert reasons(workspace) == {"a\\xf1o": "unsafe_path", "b\\xf1o.zip": "not_a_delivery"}
    assert len(documents(workspace)) == 2


def test_a_bag_s_file_without_a_stem_is_read() -> None:
    read, set_aside = outcome("bagit", {".txt": "Un relato.", "a.md": "Otro."})
    assert (sorted(read), set_aside) == (["data/.txt", "data/a.md"], [])
