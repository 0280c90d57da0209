"""Documents as token sequences, long ones in pieces, each piece with the part of the text that it stands for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latamgpt.tokens.encoder import Encoded, Ids


@dataclass(frozen=True)
class Piece:
    """A part of a document: its tokens, and the text between two characters that they stand for."""

    number: int
    tokens: Ids
    text: str
    num_bytes: int  # of the text in UTF-8


@dataclass(frozen=True)
class TokenisedDocument:
    """A document of the corpus with its pieces."""

    doc_id: str
    partner: str
    agreement: str
    licence: str
    country: str
    language: str
    variety: str
    period: str
    kind: str
    delivery_date: date | None
    pieces: list[Piece]

    @cached_property
    def num_tokens(self) -> int:
        """Tokens of all pieces, EOS among them."""
        return sum(len(piece.tokens) for piece in self.pieces)

    @cached_property
    def num_bytes(self) -> int:
        """Bytes of the text in UTF-8."""
        return sum(piece.num_bytes for piece in self.pieces)

    def rows(self) -> list[dict[str, object]]:
        """The pieces as rows of a shard."""
        described = {
            "doc_id": self.doc_id,
            "partner": self.partner,
            "agreement": self.agreement,
            "licence": self.licence,
            "country": self.country,
            "language": self.language,
            "variety": self.variety,
        }
        return [
            {**described, "piece": p.number, "tokens": p.tokens, "num_bytes": p.num_bytes, "text": p.text} for p in self.pieces
        ]


def cut_pieces(text: str, encoded: Encoded, eos_id: int, max_tokens: int) -> list[Piece]:
    """Cut an encoded document into pieces of at most `max_tokens`, and put EOS behind the last.

    A cut falls between two characters, never inside one that takes several tokens. The texts of the pieces, joined, are the
    document; so are their tokens, but for EOS.
    """
    ids, offsets = encoded.ids, encoded.offsets
    pieces: list[Piece] = []
    begun_at = 0
    for first, last in _spans(offsets, max_tokens - 1):
        is_final = last == len(ids)
        ends_at = len(text) if is_final else int(offsets[last - 1, 1])
        tokens = np.concatenate([ids[first:last], np.array([eos_id], np.uint32)]) if is_final else ids[first:last]
        part = text[begun_at:ends_at]
        pieces.append(Piece(len(pieces), tokens, part, len(part.encode())))
        begun_at = ends_at
    return pieces


def _spans(offsets: NDArray[np.int64], max_tokens: int) -> Iterator[tuple[int, int]]:
    """Token ranges, each as long as it may be without ending inside a character."""
    first = 0
    while first < len(offsets):
        last = min(first + max_tokens, len(offsets))
        while first + 1 < last < len(offsets) and offsets[last, 0] < offsets[last - 1, 1]:
            last -= 1
        yield first, last
        first = last
