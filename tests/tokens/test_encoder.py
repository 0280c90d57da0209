"""The quick encoder gives what Hugging Face's gives, or is not taken."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.store import Workspace
from latamgpt.tokens import encoder
from latamgpt.tokens.encoder import ODD_TEXTS, Encode, Encoded, choose_encoder, plain_encoder, quick_encoder, same
from latamgpt.tokens.vocabulary import Vocabulary, read_vocabulary
from tests.builders import publish_base_model
from tests.conftest import ROOT
from tests.tokens.conftest import TEXTS

SAMPLES = (ROOT / "latamgpt" / "curation" / "language_samples").glob("*.txt")
REAL = [path.read_text(encoding="utf-8")[:4000] for path in sorted(SAMPLES)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    publish_base_model(workspace, [*TEXTS.values(), *REAL])
    return workspace.read("base_model")


@pytest.fixture(scope="module")
def vocabulary(folder: Path) -> Vocabulary:
    return read_vocabulary(folder)


@pytest.fixture(scope="module")
def chosen(vocabulary: Vocabulary) -> Encode:
    return choose_encoder(vocabulary, ())


def test_real_and_odd_texts_have_the_same_tokens_at_the_same_places(vocabulary: Vocabulary) -> None:
    plain = plain_encoder(vocabulary.tokenizer)
    quick = quick_encoder((vocabulary.folder / "tokenizer.json").read_bytes(), plain)
    assert quick is not None
    for text in (*ODD_TEXTS, *REAL):
        assert same(quick([text]), plain([text])), text[:80]
    assert same(quick(REAL), plain(REAL))


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), max_size=6))
def test_any_texts_have_the_same_tokens_at_the_same_places(vocabulary: Vocabulary, chosen: Encode, texts: list[str]) -> None:
    assert same(chosen(texts), plain_encoder(vocabulary.tokenizer)(texts))


def without_some_bytes(folder: Path, target: Path) -> Vocabulary:
    """The same tokenizer without a token for two control characters, as SmolLM2's is."""
    described = orjson.loads((folder / "tokenizer.json").read_bytes())
    vocab: dict[str, int] = described["model"]["vocab"]
    for letter in (chr(256 + 1), chr(256 + 4)):
        vocab.pop(letter)
    target.mkdir()
    for path in folder.glob("*.json"):
        (target / path.name).write_bytes(path.read_bytes())
    (target / "tokenizer.json").write_bytes(orjson.dumps(described))
    return read_vocabulary(target)


def test_a_byte_without_a_token_is_left_to_the_plain_encoder(folder: Path, tmp_path: Path) -> None:
    lacking = without_some_bytes(folder, tmp_path / "lacking")
    plain = plain_encoder(lacking.tokenizer)
    quick = quick_encoder((lacking.folder / "tokenizer.json").read_bytes(), plain)
    assert quick is not None
    texts = ["a\x01b", "hola", "\x04", "x\x02y", *ODD_TEXTS]
    assert same(quick(texts), plain(texts))


def test_an_encoder_that_differs_is_not_taken(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    def differing(config: bytes, plain: encoder.Encode) -> encoder.Encode:
        del config

        def encode(texts: Any) -> list[Encoded]:
            found = plain(texts)
            return [Encoded(one.ids + np.uint32(text == "probe"), one.offsets) for text, one in zip(texts, found, strict=True)]

        return encode

    monkeypatch.setattr(encoder, "quick_encoder", differing)
    plain = plain_encoder(vocabulary.tokenizer)
    assert not same(choose_encoder(vocabulary, ["hola"])(["probe"]), plain(["probe"]))
    assert same(choose_encoder(vocabulary, ["hola", "probe"])(["probe"]), plain(["probe"]))


def test_a_tokenizer_of_another_kind_is_read_by_the_plain_encoder() -> None:
    config = orjson.dumps({"model": {"type": "Unigram", "vocab": [["a", -1.0]]}, "added_tokens": []})
    assert quick_encoder(config, lambda _: []) is None
