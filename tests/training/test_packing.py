"""Packing: every token once, each known by its document."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.records import MIXTURE_SCHEMA
from latamgpt.store import rows_to_table
from latamgpt.table_format import write_table
from latamgpt.training.packing import PackedOrder, Segment, count_steps
from tests.conftest import ROOT

CHECKPOINT = read_params(ROOT, "tiny").checkpoint


def order_of(folder: Path, lengths: list[int], width: int, window: int = 4) -> PackedOrder:
    rows = [
        {
            "position": n,
            "doc_id": f"d{n}",
            "language": "es",
            "shard": "train/00000.parquet",
            "row": n,
            "epoch": 0,
            "is_replay": False,
            "num_tokens": length,
        }
        for n, length in enumerate(lengths)
    ]
    write_table(folder / "mixture.parquet", rows_to_table(reversed(rows), MIXTURE_SCHEMA))
    sizes = {"seq_len_tokens": width, "packing_window_sequences": window}
    return PackedOrder(folder, CHECKPOINT.model_copy(update=sizes))


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(1, 40), max_size=30), width=st.integers(2, 16))
def test_order_gives_every_token_once_and_counts_those_of_the_first_sequences(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], width: int
) -> None:
    order = order_of(tmp_path_factory.mktemp("m"), lengths, width)
    sequences = [order.segments(sequence) for sequence in range(order.num_sequences)]
    seen = [(s.position, at) for segments in sequences for s in segments for at in range(s.start, s.end)]
    assert sorted(seen) == [(position, at) for position, length in enumerate(lengths) for at in range(length)]
    for number in range(order.num_sequences + 1):
        assert order.num_tokens(number) == sum(s.end - s.start for segments in sequences[:number] for s in segments)


def test_documents_longer_than_a_sequence_are_named_as_cut(tmp_path: Path) -> None:
    order = order_of(tmp_path, [3, 9, 2, 25, 6, 12], 10)
    assert [order.segments(n) for n in (1, 2)] == [[Segment(3, 0, 10)], [Segment(3, 10, 20)]]
    assert order.cut_documents(order.num_sequences) == {"d3", "d5"}
    assert order.cut_documents(1) == set()


def test_steps_take_every_sequence_and_one_batch_must_be_full(tmp_path: Path) -> None:
    order = order_of(tmp_path, [10] * 7, 10)
    assert count_steps(order, CHECKPOINT.model_copy(update={"batch_sequences": 3})) == 3
    assert count_steps(order, CHECKPOINT.model_copy(update={"batch_sequences": 7})) == 1
    with pytest.raises(OperatorError, match="the mixture holds 7 sequences of 128 tokens, and one step takes 8"):
        count_steps(order, CHECKPOINT)
