"""What the checkpoint stage takes over from the base, and when it may go on from a saved state."""

from pathlib import Path

import pytest

from latamgpt.params import Params
from latamgpt.training import checkpoint

SHARDED = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json")
TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
TRAINED = ("config.json", "model.safetensors")


def test_checkpoint_takes_the_runs_tokenizer_and_the_bases_licence_and_never_its_weights(tmp_path: Path) -> None:
    base, tokenizer, folder = tmp_path / "base", tmp_path / "tokenizer", tmp_path / "checkpoint"
    own = ("manifest.json", "report.json")
    of_base = (*SHARDED, *TOKENIZER, "merges.txt", "LICENSE", "config.json", *own)
    for place, names in ((base, of_base), (tokenizer, (*TOKENIZER, *own)), (folder, TRAINED)):
        place.mkdir()
        for name in names:
            (place / name).write_text(place.name)
    checkpoint.copy_tokenizer(tokenizer, base, folder)
    found = {path.name: path.read_text() for path in folder.iterdir()}
    assert found == dict.fromkeys(TRAINED, "checkpoint") | dict.fromkeys(TOKENIZER, "tokenizer") | {"LICENSE": "base"}


def test_another_program_never_goes_on_from_a_saved_state(tmp_path: Path, small: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "training"
    program.mkdir()
    for path in Path(checkpoint.__file__).parent.glob("*.py"):
        (program / path.name).write_bytes(path.read_bytes())
    here = checkpoint.identity(small, {"mixture": "0"})
    monkeypatch.setattr(checkpoint, "__file__", str(program / "checkpoint.py"))
    assert checkpoint.identity(small, {"mixture": "0"}) == here
    with (program / "packing.py").open("a") as stream:
        stream.write("# mended\n")
    assert checkpoint.identity(small, {"mixture": "0"}) != here
