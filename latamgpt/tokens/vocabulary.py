"""A tokenizer's files, and the ids in them that have a meaning of their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.errors import OperatorError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer ready to encode plain text; `unknown_id` is None where every byte has a token."""

    folder: Path
    tokenizer: "Tokenizer"
    size: int  # one more than the highest id
    eos_id: int
    unknown_id: int | None


def read_vocabulary(folder: Path) -> Vocabulary:
    """Load tokenizer.json without transformers, which takes seconds to import.

    Text is data here: a document that spells out '<|endoftext|>' gets ordinary tokens, not that special one. Nothing is added
    before or after a text, and offsets count the space in front of a word to it.
    """
    from tokenizers import Tokenizer, processors

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise OperatorError(
            f"{path} is missing: without it no text can be turned into tokens. Take a base model that brings a tokenizer.json "
            "(all Llama models do), and run its stage again."
        )
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    tokenizer.post_processor = processors.Sequence([])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = getattr(tokenizer.model, "unk_token", None)
    return Vocabulary(
        folder=folder,
        tokenizer=tokenizer,
        size=max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1,
        eos_id=_eos_id(tokenizer, folder / "tokenizer_config.json"),
        unknown_id=tokenizer.token_to_id(unknown) if unknown else None,
    )


def _eos_id(tokenizer: "Tokenizer", config_path: Path) -> int:
    config = orjson.loads(config_path.read_bytes()) if config_path.is_file() else {}
    token = config.get("eos_token")
    name = token.get("content") if isinstance(token, dict) else token
    found = tokenizer.token_to_id(name) if name else None
    if found is None:
        raise OperatorError(
            f"{config_path} names the end-of-document token {name!r}, which the tokenizer does not have. Without one, documents "
            "would run into each other in training. Mend eos_token in the base model's tokenizer_config.json."
        )
    return found
