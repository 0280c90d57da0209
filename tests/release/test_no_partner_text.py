"""A release carries weights, cards and hashes; of what partners gave it carries no sentence."""

import json
from pathlib import Path

import pytest

from latamgpt.params import Params
from latamgpt.release import release, release_candidate
from latamgpt.release.approving import approve
from latamgpt.store import Workspace, list_files, read_table
from tests.release.conftest import text_of
from tests.release.partner_text import RUN_CHARS, shared_runs

TEXT = "La abuela contaba que el río bajaba despacio en los años de sequía, y que la gente cruzaba a pie para llevar la fruta."


@pytest.mark.parametrize("start", range(0, 40, 7))
def test_a_run_is_found_wherever_in_a_document_it_begins(tmp_path: Path, start: int) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"Made of {TEXT[start : start + RUN_CHARS]} by us", encoding="utf-8")
    assert shared_runs([path], ["Otro texto.", TEXT])
    path.write_text(f"Made of {TEXT[start : start + RUN_CHARS - 4]}#####", encoding="utf-8")
    assert shared_runs([path], ["Otro texto.", TEXT]) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scorecard.json", json.dumps({"items": [{"prompt": TEXT}]}).encode()),  # as \\u00ed
        ("model.safetensors", b"\x00\x01" + TEXT.encode() + b"\x00\xff" * 80),
        ("DATA_CARD.md", TEXT.replace(" ", "\n").encode()),
    ],
)
def test_a_run_is_found_in_escapes_between_weights_and_over_line_ends(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert {found for found, _ in shared_runs([tmp_path / name], [TEXT])} == {name}


def test_a_release_holds_no_run_of_a_document_of_its_corpus(inputs: Workspace, release_params: Params) -> None:
    release_candidate.run(inputs, release_params)
    approve(inputs, "Ana Prueba", "sample reviewer", "looked at nothing, for a test", sample=True)
    release.run(inputs, release_params)
    folder = inputs.read("release")
    files = [folder / name for name in list_files(folder)]
    documents = read_table(inputs.read("corpus") / "documents.parquet").column("text").to_pylist()
    assert text_of("a0") in documents
    assert shared_runs(files, documents) == []
    (folder / "RELEASE.md").write_text(f"{text_of('a0')}", encoding="utf-8")
    assert {name for name, _ in shared_runs(files, documents)} == {"RELEASE.md"}
