"""The samples' own files, damaged as transport, disks and editors do: each is read or refused with a reason, and none is lost."""

import random
from pathlib import Path

import pytest

from latamgpt.intake.delivery import Delivery
from latamgpt.intake.found import Found
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.reading import READERS, read_files
from latamgpt.intake.source import Source
from latamgpt.params import Params
from scripts.fuzzing.mutation import damaged
from scripts.fuzzing.seeds import seeds
from tests.conftest import ROOT

NUM_EACH = 16  # mutations of one file
OF_LINES = (".csv", ".tsv", ".jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", sorted(READERS))
def test_a_damaged_sample_is_read_or_refused_and_never_lost(suffix: str, tmp_path: Path, params: Params) -> None:
    good = seeds(ROOT)[suffix]
    draw = random.Random(suffix)
    files = {f"d{number}x{suffix}": damaged(good.content, draw) for number in range(NUM_EACH)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    reading = list(read_files(Source.of(tmp_path, Delivery.model_validate(good.description), params.documents, files)))
    named = {path for item in reading for path in (item.path, *(item.parts if isinstance(item, Found) else ()))}
    named |= {path.partition("#")[0] for path in named}
    inside = {name for name in files for path in named if path.startswith(f"{name}/")}  # of an archive
    lost = files.keys() - named - inside
    assert {name for name in lost if not holds_no_record(name, files[name])} == set()
    refused = [item for item in reading if not isinstance(item, Found)]
    assert {item.reason for item in refused} <= set(Reason)
    assert all(item.detail for item in refused)


@pytest.mark.parametrize("control", ["\x0b", "\x1f", "&#8;", "\x0c"])
def test_a_control_character_beside_a_menu_stops_nothing(tmp_path: Path, params: Params, control: str) -> None:
    story = "Había una vez un río que no sabía adónde iba, y preguntó a la gente del camino por el mar. " * 3
    html = f"<html><body><main><p>{story}</p><nav><a href='a'>Inicio</a></nav>{control}al pie<p>{story}</p></main></body></html>"
    (tmp_path / "a.html").write_text(html, encoding="utf-8")
    delivery = Delivery.model_validate(seeds(ROOT)[".html"].description)
    (found,) = read_files(Source.of(tmp_path, delivery, params.documents, ["a.html"]))
    assert isinstance(found, Found)
    assert "un río" in found.text


def holds_no_record(name: str, raw: bytes) -> bool:
    """Whether a file of records was cut so short that none is left, or nothing but its header."""
    return not raw or (name.endswith(OF_LINES) and len(raw.strip().splitlines()) <= 1)
