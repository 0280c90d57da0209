"""Attention within documents without a table of T x T places: every document by itself, given where each begins."""
# B sequences  T tokens of a sequence  N = B x T, all rows laid end to end  H heads  G of keys and values  D size of a head

from typing import TYPE_CHECKING, Any

import numpy as np

from latamgpt.errors import OperatorError
from latamgpt.params import Attention, Precision
from latamgpt.training.batches import Batch, attention_mask

if TYPE_CHECKING:
    from torch import Tensor, nn

IMPLEMENTATION = {Attention.MASK: "sdpa", Attention.VARLEN: "latamgpt_varlen"}
"""What transformers calls each."""


def prepare(attention: Attention, precision: Precision, device: str) -> str:
    """Make this way of attending known to transformers; returns its name there.

    Raises:
        OperatorError: the device has no kernel for it.
    """
    if attention is Attention.VARLEN:
        if device == "cuda" and precision is not Precision.BF16:
            raise OperatorError(
                "checkpoint.attention is varlen and checkpoint.precision is fp32: on a GPU, flash attention computes in bf16 "
                "only. Choose precision bf16, or attention mask."
            )
        from transformers import AttentionInterface  # noqa: PLC0415

        AttentionInterface.register(IMPLEMENTATION[attention], attend_within_documents)
    return IMPLEMENTATION[attention]


def inputs_of(batch: Batch, input_ids: "Tensor", attention: Attention) -> "dict[str, Tensor | int]":
    """What a model is given of a batch: tokens, their places, and what each token may look at.

    `input_ids` are the batch's, on the device: (B, T), or (1, N) for varlen, which takes all rows as one.
    """
    import torch

    device = input_ids.device
    positions = torch.from_numpy(batch.position_ids_BT).to(device).long().view_as(input_ids)
    inputs: dict[str, Tensor | int] = {"input_ids": input_ids, "position_ids": positions}
    if attention is Attention.MASK:
        return inputs | {"attention_mask": torch.from_numpy(attention_mask(batch.segments_BT)).to(device)}
    edges = torch.from_numpy(batch.edges.astype(np.int32)).to(device)
    return inputs | {"document_edges": edges, "longest_document": int(np.diff(batch.edges).max())}


def attend_within_documents(
    module: "nn.Module",
    query: "Tensor",
    key: "Tensor",
    value: "Tensor",
    _attention_mask: "Tensor | None",
    *,
    scaling: float,
    document_edges: "Tensor",
    longest_document: int,
    **_: object,
) -> "tuple[Tensor, None]":
    """A model's attention, as transformers calls it: query (1, H, N, D), key and value (1, G, N, D) to (1, N, H, D).

    On a GPU torch's variable-length flash attention; elsewhere one causal attention after the other, which computes the same.
    """
    if query.is_cuda:
        from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415

        attended_NHD: Any = varlen_attn(
            query[0].transpose(0, 1),
            key[0].transpose(0, 1),
            value[0].transpose(0, 1),
            document_edges,
            document_edges,
            longest_document,
            longest_document,
            scale=scaling,
            window_size=(-1, 0),  # causal
            enable_gqa=query.shape[1] != key.shape[1],
        )
        return attended_NHD[None], None
    import torch
    from torch.nn.functional import scaled_dot_product_attention  # noqa: PLC0415

    sizes = document_edges.diff().tolist()
    documents = zip(*(each.split(sizes, dim=2) for each in (query, key, value)), strict=True)
    attended = [
        scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, enable_gqa=q.shape[1] != k.shape[1])
        for q, k, v in documents
    ]
    return torch.cat(attended, dim=2).transpose(1, 2), None
