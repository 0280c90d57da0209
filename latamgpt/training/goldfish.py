"""Memorisation control: some tokens are left out of the loss, always the same ones of the same passage.

Hans et al. 2024, 'Be like a Goldfish, Don't Memorize!' (https://arxiv.org/abs/2406.10209), section 3: a token is left out when a
hash of the h tokens before it falls into one of k equal parts. A text that comes again, in another epoch, document or place,
loses the same tokens, so that they are never learned from it, and a model that recites it must guess them.
"""
# B sequences of a batch  T tokens of a sequence

import numpy as np
import numpy.typing as npt

from latamgpt.params import GoldfishParams
from latamgpt.training.batches import Batch

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
MIXERS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
"""Of SplitMix64: Steele, Lea, Flood 2014, 'Fast splittable pseudorandom number generators', figure 17."""


def learned(batch: Batch, params: GoldfishParams) -> npt.NDArray[np.bool_]:
    """Which tokens count in the loss, as (B, T): those that are predicted, less one in `drop_every`.

    A document's first `context_tokens` tokens are all learned: what stands before them is too short to tell a passage by.
    """
    is_target_BT = batch.is_target_BT
    if not params.drop_every:
        return is_target_BT
    has_context_BT = batch.position_ids_BT >= params.context_tokens
    return is_target_BT & ~(has_context_BT & is_dropped(batch.input_ids_BT, params))


def is_dropped(input_ids_BT: npt.NDArray[np.unsignedinteger], params: GoldfishParams) -> npt.NDArray[np.bool_]:
    """Where the hash of the tokens before a place says to leave it out; of the first `context_tokens` places it says nothing."""
    h, width = params.context_tokens, input_ids_BT.shape[1]
    is_dropped_BT = np.zeros(input_ids_BT.shape, np.bool_)
    if width <= h:
        return is_dropped_BT
    ids_BT = input_ids_BT.astype(np.uint64)
    hashes = np.zeros((len(ids_BT), width - h), np.uint64)
    for back in range(h):
        hashes *= MULTIPLIER
        hashes += ids_BT[:, back : width - h + back] + np.uint64(1)
    for shift, multiplier in MIXERS:
        hashes ^= hashes >> shift
        hashes *= multiplier
    hashes ^= hashes >> np.uint64(31)
    is_dropped_BT[:, h:] = hashes % np.uint64(params.drop_every) == 0
    return is_dropped_BT
