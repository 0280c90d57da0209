"""Token shards: what goes in comes out, each token keeps its document, and what is held out is never trained on."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import HELD_OUT_SCHEMA, TOKEN_SHARD_SCHEMA
from latamgpt.store import Workspace, digest_of
from latamgpt.tokens import token_shards, tokenizer
from latamgpt.tokens.encoder import Encoded
from latamgpt.tokens.held_out import choose_held_out, draw
from latamgpt.tokens.pieces import cut_pieces
from latamgpt.tokens.vocabulary import read_vocabulary
from tests.builders import INSTITUTION, PARTNER, Row, clean_document, publish_corpus, publish_verdict, read_pieces
from tests.tokens.conftest import register


def read_side(workspace: Workspace, side: str) -> list[dict[str, object]]:
    """All pieces of one side, in order."""
    files = sorted((workspace.read("token_shards") / side).glob("*.parquet"))
    return [row for path in files for row in read_pieces(path)]


@pytest.fixture
def sharded(ready: Workspace, small: Params) -> Workspace:
    tokenizer.run(ready, small)
    token_shards.run(ready, small)
    return ready


def test_tokens_of_a_document_decode_to_its_text_and_end_with_eos(sharded: Workspace, corpus: list[Row]) -> None:
    vocabulary = read_vocabulary(sharded.read("tokenizer"))
    tokens: dict[str, list[int]] = {}
    for row in read_side(sharded, "train") + read_side(sharded, "held_out"):
        assert len(row["tokens"]) <= 64
        tokens.setdefault(row["doc_id"], []).extend(row["tokens"])
    assert {doc_id: found[-1] for doc_id, found in tokens.items()} == dict.fromkeys(tokens, vocabulary.eos_id)
    decoded = {doc_id: vocabulary.tokenizer.decode(found[:-1]) for doc_id, found in tokens.items()}
    assert decoded == {row["doc_id"]: row["text"] for row in corpus}


def test_held_out_pieces_carry_the_text_that_their_tokens_stand_for(sharded: Workspace) -> None:
    vocabulary = read_vocabulary(sharded.read("tokenizer"))
    pieces = read_side(sharded, "held_out")
    assert len(pieces) > 6
    for row in pieces:
        assert vocabulary.tokenizer.decode([t for t in row["tokens"] if t != vocabulary.eos_id]) == row["text"]
        assert row["num_bytes"] == len(row["text"].encode())


def test_no_document_is_on_both_sides_and_each_language_is_on_both(sharded: Workspace) -> None:
    train, held_out = read_side(sharded, "train"), read_side(sharded, "held_out")
    assert not {row["doc_id"] for row in train} & {row["doc_id"] for row in held_out}
    assert {row["language"] for row in train} == {row["language"] for row in held_out} == {"que", "gug", "en"}


def test_shards_are_full_but_not_fuller_and_in_order(sharded: Workspace) -> None:
    folder = sharded.read("token_shards")
    paths = sorted((folder / "train").glob("*.parquet"))
    sizes = [path.with_suffix(".uint16").stat().st_size // 2 for path in paths]
    assert [path.name for path in paths] == [f"{n:05}.parquet" for n in range(len(paths))]
    assert max(sizes) <= 512
    assert min(sizes[:-1]) > 512 - 64
    order = [(row["doc_id"], row["piece"]) for row in read_side(sharded, "train")]
    assert order == sorted(order)
    assert pq.read_schema(paths[0]).names == TOKEN_SHARD_SCHEMA.names
    assert pq.read_schema(folder / "held_out/00000.parquet").names == HELD_OUT_SCHEMA.names


def test_report_counts_what_the_shards_hold(sharded: Workspace, corpus: list[Row]) -> None:
    report = sharded.report("token_shards")
    train = read_side(sharded, "train")
    assert report.counts["train_tokens"] == sum(len(row["tokens"]) for row in train)
    assert report.counts["train_documents"] + report.counts["held_out_documents"] == len(corpus)
    groups = ("language", "variety", "country", "partner", "licence", "period", "kind", "year of delivery", "kind of institution")
    assert [table.name for table in report.tables] == [f"tokens per {group}" for group in groups]
    members = [[row[0] for row in table.rows] for table in report.tables[3:]]
    assert members == [[PARTNER], ["CC0-1.0"], ["unknown", "1890s"], ["unknown", "press"], ["unknown"], ["academy"]]
    periods = {row["doc_id"]: row["period"] for row in corpus}
    nineties = [row for row in train if periods[row["doc_id"]] == "1890s"]
    assert dict(zip(members[2], (row[3] for row in report.tables[5].rows), strict=True))["1890s"] == sum(
        len(row["tokens"]) for row in nineties
    )
    for table in report.tables:
        assert sum(int(str(row[3])) for row in table.rows) == report.counts["train_tokens"]
    languages = {row[0]: row for row in report.tables[0].rows}
    assert languages["gug"][3] == sum(len(row["tokens"]) for row in train if row["language"] == "gug")
    assert languages["gug"][5] == sum(len(str(row["text"]).encode()) for row in corpus if row["language"] == "gug")


@pytest.mark.parametrize("threads", ["1", "2"])
def test_bytes_are_the_same_with_one_thread_and_two(
    sharded: Workspace, small: Params, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest_of(sharded.read("token_shards"))
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false" if threads == "1" else "true")
    token_shards.run(sharded, small)
    assert digest_of(sharded.read("token_shards")) == before


def test_stage_refuses_after_a_failed_corpus_gate(sharded: Workspace, small: Params) -> None:
    publish_verdict(sharded, "corpus_gate", passed=False)
    with pytest.raises(OperatorError, match="corpus_gate did not pass"):
        token_shards.run(sharded, small)


def test_stage_refuses_an_empty_corpus(sharded: Workspace, small: Params) -> None:
    publish_corpus(sharded, [])
    with pytest.raises(OperatorError, match="holds no document"):
        token_shards.run(sharded, small)


def encoded(ids: list[int], offsets: list[tuple[int, int]]) -> Encoded:
    return Encoded(np.array(ids, np.uint32), np.array(offsets, np.int64))


def test_cut_never_falls_inside_a_character_of_several_tokens() -> None:
    text = "a😀b"
    offsets = [(0, 1), (1, 2), (1, 2), (1, 2), (2, 3)]
    pieces = cut_pieces(text, encoded([10, 11, 12, 13, 14], offsets), eos_id=0, max_tokens=4)
    assert [(p.tokens.tolist(), p.text) for p in pieces] == [([10], "a"), ([11, 12, 13], "😀"), ([14, 0], "b")]


def test_short_document_is_one_piece_with_room_for_eos() -> None:
    exact = cut_pieces("abc", encoded([1, 2, 3], [(0, 1), (1, 2), (2, 3)]), eos_id=0, max_tokens=4)
    assert [(p.tokens.tolist(), p.text) for p in exact] == [([1, 2, 3, 0], "abc")]


def test_held_out_document_stays_held_out_when_others_arrive(params: Params) -> None:
    section = params.token_shards.model_copy(update={"held_out_share": 0.2, "min_held_out_documents": 1})
    few = {f"doc-{n}": "que" for n in range(100)}
    many = {f"doc-{n}": "que" for n in range(300)}
    chosen = choose_held_out(few, section)
    assert chosen == {doc_id for doc_id in few if draw(section.seed, doc_id) < 0.2}
    assert chosen == choose_held_out(many, section) & set(few)


@pytest.mark.parametrize(("num_documents", "num_held_out"), [(1, 0), (3, 0), (4, 2), (5, 2), (40, 2)])
def test_small_language_gives_its_minimum_or_nothing(params: Params, num_documents: int, num_held_out: int) -> None:
    section = params.token_shards.model_copy(update={"held_out_share": 0.0, "min_held_out_documents": 2})
    assert len(choose_held_out({f"doc-{n}": "arn" for n in range(num_documents)}, section)) == num_held_out


def test_language_never_gives_more_than_half(params: Params) -> None:
    section = params.token_shards.model_copy(update={"held_out_share": 1.0, "min_held_out_documents": 1})
    assert len(choose_held_out({f"doc-{n}": "arn" for n in range(9)}, section)) == 4


def test_nothing_is_held_out_that_no_agreement_permits_to_measure_on(ready: Workspace, small: Params) -> None:
    register(ready, INSTITUTION.replace("[train, evaluate, release]", "[train, release]"))
    tokenizer.run(ready, small)
    report = token_shards.run(ready, small)
    assert (report.counts["not_for_evaluation"], report.counts["held_out_documents"]) == (30, 0)
    assert report.counts["train_documents"] == 30


def test_permission_to_measure_is_asked_for_on_the_day_of_the_run(ready: Workspace, small: Params) -> None:
    register(ready, INSTITUTION + "    valid_until: 2026-01-31\n")
    tokenizer.run(ready, small)
    assert token_shards.run(ready, small).counts["not_for_evaluation"] == 30


def test_a_document_that_stands_in_training_texts_is_not_held_out(
    ready: Workspace, small: Params, corpus: list[Row], sharded: Workspace
) -> None:
    held_out = {row["doc_id"] for row in read_side(sharded, "held_out")}
    assert sharded.report("token_shards").counts["seen_in_training"] == 0
    copied = next(row for row in corpus if row["doc_id"] in held_out)
    quoting = clean_document(900, language="yua", variety="yua", text=f"Prólogo. {copied['text']}\n\nEpílogo.")
    publish_corpus(ready, [*corpus, quoting])
    report = token_shards.run(ready, small)
    assert report.counts["seen_in_training"] == 1
    assert {row["doc_id"] for row in read_side(ready, "held_out")} == held_out - {copied["doc_id"]}
    assert copied["doc_id"] in {row["doc_id"] for row in read_side(ready, "train")}
