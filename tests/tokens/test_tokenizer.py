"""The tokenizer stage: takes files over unchanged or extends them, measures languages, refuses what does not fit."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.store import Workspace, digest_of
from latamgpt.tokens import tokenizer
from latamgpt.tokens.vocabulary import read_vocabulary
from tests.builders import EOS, Row, clean_document, publish_base_model, publish_corpus


def test_stage_copies_the_files_and_no_weights(ready: Workspace, small: Params) -> None:
    tokenizer.run(ready, small)
    folder = ready.read("tokenizer")
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "report.json", "tokenizer.json", "tokenizer_config.json"]
    assert (folder / "tokenizer.json").read_bytes() == (ready.read("base_model") / "tokenizer.json").read_bytes()


def test_stage_measures_every_language(ready: Workspace, small: Params, corpus: list[Row]) -> None:
    report = tokenizer.run(ready, small)
    vocabulary = read_vocabulary(ready.read("tokenizer"))
    texts = [str(row["text"]) for row in corpus if row["language"] == "gug"]
    num_tokens = sum(len(vocabulary.tokenizer.encode(text).ids) for text in texts)
    assert report.metrics["bytes_per_token/gug"] == sum(len(text.encode()) for text in texts) / num_tokens
    assert sorted(report.metrics) == ["bytes_per_token/en", "bytes_per_token/gug", "bytes_per_token/que"]
    assert report.counts == {"vocab_size": 320, "eos_token_id": 0, "unknown_token_id": -1}


def test_sample_is_the_same_in_any_order_of_the_corpus(ready: Workspace, small: Params, corpus: list[Row]) -> None:
    few = small.model_copy(update={"tokenizer": small.tokenizer.model_copy(update={"sample_documents": 3})})
    first = tokenizer.run(ready, few)
    digest = digest_of(ready.read("tokenizer"))
    publish_corpus(ready, corpus[::-1])
    assert tokenizer.run(ready, few) == first
    assert digest_of(ready.read("tokenizer")) == digest
    assert [row[1] for row in first.tables[0].rows] == [3, 3, 3]


def test_text_that_spells_out_a_special_token_gets_ordinary_ones(ready: Workspace) -> None:
    vocabulary = read_vocabulary(ready.read("base_model"))
    ids = vocabulary.tokenizer.encode(f"qispi {EOS} runa", add_special_tokens=False).ids
    assert vocabulary.eos_id not in ids
    assert vocabulary.tokenizer.decode(ids) == f"qispi {EOS} runa"


def test_eos_may_be_written_as_an_object(workspace: Workspace) -> None:
    publish_base_model(workspace, ["runa simi"], eos={"content": EOS, "special": True})
    assert read_vocabulary(workspace.read("base_model")).eos_id == 0


def test_stage_refuses_a_tokenizer_without_end_of_document(workspace: Workspace, small: Params) -> None:
    publish_base_model(workspace, ["runa simi"], eos="</s>")
    publish_corpus(workspace, [clean_document(1)])
    with pytest.raises(OperatorError, match="end-of-document token '</s>'"):
        tokenizer.run(workspace, small)


def test_stage_refuses_a_tokenizer_larger_than_the_model(ready: Workspace, small: Params) -> None:
    config = ready.place("base_model") / "config.json"
    config.write_text('{"vocab_size": 300}')
    with pytest.raises(OperatorError, match="goes up to id 319, .* has embeddings for 300 ids"):
        tokenizer.must_fit_model(read_vocabulary(ready.place("base_model")), config)


def test_stage_refuses_an_empty_corpus(ready: Workspace, small: Params) -> None:
    publish_corpus(ready, [])
    with pytest.raises(OperatorError, match="holds no document"):
        tokenizer.run(ready, small)
