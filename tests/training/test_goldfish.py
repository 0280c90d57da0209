"""Goldfish loss: one token in so many is left out, always the same ones of the same passage, whatever stands around it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from latamgpt.params import GoldfishParams
from latamgpt.training.batches import Batch, make_batch
from latamgpt.training.goldfish import is_dropped, learned

CONTEXT = 3
FOURTH = GoldfishParams(drop_every=4, context_tokens=CONTEXT)
TOKENS = st.lists(st.integers(0, 49_151), min_size=1, max_size=40)
MASK = (1 << 64) - 1


def one_row(*documents: list[int], width: int = 128) -> Batch:
    return make_batch([[np.array(document, np.uint16) for document in documents]], width)


def plain_is_dropped(before: list[int], drop_every: int) -> bool:
    """The same decision for one token, from those before it, in plain integers."""
    found = 0
    for token in before:
        found = (found * 0x9E3779B97F4A7C15 + token + 1) & MASK
    for shift, multiplier in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        found = ((found ^ (found >> shift)) * multiplier) & MASK
    return (found ^ (found >> 31)) % drop_every == 0


@given(document=TOKENS, drop_every=st.integers(2, 5))
def test_each_token_is_dropped_as_plain_integers_say(document: list[int], drop_every: int) -> None:
    params = GoldfishParams(drop_every=drop_every, context_tokens=CONTEXT)
    found = learned(one_row(document), params)[0, : len(document)].tolist()
    expected = [
        at > 0 and not (at >= CONTEXT and plain_is_dropped(document[at - CONTEXT : at], drop_every))
        for at in range(len(document))
    ]
    assert found == expected


@given(before=TOKENS, passage=TOKENS, after=TOKENS)
def test_a_passage_loses_the_same_tokens_wherever_it_stands(before: list[int], passage: list[int], after: list[int]) -> None:
    alone = learned(one_row(passage), FOURTH)[0, CONTEXT : len(passage)]
    inside = learned(one_row([*before, *passage, *after]), FOURTH)[0, len(before) :][CONTEXT : len(passage)]
    behind = learned(one_row(before, passage, after), FOURTH)[0, len(before) :][: len(passage)]
    assert inside.tolist() == alone.tolist()
    assert behind.tolist() == learned(one_row(passage), FOURTH)[0, : len(passage)].tolist()


def test_one_token_in_so_many_is_dropped() -> None:
    ids = np.random.default_rng(2).integers(0, 49_152, (64, 4096), dtype=np.uint16)
    for drop_every in (2, 4, 10):
        share = is_dropped(ids, GoldfishParams(drop_every=drop_every, context_tokens=13)).mean()
        assert share == pytest.approx(1 / drop_every, rel=0.01)


def test_without_goldfish_loss_every_target_is_learned_and_what_fills_up_never_is() -> None:
    batch = one_row([5, 6, 7, 8, 9, 10], [11, 12], width=16)
    none = GoldfishParams(drop_every=0, context_tokens=CONTEXT)
    assert np.array_equal(learned(batch, none), batch.is_target_BT)
    assert not (learned(batch, FOURTH) & ~batch.is_target_BT).any()


def test_dropping_every_token_is_refused() -> None:
    with pytest.raises(ValidationError, match="every token would be left out"):
        GoldfishParams(drop_every=1, context_tokens=13)
