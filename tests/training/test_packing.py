"""Packing: every token once, each known by its document; no token sees another document."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.records import MIXTURE_SCHEMA
from latamgpt.store import rows_to_table, write_table
from latamgpt.training.packing import IGNORED_LABEL, PackedOrder, Segment, attention_mask, count_steps, make_batch
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


def test_steps_are_whole_batches_and_there_must_be_one(tmp_path: Path) -> None:
    order = order_of(tmp_path, [10] * 7, 10)
    assert count_steps(order, CHECKPOINT.model_copy(update={"batch_sequences": 3})) == 2
    with pytest.raises(OperatorError, match="the mixture holds 7 sequences of 128 tokens, and one step takes 8"):
        count_steps(order, CHECKPOINT)


def test_batch_restarts_positions_and_predicts_no_first_token() -> None:
    batch = make_batch([[np.array([5, 6, 7], np.uint32), np.array([8, 9], np.uint32)]], 6)
    assert batch.input_ids_BT.tolist() == [[5, 6, 7, 8, 9, 0]]
    assert batch.position_ids_BT.tolist() == [[0, 1, 2, 0, 1, 0]]
    assert batch.labels_BT.tolist() == [[IGNORED_LABEL, 6, 7, IGNORED_LABEL, 9, IGNORED_LABEL]]
    assert batch.num_targets == 3


def test_mask_lets_a_token_see_itself_and_its_own_document_before_it() -> None:
    mask = attention_mask(np.array([[0, 0, 1]]))[0, 0]
    assert mask.tolist() == [[True, False, False], [True, True, False], [False, False, True]]


def logits_of(model: object, *documents: list[int]) -> "np.ndarray":
    import torch

    batch = make_batch([[np.array(document, np.uint32) for document in documents]], sum(map(len, documents)))
    with torch.no_grad():
        logits_BTV = model(
            input_ids=torch.from_numpy(batch.input_ids_BT),
            position_ids=torch.from_numpy(batch.position_ids_BT),
            attention_mask=torch.from_numpy(attention_mask(batch.segments_BT)),
        ).logits
    return logits_BTV[0].numpy()


def test_logits_of_a_document_do_not_change_with_its_neighbours(base_folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base_folder, attn_implementation="sdpa").eval()
    document = [11, 42, 7, 300, 19]
    first = logits_of(model, [21, 22, 23], document)[3:]
    second = logits_of(model, [90, 91, 92], document)[3:]
    assert np.array_equal(first, second)
    alone = logits_of(model, document)
    assert np.allclose(first, alone, atol=1e-5)
    leaking = logits_of(model, [21, 22, 23, *document])[3:]
    assert not np.allclose(leaking, alone, atol=1e-3)
