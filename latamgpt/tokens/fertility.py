"""How many tokens the texts of a language take: with the base's tokenizer, and with the one that the run uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latamgpt.records import Cell, Table

if TYPE_CHECKING:
    from tokenizers import Tokenizer

COLUMNS = (
    *("language", "documents", "bytes", "tokens", "bytes per token", "tokens per word"),
    *("base's bytes per token", "base's tokens per word", "tokens to the base's"),
)


@dataclass(frozen=True)
class Fertility:
    """What some texts of a language take."""

    language: str
    num_documents: int
    num_bytes: int
    num_words: int
    num_tokens: int
    num_base_tokens: int

    @property
    def bytes_per_token(self) -> float:
        """More is better: fewer tokens carry the same text."""
        return self.num_bytes / self.num_tokens

    def row(self) -> tuple[Cell, ...]:
        """A row under COLUMNS."""
        return (
            self.language,
            self.num_documents,
            self.num_bytes,
            self.num_tokens,
            round(self.bytes_per_token, 3),
            round(self.num_tokens / max(self.num_words, 1), 3),
            round(self.num_bytes / self.num_base_tokens, 3),
            round(self.num_base_tokens / max(self.num_words, 1), 3),
            round(self.num_tokens / self.num_base_tokens, 4),
        )


def measure(base: "Tokenizer", used: "Tokenizer", language: str, texts: Sequence[str]) -> Fertility:
    """Count bytes, words, and tokens by both."""
    return Fertility(
        language=language,
        num_documents=len(texts),
        num_bytes=sum(len(text.encode()) for text in texts),
        num_words=sum(len(text.split()) for text in texts),
        num_tokens=count_tokens(used, texts),
        num_base_tokens=count_tokens(base, texts),
    )


def count_tokens(tokenizer: "Tokenizer", texts: Sequence[str]) -> int:
    """Tokens of all texts."""
    return sum(len(encoding) for encoding in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False))


def as_table(name: str, measured: Sequence[Fertility]) -> Table:
    """The languages, from the best served to the worst."""
    ranked = sorted(measured, key=lambda each: (-each.bytes_per_token, each.language))
    return Table(name=name, columns=COLUMNS, rows=tuple(each.row() for each in ranked))
