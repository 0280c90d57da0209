"""An extended tokenizer: shorter where it learned, the very same ids where nothing may change."""

from collections.abc import Sequence
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

from latamgpt.errors import OperatorError
from latamgpt.params import ExtensionParams, Params
from latamgpt.records import Report
from latamgpt.store import Workspace, digest_of
from latamgpt.tokens import extension, tokenizer
from latamgpt.tokens.encoder import choose_encoder, plain_encoder, same
from latamgpt.tokens.extension import learn_extension, must_keep_ids, with_merges
from latamgpt.tokens.sides import choose_learnable
from latamgpt.tokens.vocabulary import read_vocabulary
from tests.builders import EOS, Row, clean_document, publish_base_model, publish_corpus
from tests.conftest import ROOT
from tests.tokens.conftest import TEXTS

ENGLISH = TEXTS["en"]
BASE_SIZE = 280  # every byte, the end of a document, and 23 merges


def asking(params: Params, **changes: object) -> Params:
    """The parameters with an extension for Quechua and Guarani that leaves English alone."""
    asked = {"num_tokens": 40, "languages": ("que", "gug"), "unchanged_languages": ("en",), "min_count": 3} | changes
    extended = params.tokenizer.extension.model_copy(update=asked)
    return params.model_copy(update={"tokenizer": params.tokenizer.model_copy(update={"extension": extended})})


@pytest.fixture
def bare(ready: Workspace) -> Workspace:
    """The workspace, with a base whose tokenizer knows English only."""
    publish_base_model(ready, [ENGLISH], vocab_size=BASE_SIZE)
    return ready


def texts_in(workspace: Workspace, language: str) -> list[str]:
    rows = pq.read_table(workspace.read("corpus") / "documents.parquet", columns=["language", "text"]).to_pylist()
    return [row["text"] for row in rows if row["language"] == language]


def encode(folder: Path, texts: Sequence[str]) -> list[list[int]]:
    tokenizer = read_vocabulary(folder).tokenizer
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def rows_of(report: Report, name: str) -> dict[object, dict[str, object]]:
    table = next(table for table in report.tables if table.name == name)
    return {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def test_extension_shortens_its_languages_and_changes_no_id_of_the_others(bare: Workspace, small: Params) -> None:
    report = tokenizer.run(bare, asking(small))
    base, extended = bare.read("base_model"), bare.read("tokenizer")
    assert encode(extended, texts_in(bare, "en")) == encode(base, texts_in(bare, "en"))
    fertility = rows_of(report, "languages")
    for language in ("que", "gug"):
        before, after = (sum(map(len, encode(folder, texts_in(bare, language)))) for folder in (base, extended))
        assert fertility[language]["tokens to the base's"] == round(after / before, 4) < 0.8
        assert rows_of(report, "documents not learned from")[language]["tokens to the base's"] < 0.8
    assert fertility["en"]["tokens to the base's"] == 1
    assert rows_of(report, "unchanged languages")["en"]["documents with the same ids"] == 10
    assert report.counts["vocab_size"] == BASE_SIZE + report.counts["new_tokens"] == BASE_SIZE + 40


def test_every_token_of_the_base_keeps_its_id_and_every_text_comes_back(bare: Workspace, small: Params) -> None:
    tokenizer.run(bare, asking(small))
    before, after = (read_vocabulary(bare.read(name)).tokenizer for name in ("base_model", "tokenizer"))
    ids = after.get_vocab()
    assert {name: ids[name] for name in before.get_vocab()} == before.get_vocab()
    for text in texts_in(bare, "que") + texts_in(bare, "gug"):
        assert after.decode(after.encode(text, add_special_tokens=False).ids) == text


def test_quick_encoder_agrees_on_the_extended_tokenizer(bare: Workspace, small: Params) -> None:
    tokenizer.run(bare, asking(small))
    vocabulary = read_vocabulary(bare.read("tokenizer"))
    texts = texts_in(bare, "que") + texts_in(bare, "en")
    assert same(choose_encoder(vocabulary, texts)(texts), plain_encoder(vocabulary.tokenizer)(texts))


def test_extension_is_the_same_in_any_order_of_the_corpus(bare: Workspace, small: Params, corpus: list[Row]) -> None:
    tokenizer.run(bare, asking(small))
    digest = digest_of(bare.read("tokenizer"))
    publish_corpus(bare, corpus[::-1])
    tokenizer.run(bare, asking(small, languages=("gug", "que")))
    assert digest_of(bare.read("tokenizer")) == digest


def test_a_merge_that_would_touch_an_unchanged_text_is_refused_and_counted(bare: Workspace, small: Params) -> None:
    free = tokenizer.run(bare, asking(small))
    publish_corpus(bare, [*read_rows(bare), clean_document(90, language="en", variety="en", text=f"They say: {TEXTS['que']}")])
    held = tokenizer.run(bare, asking(small))
    assert held.counts["merges_refused"] > free.counts["merges_refused"]
    assert rows_of(held, "languages")["que"]["tokens to the base's"] > rows_of(free, "languages")["que"]["tokens to the base's"]
    (text,) = (text for text in texts_in(bare, "en") if text.startswith("They"))
    assert encode(bare.read("tokenizer"), [text]) == encode(bare.read("base_model"), [text])


def read_rows(workspace: Workspace) -> list[Row]:
    return pq.read_table(workspace.read("corpus") / "documents.parquet").to_pylist()


def test_nothing_is_learned_from_what_may_be_held_out(bare: Workspace, small: Params) -> None:
    corpus = bare.read("corpus") / "documents.parquet"
    learnable = choose_learnable(bare, corpus, ("que",), small)
    rows = [
        row if row["doc_id"] in learnable or row["language"] != "que" else row | {"text": "xqzv " * 40} for row in read_rows(bare)
    ]
    assert 0 < len(learnable) < 10
    tokenizer.run(bare, asking(small))
    first = (bare.read("tokenizer") / "tokenizer.json").read_bytes()
    publish_corpus(bare, rows)
    tokenizer.run(bare, asking(small))
    assert (bare.read("tokenizer") / "tokenizer.json").read_bytes() == first


def test_unseen_changes_count_what_half_of_the_texts_would_not_have_stopped(bare: Workspace, small: Params) -> None:
    rows = [row for row in read_rows(bare) if row["language"] != "en"]
    english = [clean_document(n, language="en", variety="en", text=ENGLISH) for n in range(80, 90)]
    lone = clean_document(91, language="en", variety="en", text=TEXTS["que"])
    publish_corpus(bare, [*rows, *english])
    clean = rows_of(tokenizer.run(bare, asking(small)), "unchanged languages")["en"]
    publish_corpus(bare, [*rows, *english, lone])
    mixed = rows_of(tokenizer.run(bare, asking(small)), "unchanged languages")["en"]
    assert clean["changes per million tokens of unseen text"] == 0
    assert mixed["changes per million tokens of unseen text"] > 0


def test_older_forms_of_the_tokenizer_are_left_out_once_it_is_extended(bare: Workspace, small: Params) -> None:
    (bare.place("base_model") / "merges.txt").write_text("#version: 0.2\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workspace, "read", Workspace.place)  # the manifest does not know of merges.txt
        tokenizer.run(bare, asking(small, num_tokens=0))
        assert (bare.place("tokenizer") / "merges.txt").is_file()
        tokenizer.run(bare, asking(small))
    assert not (bare.place("tokenizer") / "merges.txt").exists()


@pytest.mark.parametrize("name", ["languages", "unchanged_languages"])
def test_a_language_without_text_is_refused_by_name(bare: Workspace, small: Params, name: str) -> None:
    with pytest.raises(OperatorError, match=rf"extension.{name} names arn, of which the corpus has no text"):
        tokenizer.run(bare, asking(small, **{name: ("arn",)}))


def test_a_tokenizer_that_splits_no_words_is_refused(bare: Workspace, small: Params) -> None:
    path = bare.place("base_model") / "tokenizer.json"
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"pre_tokenizer": None}))
    with pytest.raises(OperatorError, match="does not split text into words"):
        extension.must_be_extensible(path)


