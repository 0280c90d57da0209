import math
from pathlib import Path

import orjson
import pytest

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.evaluation.harness import measure
from latamgpt.evaluation.items import Item, Measure, Task
from latamgpt.evaluation.report import COLUMNS
from latamgpt.evaluation.scorecard import run
from latamgpt.params import Params
from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.server import connect


def test_scorecard_compares_both_models_on_the_same_items(published: Workspace, micro_params: Params):
    report = run(published, micro_params)
    [table] = [table for table in report.tables if table.name == "comparisons"]
    assert table.columns == COLUMNS
    assert {row[:2] for row in table.rows} >= {
        ("bits_per_byte", "en"),
        ("bits_per_byte", "en-replay"),
        ("bits_per_byte", "es"),
        ("bits_per_byte", "gug"),
        ("probability", "culture"),
        ("accuracy", "culture"),
        ("probability", "ability/arithmetic"),
    }
    for row in table.rows:
        measure, group, base, candidate, difference, low, high, *_ = row
        assert difference == pytest.approx(candidate - base, abs=2e-6)
        assert low <= high
        assert report.metrics[f"{measure}/{group}/base"] == base
        assert report.metrics[f"{measure}/{group}/candidate"] == candidate
        assert report.metrics[f"{measure}/{group}/low"] == low
    items = orjson.loads((published.place("scorecard") / "scorecard.json").read_bytes())["items"]
    assert len(items) == report.counts["items"]
    assert {item["item"] for item in items if item["task"] == "bits_per_byte/en"} >= {"en-0-0", "en-1-0"}


def test_scorecard_gives_the_same_bytes_twice(published: Workspace, micro_params: Params):
    run(published, micro_params)
    first = digest_of(published.place("scorecard"))
    run(published, micro_params)
    assert digest_of(published.place("scorecard")) == first


def test_scorecard_leaves_two_runs_with_the_same_metric_names(published: Workspace, micro_params: Params):
    report = run(published, micro_params)
    client = connect(published)
    experiment = client.get_experiment_by_name("latam-gpt")
    assert experiment is not None
    runs = {found.info.run_name: found.data for found in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"scorecard base", "scorecard candidate"}
    assert set(runs["scorecard base"].metrics) == set(runs["scorecard candidate"].metrics)
    assert runs["scorecard base"].metrics["bits_per_byte/gug"] == report.metrics["bits_per_byte/gug/base"]
    assert runs["scorecard base"].tags["model.manifest_sha256"] == digest_of(published.place("base_model"))


def test_scorecard_refuses_a_damaged_model(published: Workspace, micro_params: Params):
    weights = published.place("checkpoint") / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-5] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(InputDamagedError, match=r"model\.safetensors: sha256 is"):
        run(published, micro_params)
    assert not published.place("scorecard").exists()


def test_scorecard_without_a_checkpoint_says_which_stage_is_missing(workspace: Workspace, micro_params: Params):
    with pytest.raises(OperatorError, match="base_model holds no manifest.json"):
        run(workspace, micro_params)


def test_bits_of_a_passage_equal_those_of_a_plain_forward_pass(published: Workspace, micro_params: Params):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    text = "El mercado abre"
    settings: dict[str, object] = {
        "dataset_path": "json",
        "test_split": "train",
        "output_type": "loglikelihood_rolling",
        "doc_to_text": "",
        "doc_to_target": "text",
        "metric_list": [{"metric": "bits_per_byte", "aggregation": "bits_per_byte", "higher_is_better": False}],
    }
    task = Task("t", Measure.BITS_PER_BYTE, "", settings, (Item("a", {"text": text}),))
    folder: Path = published.place("base_model")
    [score] = measure(folder, [task], micro_params.scorecard, lambda _: None)["t"]

    tokens = AutoTokenizer.from_pretrained(folder)(text, add_special_tokens=False)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        log_probs_TV = model(torch.tensor([[0, *tokens]])).logits[0, :-1].log_softmax(-1)
    bits = -sum(log_probs_TV[place, token].item() for place, token in enumerate(tokens)) / math.log(2)
    assert score.value == pytest.approx(bits, rel=1e-5)
    assert score.weight == len(text.encode())
