"""A candidate with new tokens is measured with its own tokenizer, over the same bytes as the base."""

import math
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from latamgpt.evaluation.harness import measure
from latamgpt.evaluation.items import TASKS_FOLDER, Item, Measure, Task
from latamgpt.evaluation.passages import PASSAGES_FILE
from latamgpt.params import Params
from latamgpt.store import Workspace
from latamgpt.tokens.extension import with_merges
from latamgpt.training.embeddings import extend_model
from tests.evaluation.conftest import TEXTS


def extend(base: Path, place: Path) -> Path:
    """The model with a token for the two parts with which its first word in Guarani begins."""
    config = (base / "tokenizer.json").read_bytes()
    tokenizer = Tokenizer.from_str(config.decode())
    first, second = tokenizer.encode(TEXTS["gug"][0]).ids[:2]
    (place / "tokenizer").mkdir(parents=True)
    (place / "tokenizer" / "tokenizer.json").write_bytes(with_merges(config, tokenizer.get_vocab_size(), [(first, second)]))
    folder = extend_model(base, place / "tokenizer", place / "model")
    (folder / "tokenizer.json").unlink()  # a link to the base's
    shutil.copyfile(place / "tokenizer" / "tokenizer.json", folder / "tokenizer.json")
    return folder


def bits(folder: Path, text: str) -> tuple[int, float]:
    """Tokens of the text, and -log2 of its probability after the end of another, computed plainly."""
    ids = torch.tensor([[0, *Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text, add_special_tokens=False).ids]])
    with torch.inference_mode():
        log_probabilities_TV = AutoModelForCausalLM.from_pretrained(folder)(ids).logits[0].float().log_softmax(-1)
    return ids.numel() - 1, -float(log_probabilities_TV[:-1].gather(1, ids[0, 1:, None]).sum()) / math.log(2)


def test_bits_are_those_of_the_candidates_own_tokens_and_the_bytes_those_of_the_text(
    published: Workspace, micro_params: Params, tmp_path: Path
) -> None:
    base = published.read("checkpoint")
    extended = extend(base, tmp_path)
    settings = yaml.safe_load((TASKS_FOLDER / PASSAGES_FILE).read_text(encoding="utf-8"))
    text = TEXTS["gug"][0]
    task = Task("bits_per_byte/gug", Measure.BITS_PER_BYTE, "", settings, (Item("gug-0", {"text": text}),))
    (before,), (after,) = (
        measure(folder, [task], micro_params.scorecard, lambda _: None)[task.name] for folder in (base, extended)
    )
    assert before.weight == after.weight == len(text.encode())
    num_before, bits_before = bits(base, text)
    num_after, bits_after = bits(extended, text)
    assert num_after < num_before
    assert (before.value, after.value) == (pytest.approx(bits_before, rel=1e-4), pytest.approx(bits_after, rel=1e-4))
    assert before.value != pytest.approx(after.value, rel=1e-3)
