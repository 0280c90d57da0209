"""A model that is trained with no replay and a high learning rate forgets what it knew, and the gate stops it."""

from collections.abc import Sequence

import numpy as np
import pytest

from latamgpt.evaluation.score import Cell
from latamgpt.evaluation.statistics.cells import compare_all
from latamgpt.gates.ability_gate import run
from latamgpt.params import Params, read_params
from latamgpt.store import Workspace
from tests.builders import publish_scorecard
from tests.conftest import ROOT
from tests.gates.test_ability_gate import KEPT
from tests.scored_items import BASE, CANDIDATE, passages

torch = pytest.importorskip("torch")

WORDS = {
    "en": (
        "the",
        "river",
        "runs",
        "beside",
        "house",
        "market",
        "opens",
        "early",
        "and",
        "children",
        "play",
        "near",
        "old",
        "bridge",
    ),
    "gug": (
        "mba",
        "reiko",
        "che",
        "angiru",
        "arape",
        "oky",
        "heta",
        "retame",
        "kuarahy",
        "osei",
        "ysyry",
        "mitakuna",
        "oho",
        "hina",
    ),
}
PASSAGE_CHARS = 64
OF_QUESTIONS = [one for one in KEPT if one.measure != "bits_per_byte"]


def texts(language: str, number: int, seed: int) -> list[bytes]:
    """Sentences of a language in which each word has two that may follow it."""
    rng, words = np.random.default_rng(seed), WORDS[language]
    found: list[bytes] = []
    for _ in range(number):
        place, said = int(rng.integers(len(words))), ""
        while len(said) < PASSAGE_CHARS:
            said += words[place] + " "
            place = (2 * place + int(rng.integers(2)) + 1) % len(words)
        found.append(said[:PASSAGE_CHARS].encode())
    return found


def make_model() -> "torch.nn.Module":
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=128,
            hidden_size=48,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=PASSAGE_CHARS,
        )
    )


def train(model: "torch.nn.Module", passages_read: Sequence[bytes], learning_rate: float) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    tokens = torch.tensor([list(text) for text in passages_read])
    batches = tokens.split(16)
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * (1 - step / len(batches))
        model(input_ids=batch, labels=batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def bits_per_byte(model: "torch.nn.Module", language: str) -> list[float]:
    tokens_BT = torch.tensor([list(text) for text in texts(language, 20, seed=99)])
    with torch.no_grad():
        log_probs_BTV = model(input_ids=tokens_BT).logits[:, :-1].log_softmax(-1)
    told = log_probs_BTV.gather(-1, tokens_BT[:, 1:, None]).squeeze(-1)
    return (-told.mean(-1) / np.log(2)).tolist()


def compare(base: "torch.nn.Module", candidate: "torch.nn.Module", params: Params) -> list[Cell]:
    items = [
        item
        for language in WORDS
        for item in passages(language, zip(bits_per_byte(base, language), bits_per_byte(candidate, language), strict=True))
    ]
    return [*compare_all(items, BASE, CANDIDATE, params.scorecard), *OF_QUESTIONS]


@pytest.mark.slow
@pytest.mark.usefixtures("without_data_docs")
def test_recipe_without_replay_and_with_a_high_learning_rate_is_stopped_and_a_careful_one_is_not(workspace: Workspace) -> None:
    params = read_params(ROOT)
    base = make_model()
    train(base, texts("en", 1600, seed=1), learning_rate=3e-3)
    new, replay = texts("gug", 640, seed=2), texts("en", 640, seed=3)
    recipes = {
        "bad": (new, 1e-2),
        "careful": ([text for both in zip(new, replay, strict=True) for text in both], 1e-3),
    }
    reports = {}
    for name, (read, learning_rate) in recipes.items():
        candidate = make_model()
        candidate.load_state_dict(base.state_dict())
        train(candidate, read, learning_rate)
        cells = compare(base, candidate, params)
        assert {cell.group: cell.p_value < 0.001 and cell.difference < 0 for cell in cells}["gug"], name  # both learned
        publish_scorecard(workspace, cells)
        reports[name] = run(workspace, params)
    assert "bits_per_byte/en lost" in reports["bad"].summary
    assert not reports["bad"].passed
    assert reports["careful"].passed
