"""Byte-pair encoding continued: which neighbouring tokens to join next, so that some texts take the fewest tokens."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Word = tuple[int, ...]
Pair = tuple[int, int]
WEIGHT_OF_LANGUAGE = 10**15  # shared out over its tokens, in whole numbers: sums do not depend on their order


@dataclass(frozen=True)
class Counted:
    """How often a word stands in the texts of all languages, and what it weighs."""

    count: int
    weight: int


def weigh(words: Mapping[str, Mapping[Word, int]]) -> dict[Word, Counted]:
    """The words of several languages, of which each weighs the same in all, whatever the size of its text.

    What is merged first is then what shortens the languages by the largest share, taken together.
    """
    counts: Counter[Word] = Counter()
    weights: Counter[Word] = Counter()
    for found in words.values():
        per_token = WEIGHT_OF_LANGUAGE // max(1, sum(len(word) * count for word, count in found.items()))
        counts.update(found)
        weights.update({word: count * per_token for word, count in found.items()})
    return {word: Counted(counts[word], weights[word]) for word in sorted(counts) if len(word) > 1}


def learn_merges(
    words: Mapping[Word, Counted], num_merges: int, min_count: int, first_id: int, accept: Callable[[Pair, int], bool]
) -> list[Pair]:
    """Up to `num_merges` pairs, the heaviest first, each joined before the next is chosen; of equals the lowest ids.

    A pair that stands fewer than `min_count` times is not merged, nor one that `accept` refuses when it is offered with the id
    that it would get: `first_id` and on. Cost: each merge visits only the words that hold its pair.
    """
    state = _Words(words)
    heap = [(-weight, pair) for pair, weight in state.weights.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    while heap and len(merges) < num_merges:
        weight, pair = heapq.heappop(heap)
        if state.counts[pair] < min_count:
            continue
        if -weight != state.weights[pair]:  # other merges took some of it; it can only have become less
            heapq.heappush(heap, (-state.weights[pair], pair))
        elif accept(pair, first_id + len(merges)):
            for new in state.merge(pair, first_id + len(merges)):
                heapq.heappush(heap, (-state.weights[new], new))
            merges.append(pair)
    return merges


class _Words:
    """The words as far as they were merged, and every pair in them."""

    def __init__(self, words: Mapping[Word, Counted]):
        self._counted = list(words.values())
        self._words = [list(word) for word in words]
        self._where: defaultdict[Pair, set[int]] = defaultdict(set)
        self.weights: Counter[Pair] = Counter()
        self.counts: Counter[Pair] = Counter()
        for number in range(len(self._words)):
            self._add(number, 1)

    def merge(self, pair: Pair, new_id: int) -> list[Pair]:
        """Join the pair wherever it stands, from the left; returns the pairs that came into being."""
        new: set[Pair] = set()
        for number in self._where.pop(pair):
            self._add(number, -1)
            self._words[number] = join(self._words[number], pair, new_id)
            self._add(number, 1)
            new.update(found for found in pairwise(self._words[number]) if new_id in found)
        return sorted(new)

    def _add(self, number: int, sign: int) -> None:
        counted = self._counted[number]
        for pair in pairwise(self._words[number]):
            self.weights[pair] += sign * counted.weight
            self.counts[pair] += sign * counted.count
            if sign > 0:
                self._where[pair].add(number)


def join(word: list[int], pair: Pair, new_id: int) -> list[int]:
    """The word with `new_id` in place of the pair."""
    joined: list[int] = []
    at = 0
    while at < len(word):
        if (word[at], *word[at + 1 : at + 2]) == pair:
            joined.append(new_id)
            at += 2
        else:
            joined.append(word[at])
            at += 1
    return joined
