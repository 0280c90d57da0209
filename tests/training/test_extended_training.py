"""From a corpus to a trained model with new tokens: the stages, really run on a small base."""

import random
import shutil
from pathlib import Path

import pytest

from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, sha256_file, write_report
from tests.builders import PARTNER, clean_document, publish_corpus, publish_verdict, read_pieces
from tests.training.conftest import ROOT, TEXTS
from tests.training.test_checkpoint import PUBLISHED, kill_when

NEW_WORDS = "Ñuqanchik allpanchikpi sara mishki puquchkan, wasinchikpi ninata ratachichkanchik, mamanchik yanuchkan. "

FIRST_WITHOUT_ROW = 384  # of the small base


@pytest.fixture(scope="module")
def asked(small: Params) -> Params:
    """Twenty new tokens for Quechua, none of which may touch Spanish."""
    extension = {"num_tokens": 20, "languages": ("que",), "unchanged_languages": ("es",), "min_count": 3}
    tokenizer = {"extension": small.tokenizer.extension.model_copy(update=extension)}
    mixture = {"num_tokens": 3000, "replay_share": 0.0, "replay_languages": ()}
    return small.model_copy(
        update={
            "tokenizer": small.tokenizer.model_copy(update=tokenizer),
            "mixture": small.mixture.model_copy(update=mixture),
            "checkpoint": small.checkpoint.model_copy(update={"save_every_steps": 2}),
        }
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, asked: Params) -> Path:
    """A workspace whose corpus became shards and mixture with the extended tokenizer."""
    root = tmp_path_factory.mktemp("extended") / "prepared"
    workspace = Workspace(root)
    for name in ("sites", "partners", "languages"):
        shutil.copytree(ROOT / name, root / name)
    with workspace.publish("base_model") as folder:
        shutil.copytree(base_folder, folder, dirs_exist_ok=True)
        write_report(folder, Report(stage="base_model", summary="base", counts={"num_parameters": 100_000}))
    rows = [clean_document(n, **_written(n, language)) for n, language in enumerate(("que", "es") * 25)]
    publish_corpus(workspace, rows)
    for gate in ("corpus_gate", "shards_gate", "mixture_gate", "training_quote"):
        publish_verdict(workspace, gate)
    for stage in ("tokenizer", "token_shards", "mixture"):
        run_stage(workspace, asked, stage)
    return root


def _written(number: int, language: str) -> dict[str, object]:
    words = (TEXTS[language] + (NEW_WORDS if language == "que" else "")).split() * 3
    random.Random(number).shuffle(words)
    return {"language": language, "variety": language, "partner": PARTNER, "text": " ".join(words)}


@pytest.fixture(scope="module")
def trained(prepared: Path, tmp_path_factory: pytest.TempPathFactory, asked: Params) -> Workspace:
    workspace = Workspace(shutil.copytree(prepared, tmp_path_factory.mktemp("trained") / "ready"))
    run_stage(workspace, asked, "checkpoint")
    return workspace


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_new_tokens_are_trained_and_released_with_their_tokenizer(trained: Workspace) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = trained.read("checkpoint")
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    assert sha256_file(folder / "tokenizer.json") == sha256_file(trained.read("tokenizer") / "tokenizer.json")
    ids = tokenizer(NEW_WORDS, return_tensors="pt")["input_ids"]
    assert max(ids[0].tolist()) >= FIRST_WITHOUT_ROW
    assert model.config.vocab_size == len(model.get_input_embeddings().weight) == 448 > len(tokenizer)
    assert torch.isfinite(model(ids).logits).all()
    first = len(AutoTokenizer.from_pretrained(trained.read("base_model")))  # fewer than its model has rows
    new_rows = model.get_input_embeddings().weight[first : len(tokenizer)]
    assert len(new_rows.unique(dim=0)) == len(new_rows) == 20
    report = trained.report("checkpoint")
    assert report.metrics["train/loss/last"] < report.metrics["train/loss/first"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_shards_hold_new_tokens_in_quechua_and_none_in_spanish(trained: Workspace) -> None:
    highest = {"que": 0, "es": 0}
    for path in trained.read("token_shards").glob("*/*.parquet"):
        for row in read_pieces(path):
            highest[row["language"]] = max(highest[row["language"]], *row["tokens"])
    assert highest["que"] >= FIRST_WITHOUT_ROW > highest["es"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_training_of_new_tokens_goes_on_to_the_same_bytes(
    prepared: Path, trained: Workspace, tmp_path: Path, asked: Params
) -> None:
    workspace = Workspace(shutil.copytree(prepared, tmp_path / "ready"))
    kill_when(workspace, asked, "step-00000006")
    run_stage(workspace, asked, "checkpoint")
    for name in PUBLISHED:
        assert sha256_file(workspace.place("checkpoint") / name) == sha256_file(trained.place("checkpoint") / name), name
