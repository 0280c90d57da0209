"""Which documents are held out: never trained on, so that what was learned can be measured."""

from collections.abc import Mapping
from hashlib import sha256

from latamgpt.params import TokenShardsParams


def choose_held_out(languages: Mapping[str, str], params: TokenShardsParams) -> set[str]:
    """The documents to hold out, given the language of each document that may be held out.

    Each document has a draw from 0 to 1, the hash of seed and document; below `held_out_share` it is held out. So a document
    stays on its side whatever else arrives or leaves, except where a language has too few: it gives at least
    `min_held_out_documents` and at most half of its documents, the lowest draws first, and with fewer than twice that minimum
    it gives none, so that in a small language a newcomer can send another document to the other side.
    """
    per_language: dict[str, list[tuple[float, str]]] = {}
    for doc_id, language in languages.items():
        per_language.setdefault(language, []).append((draw(params.seed, doc_id), doc_id))
    held_out: set[str] = set()
    for draws in per_language.values():
        if len(draws) >= 2 * params.min_held_out_documents:
            num_below = sum(value < params.held_out_share for value, _ in draws)
            num_chosen = min(max(num_below, params.min_held_out_documents), len(draws) // 2)
            held_out.update(doc_id for _, doc_id in sorted(draws)[:num_chosen])
    return held_out


def draw(seed: int, doc_id: str) -> float:
    """A number from 0 to 1 that belongs to a document: the first 8 bytes of sha256 of seed and doc_id."""
    return int.from_bytes(sha256(f"{seed} {doc_id}".encode()).digest()[:8]) / 2**64
