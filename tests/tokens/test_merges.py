"""Byte-pair encoding continued: the heaviest pair first, whatever the order of the words."""

import random
from collections import Counter
from itertools import pairwise

from latamgpt.tokens.merges import Counted, Pair, Word, join, learn_merges, weigh


def accept_all(_: Pair, __: int) -> bool:
    return True


def plainly(words: dict[Word, Counted], num_merges: int, min_count: int, first_id: int) -> list[Pair]:
    """The same by counting everything anew for each merge."""
    left = [(list(word), counted) for word, counted in words.items()]
    merges: list[Pair] = []
    while len(merges) < num_merges:
        weights: Counter[Pair] = Counter()
        counts: Counter[Pair] = Counter()
        for word, counted in left:
            for pair in pairwise(word):
                weights[pair] += counted.weight
                counts[pair] += counted.count
        often = [pair for pair in weights if counts[pair] >= min_count]
        if not often:
            break
        merges.append(min(often, key=lambda pair: (-weights[pair], pair)))
        left = [(join(word, merges[-1], first_id + len(merges) - 1), counted) for word, counted in left]
    return merges


def random_words(seed: int) -> dict[Word, Counted]:
    draw = random.Random(seed)
    found = {tuple(draw.choices(range(6), k=draw.randint(2, 9))) for _ in range(120)}
    return {word: Counted(draw.randint(1, 9), draw.randint(1, 90)) for word in sorted(found)}


def test_merges_are_those_of_counting_anew_each_time() -> None:
    for seed in range(8):
        words = random_words(seed)
        assert learn_merges(words, 60, 4, 6, accept_all) == plainly(words, 60, 4, 6)


def test_merges_do_not_depend_on_the_order_of_words() -> None:
    words = random_words(1)
    turned = dict(sorted(words.items(), reverse=True))
    assert learn_merges(words, 40, 2, 6, accept_all) == learn_merges(turned, 40, 2, 6, accept_all)


def test_a_refused_pair_is_passed_over_and_asked_once() -> None:
    asked: list[Pair] = []

    def accept(pair: Pair, _: int) -> bool:
        asked.append(pair)
        return pair != (1, 2)

    words = {(1, 2, 3): Counted(9, 9), (3, 4): Counted(5, 5)}
    assert learn_merges(words, 9, 1, 10, accept) == [(2, 3), (1, 10), (3, 4)]
    assert asked.count((1, 2)) == 1


def test_a_pair_met_too_seldom_is_not_merged() -> None:
    words = {(1, 2): Counted(count=4, weight=10**6), (3, 4): Counted(count=5, weight=1)}
    assert learn_merges(words, 9, 5, 10, accept_all) == [(3, 4)]


def test_a_small_language_weighs_as_much_as_a_large_one() -> None:
    words = weigh({"large": {(1, 2): 900, (3, 4): 100}, "small": {(5, 6): 9, (7,): 2}})
    assert learn_merges(words, 3, 1, 10, accept_all) == [(1, 2), (5, 6), (3, 4)]
    assert (7,) not in words
