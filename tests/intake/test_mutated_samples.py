"""The samples' own files, damaged as transport, disks and editors do: each is read or refused with a reason, and none is lost."""

import random
from pathlib import Path

import pytest

from latamgpt.intake.delivery import read_delivery
from latamgpt.intake.found import Found
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.reading import READERS, read_files
from latamgpt.intake.source import Source
from latamgpt.params import Params
from tests.conftest import ROOT

SAMPLES = ROOT / "samples"
NUM_EACH = 16  # mutations of one file
ENCODINGS = ("utf-16", "latin-1", "cp850", "utf-7")
OF_LINES = (".csv", ".tsv", ".jsonl")


def smallest(suffix: str) -> Path | None:
    """The smallest sample of a kind that lies in a delivery."""
    found = (path for path in SAMPLES.glob("*/*/**/*") if path.is_file() and path.name.lower().endswith(suffix))
    return min(found, key=lambda path: (path.stat().st_size, path), default=None)


SAMPLED = {suffix: path for suffix in sorted(READERS) if (path := smallest(suffix)) is not None}


def delivery_of(path: Path) -> Path:
    """The folder with the delivery.yaml above a file."""
    return next(folder for folder in path.parents if (folder / "delivery.yaml").is_file())


def mutated(raw: bytes, draw: random.Random) -> bytes:
    """One damage: cut short, bits turned, a piece lost, doubled or overwritten, or saved in another encoding."""
    at = draw.randrange(len(raw))
    length = draw.randrange(1, 64)
    match draw.randrange(6):
        case 0:
            return raw[:at]
        case 1:
            places = {draw.randrange(len(raw)) for _ in range(draw.randrange(1, 9))}
            return bytes(byte ^ (1 << draw.randrange(8)) if place in places else byte for place, byte in enumerate(raw))
        case 2:
            return raw[:at] + raw[at + length :]
        case 3:
            return raw[:at] + raw[at : at + length] * draw.randrange(2, 9) + raw[at + length :]
        case 4:
            return raw[:at] + draw.randbytes(length) + raw[at + length :]
        case _:
            text = raw.decode("utf-8", "replace")
            return text.encode(draw.choice(ENCODINGS), "replace")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", sorted(SAMPLED))
def test_a_damaged_sample_is_read_or_refused_and_never_lost(suffix: str, tmp_path: Path, params: Params) -> None:
    original = SAMPLED[suffix]
    draw = random.Random(suffix)
    raw = original.read_bytes()
    files = {f"d{number}x{suffix}": mutated(raw, draw) for number in range(NUM_EACH)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    delivery = read_delivery(delivery_of(original)).model_copy(update={"format": "files"})
    reading = list(read_files(Source.of(tmp_path, delivery, params.documents, files)))
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
    delivery = read_delivery(delivery_of(SAMPLED[".txt"])).model_copy(update={"format": "files", "encoding": "utf-8"})
    (found,) = read_files(Source.of(tmp_path, delivery, params.documents, ["a.html"]))
    assert isinstance(found, Found)
    assert "un río" in found.text


def holds_no_record(name: str, raw: bytes) -> bool:
    """Whether a file of records was cut so short that none is left, or nothing but its header."""
    return not raw or (name.endswith(OF_LINES) and len(raw.strip().splitlines()) <= 1)
