"""What the checkpoint stage takes over from the base, and when it may go on from a saved state."""

from pathlib import Path

import pytest

from latamgpt.launch.site import Site
from latamgpt.params import Params
from latamgpt.training import checkpoint

SHARDED = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json")
TAKEN_OVER = ("LICENSE", "merges.txt", "tokenizer.json", "tokenizer_config.json")
TRAINED = ("config.json", "model.safetensors")


def test_weights_of_a_sharded_base_never_reach_the_checkpoint(tmp_path: Path) -> None:
    base, folder = tmp_path / "base", tmp_path / "checkpoint"
    for place, names in ((base, (*SHARDED, *TAKEN_OVER, "config.json", "manifest.json", "report.json")), (folder, TRAINED)):
        place.mkdir()
        for name in names:
            (place / name).write_text(place.name)
    checkpoint.copy_tokenizer(base, folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted((*TAKEN_OVER, *TRAINED))
    assert {(folder / name).read_text() for name in TRAINED} == {"checkpoint"}


def test_another_program_never_goes_on_from_a_saved_state(tmp_path: Path, small: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "training"
    program.mkdir()
    for path in Path(checkpoint.__file__).parent.glob("*.py"):
        (program / path.name).write_bytes(path.read_bytes())
    here = checkpoint.identity(small, Site(), {"mixture": "0"})
    monkeypatch.setattr(checkpoint, "__file__", str(program / "checkpoint.py"))
    assert checkpoint.identity(small, Site(), {"mixture": "0"}) == here
    with (program / "packing.py").open("a") as stream:
        stream.write("# mended\n")
    assert checkpoint.identity(small, Site(), {"mixture": "0"}) != here
