"""Batches: each token where its document has it; no token sees another document, and none is learned that should not be."""

from pathlib import Path

import numpy as np

from latamgpt.training.batches import attention_mask, make_batch


def test_batch_restarts_positions_and_predicts_no_first_token() -> None:
    batch = make_batch([[np.array([5, 6, 7], np.uint32), np.array([8, 9], np.uint32)]], 6)
    assert batch.input_ids_BT.tolist() == [[5, 6, 7, 8, 9, 0]]
    assert batch.edges.tolist() == [0, 3, 5, 6]
    assert batch.position_ids_BT.tolist() == [[0, 1, 2, 0, 1, 0]]
    assert batch.segments_BT.tolist() == [[0, 0, 0, 1, 1, 2]]
    assert batch.is_target_BT.tolist() == [[False, True, True, False, True, False]]
    assert batch.num_targets == 3


def test_mask_lets_a_token_see_itself_and_its_own_document_before_it() -> None:
    mask = attention_mask(np.array([[0, 0, 1]]))[0, 0]
    assert mask.tolist() == [[True, False, False], [True, True, False], [False, False, True]]


def logits_of(model: object, *documents: list[int]) -> "np.ndarray":
    import torch

    batch = make_batch([[np.array(document, np.uint32) for document in documents]], sum(map(len, documents)))
    with torch.no_grad():
        logits_BTV = model(
            input_ids=torch.from_numpy(batch.input_ids_BT).long(),
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
