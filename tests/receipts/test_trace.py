import json
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.errors import OperatorError
from latamgpt.governance.recipients import Recipient, add_recipient
from latamgpt.params import Params
from latamgpt.receipts.trace import Wanted, trace
from latamgpt.receipts.use import find_use
from latamgpt.store import Workspace, digest_of, rows_to_table, write_table
from latamgpt.training.checkpoint import DATA_ORDER_SCHEMA, count_steps, data_order
from latamgpt.training.packing import PackedOrder
from tests.receipts.conftest import IDS, OTHERS, PARTNER
from tests.training.conftest import base_folder, ready, small

__all__ = ["base_folder", "ready", "small"]


def test_traced_steps_are_those_of_the_trainers_own_order(ready: Workspace, small: Params):
    order = PackedOrder(ready.read("mixture"), small.checkpoint.seq_len_tokens)
    num_steps = count_steps(order, small.checkpoint)
    with ready.publish("checkpoint") as folder:
        rows = data_order(order, num_steps, small.checkpoint)
        write_table(folder / "data_order.parquet", rows_to_table(rows, DATA_ORDER_SCHEMA))
    seen: dict[str, dict[int, int]] = {}
    length, batch = small.checkpoint.seq_len_tokens, small.checkpoint.batch_sequences
    owners = [doc_id for doc_id, row in zip(order.doc_ids, order.rows, strict=True) for _ in range(find_length(ready, row))]
    for place, doc_id in enumerate(owners[: num_steps * batch * length]):
        step = place // (batch * length)
        seen.setdefault(doc_id, {})[step] = seen.get(doc_id, {}).get(step, 0) + 1
    found = find_use(ready, set(order.doc_ids))
    assert num_steps > 10
    for doc_id, use in found.items():
        assert use.steps == sorted(seen.get(doc_id, {}))
        assert use.num_tokens_seen == sum(seen.get(doc_id, {}).values())


LENGTHS: dict[Path, list[int]] = {}


def find_length(workspace: Workspace, row: int) -> int:
    import pyarrow.parquet as pq

    path = workspace.place("token_shards") / "train" / "00000.parquet"
    if path not in LENGTHS:
        LENGTHS[path] = [len(tokens) for tokens in pq.read_table(path)["tokens"].to_pylist()]
    return LENGTHS[path][row]


def test_document_is_followed_to_steps_release_and_recipients(published: Workspace, receipt_params: Params):
    digest = digest_of(published.place("release"))
    copy = Recipient(release=digest, name="Ministerio", address="mesa de partes")
    add_recipient(published.root, copy)
    found = trace(published, receipt_params, Wanted(document=IDS["learned"][:12]))
    [document] = found.documents
    assert [(s.shard, s.row, s.start, s.end, s.step, s.epoch) for s in document.seen] == [
        ("train/00000.parquet", 1, 0, 15, 3, 0),
        ("train/00000.parquet", 1, 15, 20, 4, 0),
        ("train/00000.parquet", 2, 0, 12, 9, 1),
    ]
    assert (found.steps, found.num_tokens_seen, found.num_steps) == ((3, 4, 9), 32, 10)
    assert [(release.manifest, release.recipients) for release in found.releases] == [(digest, (copy,))]


def test_remedies_carry_the_prices_of_the_quote(published: Workspace, receipt_params: Params):
    terms = receipt_params.training_quote.model_copy(update={"us_dollars_per_accelerator_hour": 1_000_000.0})
    params = receipt_params.model_copy(update={"training_quote": terms})
    retrain, adapter, output = trace(published, params, Wanted(partner=PARTNER)).remedies
    assert (retrain.num_steps, retrain.num_tokens) == (10, 320)
    assert retrain.us_dollars == pytest.approx(retrain.accelerator_hours * 1_000_000)
    assert retrain.us_dollars > 0
    assert "step 4 is the first that saw them" in retrain.explanation
    assert not adapter.possible
    assert output.explanation.startswith("1 runs of 13 tokens")
    assert "The weights still hold what was learned" in output.explanation


def test_document_that_no_step_saw_needs_no_remedy(published: Workspace, receipt_params: Params):
    found = trace(published, receipt_params, Wanted(document=IDS["not drawn"]))
    assert (found.steps, found.releases, found.remedies) == ((), (), ())


@pytest.mark.parametrize("wanted", [Wanted(document="abcdabcd"), Wanted(partner="nobody"), Wanted(agreement="none-2026")])
def test_what_is_not_in_the_corpus_is_not_traced(published: Workspace, receipt_params: Params, wanted: Wanted):
    with pytest.raises(OperatorError, match="the corpus holds 0 documents"):
        trace(published, receipt_params, wanted)


def test_command_prints_a_table_or_the_whole_record(
    published: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(published.root)
    assert main(["trace", "--agreement", f"{PARTNER}-2026"]) == 0
    said = capsys.readouterr().out
    assert "3 documents in the corpus, 1 of them trained on, 1 held out" in said
    assert "4, 5, 10 of 10; 32 tokens seen" in said
    assert main(["trace", "--document", OTHERS[0], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == [0]
