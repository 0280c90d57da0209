"""Attention within documents: with a table or without, forwards and backwards, on whatever device is at hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from latamgpt.errors import OperatorError
from latamgpt.params import Attention, Precision
from latamgpt.training.attention import inputs_of, prepare
from latamgpt.training.batches import Batch, make_batch

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")


def three_rows() -> Batch:
    """Documents of several lengths, a row that is filled up and one that is empty."""
    random = np.random.default_rng(3)
    lengths = [[20, 12], [1, 5, 9], []]
    return make_batch([[random.integers(1, 300, n, dtype=np.uint16) for n in row] for row in lengths], 32)


def gradients(base: Path, attention: Attention, precision: Precision, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Nats of every target, and the gradient of all weights as one row."""
    batch = three_rows()
    dtype = torch.bfloat16 if precision is Precision.BF16 else torch.float32
    kernel = prepare(attention, precision, device)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, attn_implementation=kernel).to(device)
    rows = (1, -1) if attention is Attention.VARLEN else batch.input_ids_BT.shape
    input_ids = torch.from_numpy(batch.input_ids_BT).to(device).long().view(rows)
    labels = input_ids.masked_fill(~torch.from_numpy(batch.is_target_BT).to(device).view(rows), -100)
    logits = model(**inputs_of(batch, input_ids, attention), use_cache=False).logits
    nats = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=-100, reduction="none"
    )
    nats.sum().backward()
    return nats[nats > 0].detach().cpu(), torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).cpu()


def test_varlen_computes_what_the_mask_does(base_folder: Path) -> None:
    masked, alone = (gradients(base_folder, each, Precision.FP32, "cpu") for each in Attention)
    assert len(alone[0]) == three_rows().num_targets
    assert torch.allclose(alone[0], masked[0], rtol=1e-5)
    assert torch.allclose(alone[1], masked[1], rtol=1e-3, atol=1e-4)


def test_varlen_in_fp32_on_a_gpu_is_refused_by_name() -> None:
    with pytest.raises(OperatorError, match=r"attention is varlen .* fp32: on a GPU"):
        prepare(Attention.VARLEN, Precision.FP32, "cuda")


@gpu
@pytest.mark.requires_gpu
def test_flash_attention_on_a_gpu_computes_what_the_cpu_does(base_folder: Path) -> None:
    here = gradients(base_folder, Attention.MASK, Precision.FP32, "cpu")
    there = gradients(base_folder, Attention.VARLEN, Precision.BF16, "cuda")
    assert torch.allclose(there[0], here[0], rtol=0.02)
    assert torch.nn.functional.cosine_similarity(there[1].float(), here[1], dim=0) > 0.99


@gpu
@pytest.mark.requires_gpu
def test_flash_attention_has_the_same_bits_every_time(base_folder: Path) -> None:
    torch.use_deterministic_algorithms(True)
    try:
        first, second = (gradients(base_folder, Attention.VARLEN, Precision.BF16, "cuda") for _ in range(2))
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
