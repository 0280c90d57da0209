"""Texts as token ids with the place of each token: by gigatoken where it gives what Hugging Face's tokenizers gives, or by that.

gigatoken is many times quicker and young. So it is asked first about texts that tokenizers have stumbled over and about the first
documents of the corpus. Where one id or place differs, or it does not know the kind of tokenizer, tokenizers encodes all. The
choice is a function of the tokenizer and those texts: the same corpus is encoded the same way everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import orjson
from numpy.typing import NDArray

from latamgpt.tokens.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ids = NDArray[np.uint32]
BEHIND_FIRST_BYTE, IS_BEHIND_FIRST_BYTE = 0xC0, 0x80  # of a character that takes several bytes
PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
ODD_TEXTS = (
    *("", " ", "  \n\n ", "\t", "a", "á", "ñandú\u0303", "e\u0301", "hag̃ua mba’e ꞌyo k'iche'", "¡Sí! ¿No? «eso» — …"),
    *("\u200d\u200b\ufeff", "<|endoftext|>", "<|im_start|>user", "</s><s>", "[INST]", "12.345.678-9 2026-11-22 3,14 ½ ٣"),
    *("it's we'll DON'T", "\U0001f1e8\U0001f1f1\U0001f469\U0001f3fd\u200d\U0001f33e\U0001f600", "𐐀𐐁", "\x00\x01\x7f\x80\x9f"),
    *("日本語 русский ქართული", "a" * 300, " " * 300, "áé" * 200, "a\r\nb\rc", "".join(map(chr, range(0x20, 0x250)))),
)


@dataclass(frozen=True)
class Encoded:
    """A text's tokens."""

    ids: Ids
    offsets: NDArray[np.int64]  # tokens x 2: the characters from which to which each lies


Encode = Callable[[Sequence[str]], list[Encoded]]


def choose_encoder(vocabulary: Vocabulary, probes: Sequence[str]) -> Encode:
    """The quick encoder where it agrees with the plain one on the odd texts and on `probes`; the plain one elsewhere."""
    plain = plain_encoder(vocabulary.tokenizer)
    quick = quick_encoder((vocabulary.folder / "tokenizer.json").read_bytes(), plain)
    texts = [*ODD_TEXTS, *probes]
    return quick if quick is not None and same(quick(texts), plain(texts)) else plain


def plain_encoder(tokenizer: "Tokenizer") -> Encode:
    """The reference: tokenizers."""

    def encode(texts: Sequence[str]) -> list[Encoded]:
        return [
            Encoded(np.array(one.ids, np.uint32), np.array(one.offsets, np.int64).reshape(-1, 2))
            for one in tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ]

    return encode


def quick_encoder(config: bytes, plain: Encode) -> Encode | None:
    """One by gigatoken, with the tokenizer that a tokenizer.json describes; None where it cannot read it.

    It asks for a token for every byte, which some vocabularies lack. Those bytes get ids of their own, and a text in which one
    turns up is encoded by `plain`, as are texts that the tokenizer changes first. A special token that a text spells out is
    text: gigatoken is told of none.
    """
    import gigatoken

    described = orjson.loads(config)
    vocabulary = described["model"].get("vocab")
    if not isinstance(vocabulary, dict):
        return None
    first_new = max([*vocabulary.values(), *(token["id"] for token in described.get("added_tokens", ()))]) + 1
    missing = [letter for letter in _letters_of_bytes() if letter not in vocabulary]
    vocabulary.update({letter: first_new + n for n, letter in enumerate(missing)})
    lengths = np.zeros(max(vocabulary.values()) + 1, np.int64)
    lengths[list(vocabulary.values())] = [len(token) for token in vocabulary]  # a letter for each byte
    try:
        tokenizer = gigatoken.Tokenizer.from_json(orjson.dumps(described | {"added_tokens": [], "post_processor": None}).decode())
    except (RuntimeError, ValueError):
        return None

    def encode(texts: Sequence[str]) -> list[Encoded]:
        if not texts:
            return []
        found = [tokenizer.encode(text) for text in texts]  # a batch at once would come as awkward's arrays: 0.3 s to import
        ids = np.concatenate(found)
        ends = np.cumsum([len(one) for one in found])
        located = _located(texts, ids, ends, lengths)
        if located is None:
            return plain(texts)
        new = np.flatnonzero(ids >= first_new)
        unknown: list[int] = np.unique(np.searchsorted(ends, new, "right")).tolist()
        for n, by_plain in zip(unknown, plain([texts[n] for n in unknown]) if unknown else (), strict=True):
            located[n] = by_plain
        return located

    return encode


def same(first: Sequence[Encoded], second: Sequence[Encoded]) -> bool:
    """Whether two encoders gave the same tokens at the same places."""
    return all(np.array_equal(a.ids, b.ids) and np.array_equal(a.offsets, b.offsets) for a, b in zip(first, second, strict=True))


def _located(texts: Sequence[str], ids: Ids, ends: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[Encoded] | None:
    """A byte-level token is as long as its bytes; a character belongs to every token that has one of its bytes.

    All texts at once: the ids of text n end before `ends[n]`. None where the tokens are not as long as their text: the tokenizer
    changed it first.
    """
    raws = [text.encode() for text in texts]
    raw = np.frombuffer(b"".join(raws), np.uint8)
    token_ends = np.cumsum(lengths[ids])
    text_ends = np.cumsum([len(one) for one in raws])
    of_tokens = np.concatenate([[0], token_ends])[ends]
    if not np.array_equal(of_tokens, text_ends):
        return None
    character = np.cumsum((raw & BEHIND_FIRST_BYTE) != IS_BEHIND_FIRST_BYTE, dtype=np.int32) - 1
    offsets = np.empty((len(ids), 2), np.int64)
    offsets[:, 0] = character[token_ends - lengths[ids]]
    offsets[:, 1] = character[token_ends - 1] + 1
    num_tokens = np.diff(ends, prepend=0)
    begins = np.cumsum([0, *map(len, texts)])[:-1]
    offsets -= np.repeat(begins, num_tokens)[:, None]
    return [Encoded(ids[begin:end], offsets[begin:end]) for begin, end in pairwise([0, *ends.tolist()])]


def _letters_of_bytes() -> list[str]:
    """The letters that stand for bytes in a byte-level vocabulary, as GPT-2 chose them."""
    hidden = [byte for byte in range(256) if byte not in PRINTABLE]
    return [chr(byte) for byte in PRINTABLE] + [chr(256 + n) for n in range(len(hidden))]