def test_a_changed_text_is_refused_by_the_check_that_reads_all(bare: Workspace, small: Params, tmp_path: Path) -> None:
    base = bare.read("base_model")
    vocabulary = read_vocabulary(base)
    first, second = vocabulary.tokenizer.encode(" dignity").ids[:2]
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((base / name).read_bytes())
    (tmp_path / "tokenizer.json").write_bytes(with_merges((base / "tokenizer.json").read_bytes(), BASE_SIZE, [(first, second)]))
    with pytest.raises(OperatorError, match="changes 10 texts in en and the ids of 0 of the base's tokens"):
        must_keep_ids(vocabulary, read_vocabulary(tmp_path), bare.read("corpus") / "documents.parquet", ["en"])


@pytest.mark.parametrize("ignore_merges", [False, True])
def test_tokens_added_beside_the_vocabulary_keep_their_ids(bare: Workspace, small: Params, *, ignore_merges: bool) -> None:
    """As in Llama 3: its special tokens stand outside of the model's vocabulary, and a word that is a token is taken whole."""
    path = bare.place("base_model") / "tokenizer.json"
    described = orjson.loads(path.read_bytes())
    moved = {token: number - 1 for token, number in described["model"]["vocab"].items() if token != EOS}
    added = [described["added_tokens"][0] | {"id": BASE_SIZE - 1}]
    model = described["model"] | {"vocab": moved, "ignore_merges": ignore_merges}
    path.write_bytes(orjson.dumps(described | {"added_tokens": added, "model": model}))
    base = read_vocabulary(path.parent)
    assert (base.size, base.eos_id) == (BASE_SIZE, BASE_SIZE - 1)
    corpus = bare.read("corpus") / "documents.parquet"
    asked = asking(small).tokenizer.extension
    learned = learn_extension(base, corpus, choose_learnable(bare, corpus, asked.languages, small), asked)
    extended = Tokenizer.from_str(with_merges(path.read_bytes(), base.size, learned.merges).decode())
    assert len(learned.merges) == 40
    assert extended.token_to_id(EOS) == BASE_SIZE - 1
    assert extended.encode(ENGLISH + EOS).ids == Tokenizer.from_file(str(path)).encode(ENGLISH + EOS).ids
    assert len(extended.encode(TEXTS["que"]).ids) < 0.8 * len(Tokenizer.from_file(str(path)).encode(TEXTS["que"]).ids)


def test_the_committed_languages_are_those_of_the_samples() -> None:
    from latamgpt.params import read_params

    asked: ExtensionParams = read_params(ROOT).tokenizer.extension
    assert not set(asked.languages) & set(asked.unchanged_languages)
