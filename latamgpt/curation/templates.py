"""One contributor's documents that are cut from one mould: their openings or closings are alike but for names and numbers.

Near-duplicates are found elsewhere; a template passes there when enough of each document differs. Documents above a cap are set
aside, those with the largest ids: which stay is no one's choice, and does not depend on the order of arrival.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from latamgpt.params import PoisoningParams

WORD = re.compile(r"\w+")
MOULD_WORDS = 12  # longer than a greeting or a heading, shorter than a paragraph


@dataclass(frozen=True)
class OverCap:
    """A document above the cap of its template."""

    document: int  # position among the documents given
    num_docs: int  # of its contributor, cut from the same mould
    cap: int
    mould: str  # the opening or closing, masked


def find_over_cap(texts: Iterable[str], contributors: Sequence[str], params: PoisoningParams) -> list[OverCap]:
    """The documents above the cap.

    Args:
        texts: in the order of their documents' ids; gone through once, and once more where any is above its cap.
        contributors: whose they are.
        params: what the cap is.

    Memory: two 64-bit keys per document.
    """
    keys = (_key(contributor, mould) for contributor, text in zip(contributors, texts, strict=True) for mould in moulds(text))
    keys_N2 = np.fromiter(keys, np.uint64, 2 * len(contributors)).reshape(-1, 2)
    sizes = Counter(contributors)
    found: dict[int, tuple[int, int, int]] = {}  # which side, how many, and the cap
    for side in (0, 1):
        for members in _groups(keys_N2[:, side], params.max_template_docs):
            cap = max(params.max_template_docs, int(sizes[contributors[members[0]]] * params.max_template_share))
            for index in members[cap:]:
                found.setdefault(index, (side, len(members), cap))
    over: list[OverCap] = []
    for index, text in enumerate(texts if found else ()):
        if index in found:
            side, num_docs, cap = found[index]
            over.append(OverCap(index, num_docs, cap, moulds(text)[side]))
    return over


def moulds(text: str) -> tuple[str, str]:
    """How a text opens and how it closes, with numbers and capitalised words masked; empty for a text of hardly any words."""
    words = WORD.findall(text)
    if len(words) < 2 * MOULD_WORDS:
        return "", ""
    return _masked(words[:MOULD_WORDS]), _masked(words[-MOULD_WORDS:])


def _masked(words: Sequence[str]) -> str:
    masked = ["0" if word.isdigit() else "X" if word[0].isupper() else word for word in words]
    return " ".join(masked) if sum(word not in ("0", "X") for word in masked) >= MOULD_WORDS // 2 else ""


def _key(contributor: str, mould: str) -> int:
    if not mould:
        return 0
    return int.from_bytes(blake2b(f"{contributor}\0{mould}".encode(), digest_size=8).digest(), "big")


def _groups(keys_N: np.ndarray, larger_than: int) -> Iterator[list[int]]:
    """Rising positions that share a key, for keys shared by more documents than the smallest cap."""
    order = np.argsort(keys_N, kind="stable")
    bounds = np.flatnonzero(np.diff(keys_N[order])) + 1
    for group in np.split(order, bounds):
        if len(group) > larger_than and keys_N[group[0]] != 0:
            yield group.tolist()
