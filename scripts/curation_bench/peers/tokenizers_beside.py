"""Faster tokenizers beside Hugging Face's own on the same tokenizer.json, and whether they give the same ids for every text.

Two things are put right for them. A vocabulary without a token for some byte (SmolLM2's has none for 21) makes them refuse: such
bytes get ids past the vocabulary, and a text in which one turns up is encoded anew by Hugging Face's, inside the time. And text
is data: '<|endoftext|>' in a document is spelled out, never that special token.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import awkward
import fastokens
import gigatoken
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, processors

from scripts.curation_bench.kernel_runs import KernelRun, timed

Ids = NDArray[np.uint32]
Offsets = NDArray[np.int64]  # tokens x (begin, end)
Encoder = Callable[[Sequence[str]], list[Ids]]
CONTINUATION = 0x80  # of a character that takes several bytes
PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]


def byte_letters() -> list[str]:
    """The letters that stand for bytes in a byte-level vocabulary, as GPT-2 chose them."""
    hidden = [byte for byte in range(256) if byte not in PRINTABLE]
    return [chr(byte) for byte in PRINTABLE] + [chr(256 + n) for n in range(len(hidden))]


def with_all_bytes(tokenizer: Path) -> tuple[str, int]:
    """The tokenizer.json with an id for every byte, and the first id that is none of its own."""
    config = json.loads(tokenizer.read_text())
    vocabulary = config["model"]["vocab"]
    first_new = max([*vocabulary.values(), *(token["id"] for token in config["added_tokens"])]) + 1
    missing = [letter for letter in byte_letters() if letter not in vocabulary]
    vocabulary.update({letter: first_new + n for n, letter in enumerate(missing)})
    return json.dumps(config), first_new


def tokenizer_runs(texts: Sequence[str], tokenizer: Path) -> list[KernelRun]:
    """Each tokenizer's speed, and how many texts it gives other ids than Hugging Face's."""
    own = Tokenizer.from_file(str(tokenizer))
    own.encode_special_tokens = True
    own.post_processor = processors.Sequence([])
    slow, encodings = timed(lambda some: own.encode_batch(list(some), add_special_tokens=False), texts, once=True)
    fast, _ = timed(lambda some: own.encode_batch_fast(list(some), add_special_tokens=False), texts, once=True)
    expected = [np.array(encoding.ids, np.uint32) for encoding in encodings]
    runs = [
        KernelRun("tokens", "tokenizers, encode_batch", slow, "with offsets"),
        KernelRun("tokens", "tokenizers, encode_batch_fast", fast, "without offsets"),
    ]
    config, first_new = with_all_bytes(tokenizer)
    for name, make_encoder in (("fastokens", fastokens_encoder), ("gigatoken", gigatoken_encoder)):
        try:
            encoder = make_encoder(config)
        except (RuntimeError, ValueError) as refusal:
            runs.append(KernelRun("tokens", name, 0.0, "", f"REFUSES this tokenizer: {str(refusal).splitlines()[0]}"))
            continue
        speed, found = timed(mended(encoder, own, first_new), texts, once=True)
        runs.append(KernelRun("tokens", name, speed, "without offsets", compared(texts, expected, found)))
        speed, found = timed(with_offsets(encoder, own, config, first_new), texts, once=True)
        same = compared_offsets([encoding.offsets for encoding in encodings], found)
        runs.append(KernelRun("tokens", f"{name}, with offsets", speed, "offsets from the tokens' lengths", same))
    return runs


def fastokens_encoder(config: str) -> Encoder:
    """NVIDIA's, with special tokens spelled out."""
    tokenizer = fastokens.Tokenizer.from_json_str(config)

    def encode(texts: Sequence[str]) -> list[Ids]:
        ids, offsets = tokenizer.encode_batch_flat(list(texts), add_special_tokens=False, split_special_tokens=True)
        return np.split(np.frombuffer(ids, np.uint32), np.frombuffer(offsets, np.uint64)[1:-1].astype(np.int64))

    return encode


def gigatoken_encoder(config: str) -> Encoder:
    """gigatoken, which spells special tokens out when it knows of none."""
    tokenizer = gigatoken.Tokenizer.from_json(json.dumps(json.loads(config) | {"added_tokens": [], "post_processor": None}))

    def encode(texts: Sequence[str]) -> list[Ids]:
        found = tokenizer.encode_batch(list(texts), parallel=False)
        return np.split(np.asarray(awkward.flatten(found), np.uint32), np.cumsum(np.asarray(awkward.num(found)))[:-1])

    return encode


def mended(encoder: Encoder, own: Tokenizer, first_new: int) -> Encoder:
    """An encoder whose ids past the vocabulary are replaced by what Hugging Face's gives for the text."""

    def encode(texts: Sequence[str]) -> list[Ids]:
        found = encoder(texts)
        for n, ids in enumerate(found):
            if len(ids) and ids.max() >= first_new:
                found[n] = np.array(own.encode(texts[n], add_special_tokens=False).ids, np.uint32)
        return found

    return encode


def with_offsets(encoder: Encoder, own: Tokenizer, config: str, first_new: int) -> Callable[[Sequence[str]], list[Offsets]]:
    """Where each token lies in its text, in characters: a byte-level token is as long as its bytes."""
    vocabulary: dict[str, int] = json.loads(config)["model"]["vocab"]
    num_bytes = np.zeros(max(vocabulary.values()) + 1, np.int64)
    num_bytes[list(vocabulary.values())] = [len(token) for token in vocabulary]

    def locate(text: str, ids: Ids) -> Offsets:
        if len(ids) and ids.max() >= first_new:
            return np.array(own.encode(text, add_special_tokens=False).offsets, np.int64).reshape(-1, 2)
        character_of_byte = np.cumsum((np.frombuffer(text.encode(), np.uint8) & 0xC0) != CONTINUATION) - 1
        ends = np.cumsum(num_bytes[ids])
        return np.stack([character_of_byte[ends - num_bytes[ids]], character_of_byte[ends - 1] + 1], axis=1)

    return lambda texts: [locate(text, ids) for text, ids in zip(texts, encoder(texts), strict=True)]


def compared_offsets(expected: Sequence[Sequence[tuple[int, int]]], found: Sequence[Offsets]) -> str:
    """How many texts have tokens at other places."""
    other = sum(not np.array_equal(np.array(a, np.int64).reshape(-1, 2), b) for a, b in zip(expected, found, strict=True))
    return f"OTHER OFFSETS for {other:,} of {len(found):,}" if other else f"the same offsets for all {len(found):,} texts"


def compared(texts: Sequence[str], expected: Sequence[Ids], found: Sequence[Ids]) -> str:
    """How many texts have other ids, and the first place where they differ."""
    other = [n for n in range(len(texts)) if not np.array_equal(expected[n], found[n])]
    if not other:
        return f"the same ids for all {len(texts):,} texts"
    n = other[0]
    both = min(len(expected[n]), len(found[n]))
    place = int(np.argmin(np.append(expected[n][:both] == found[n][:both], False)))  # noqa: FBT003
    here = slice(place, place + 5)
    return f"OTHER IDS for {len(other):,} of {len(texts):,}: text {n}, token {place}: {expected[n][here]} and {found[n][here]}"
