"""A checkout whose corpus became tokens already: a rung of a hundred thousand parameters, ready to be tried."""

import shutil
from pathlib import Path

import orjson
import pytest

from latamgpt.ladder.rungs import GIVEN
from latamgpt.params import Params, RungParams, SweepParams
from latamgpt.records import Report
from latamgpt.store import Workspace, write_report
from tests.conftest import ROOT
from tests.training.conftest import TEXTS, base_folder, make_ready, small

__all__ = ["base_folder", "small"]


@pytest.fixture
def sweep() -> SweepParams:
    """Two learning rates x two replay shares."""
    rung = RungParams(
        name="tiny",
        profile="",
        base_model="tiny-llama",
        num_tokens=1200,
        learning_rates=(0.001, 0.01),
        max_us_dollars=1,
        max_accelerator_hours=1,
    )
    return SweepParams(
        ladder=(rung,),
        replay_shares=(0.2, 0.6),
        seeds=(1,),
        evaluate_tokens=200,
        max_forgetting=0.5,
        bootstrap_samples=20,
        confidence=0.9,
        seed=1,
    )


@pytest.fixture
def checkout(tmp_path: Path, base_folder: Path, small: Params, sweep: SweepParams) -> Workspace:
    """A checkout up to its shards, with this sweep in its parameters; 'es' is what the base knew."""
    workspace = make_ready(tmp_path / "checkout", base_folder)
    for name in ("mixture", "mixture_gate", "training_quote"):
        shutil.rmtree(workspace.place(name))
    return with_corpus(workspace, small, sweep)


@pytest.fixture
def bare(tmp_path: Path, small: Params, sweep: SweepParams) -> Workspace:
    """A checkout with a corpus and nothing made of it."""
    shutil.copytree(ROOT / "sites", tmp_path / "bare" / "sites")
    return with_corpus(Workspace(tmp_path / "bare"), small, sweep)


def with_corpus(workspace: Workspace, small: Params, sweep: SweepParams) -> Workspace:
    """The same with a corpus, a text outside the replay, and these parameters."""
    for name in GIVEN:
        with workspace.publish(name) as folder:
            write_report(folder, Report(stage=name, summary="a fixture"))
    abilities = workspace.root / "samples" / "ability_text"
    abilities.mkdir(parents=True)
    source = {"id": "one", "text": TEXTS["es"] * 3, **dict.fromkeys(fields_of_a_source(), "x")}
    (abilities / "es.jsonl").write_bytes(orjson.dumps(source) + b"\n")
    mixture = small.mixture.model_copy(update={"replay_languages": ("es",), "max_epochs": 8.0})
    base = small.base_model.model_copy(update={"num_parameters": 100_000})
    params = small.model_copy(update={"sweep": sweep, "mixture": mixture, "base_model": base})
    (workspace.root / "params.yaml").write_bytes(orjson.dumps(params.model_dump(mode="json")))
    (workspace.root / "dvc.yaml").write_text("stages: {}\n")
    (workspace.root / "profiles").mkdir()
    shutil.copytree(ROOT / "governance", workspace.root / "governance")
    return workspace


def fields_of_a_source() -> list[str]:
    """What a line of the ability text says beside its id and text."""
    line = (ROOT / "samples" / "ability_text" / "en.jsonl").read_text(encoding="utf-8").splitlines()[0]
    return sorted(set(orjson.loads(line)) - {"id", "text"})
