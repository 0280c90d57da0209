"""`latamgpt evaluate` as a person calls it: a published set, two models, and what they differ by."""

import csv
from pathlib import Path

import orjson
import pytest

from latamgpt.cli import main
from latamgpt.evaluation.score import Scorecard
from latamgpt.store import Workspace

HEAD = ("Entity", "Country", "Category", "Difficulty", "Question", "Answer")


@pytest.fixture
def choclo(published: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    (published.root / "dvc.yaml").touch()
    monkeypatch.chdir(published.root)
    path = published.root / "BenchmarkCHOCLO.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEAD)
        writer.writerows((f"E{n}", "Chile", "Comida", "fácil", f"¿Qué es {n}?", f"casa {n}") for n in range(5))
    return path


@pytest.mark.slow
def test_two_models_on_a_published_set_are_compared(choclo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model in ("base_model", "checkpoint"):
        assert main(["evaluate", model, "--data", str(choclo), "--adapter", "choclo", "--out", f"out/{model}"]) == 0
    made = Scorecard.model_validate_json(Path("out/checkpoint/scorecard.json").read_bytes())
    assert made.made.settings["licence"] == "MIT"
    assert [item.country for item in made.items] == ["CL"] * 5
    assert main(["compare", "out/base_model", "out/checkpoint", "--json"]) == 0
    said = capsys.readouterr().out
    cells = orjson.loads(said[said.index("{") :])["scorecard"]["cells"]
    assert {(cell["measure"], cell["group"]) for cell in cells} >= {("probability", "choclo/CL"), ("accuracy", "choclo")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["base_model", "--data", "BenchmarkCHOCLO.csv", "--out", "out"], "--data and --adapter go together"),
        (["nothing", "--profile", "spanish", "--out", "out"], "nor a folder with a model's config.json"),
        (["base_model", "--profile", "spanish", "--limit", "0", "--out", "out"], "--limit 0"),
        (["base_model", "--profile", "spanish", "--out", "partners"], "partners is there already"),
    ],
)
def test_what_cannot_be_asked_is_told(choclo: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not Path("out").exists()
