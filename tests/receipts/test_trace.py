import json
from collections import Counter

import pytest

from latamgpt.cli import main
from latamgpt.errors import OperatorError
from latamgpt.governance.recipients import Recipient, add_recipient
from latamgpt.params import Params
from latamgpt.receipts.trace import Wanted, trace
from latamgpt.receipts.use import find_use
from latamgpt.shards import read_shard
from latamgpt.store import Workspace, digest_of, rows_to_table
from latamgpt.table_format import write_table
from latamgpt.training.checkpoint import DATA_ORDER_SCHEMA, data_order
from latamgpt.training.loader import Loader
from latamgpt.training.packing import PackedOrder, count_steps
from tests.receipts.conftest import IDS, OTHERS, PARTNER
from tests.training.conftest import base_folder, ready, small

__all__ = ["base_folder", "ready", "small"]


def test_traced_steps_are_those_whose_batches_hold_the_documents_tokens(ready: Workspace, small: Params):
    order = PackedOrder(ready.read("mixture"), small.checkpoint)
    num_steps = count_steps(order, small.checkpoint)
    with ready.publish("checkpoint") as folder:
        rows = data_order(order, num_steps, small.checkpoint)
        write_table(folder / "data_order.parquet", rows_to_table(rows, DATA_ORDER_SCHEMA))
    found = find_use(ready, set(order.doc_ids))
    shard = read_shard(ready.place("token_shards") / "train" / "00000.parquet")
    traced = Counter(
        (sight.step, int(token))
        for use in found.values()
        for sight in use.sights
        for token in shard.piece(sight.row)[sight.start : sight.end]
    )
    loader = Loader(order, ready.place("token_shards"), small.checkpoint.seq_len_tokens)
    trained: Counter[tuple[int, int]] = Counter()
    for step in range(num_steps):
        first = step * small.checkpoint.batch_sequences
        batch = loader.batch(first, first + small.checkpoint.batch_sequences)
        for row, size in zip(batch.input_ids_BT, batch.num_tokens_B, strict=True):
            trained.update((step, int(token)) for token in row[:size])
    assert num_steps > 10
    assert traced == trained
    whole = [doc_id for doc_id, use in found.items() if use.num_tokens_seen == use.num_tokens]
    assert len(whole) > 0.9 * len(found)


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
    site = published.root / "sites" / "laptop.yaml"
    site.write_text(site.read_text().replace("{value: 0, source: a machine of one's own}", "{value: 4, source: its bill}"))
    retrain, adapter, output = trace(published, receipt_params, Wanted(partner=PARTNER)).remedies
    assert (retrain.num_steps, retrain.num_tokens) == (10, 320)
    assert retrain.us_dollars == pytest.approx(retrain.accelerator_hours * 4)
    assert retrain.us_dollars > 0
    assert "step 4 is the first that saw them" in retrain.explanation
    assert not adapter.possible
    assert output.explanation.startswith("1 runs of 13 tokens")
    assert "The weights still hold what was learned" in output.explanation


def test_a_withdrawal_is_answered_where_no_price_is_known(published: Workspace, receipt_params: Params):
    (published.root / "sites" / "laptop.yaml").write_text("country: CL\n")
    retrain, *_ = trace(published, receipt_params, Wanted(partner=PARTNER)).remedies
    assert (retrain.num_steps, retrain.us_dollars) == (10, 0.0)
    assert "at a price that sites/laptop.yaml does not say. From states" in retrain.explanation


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
