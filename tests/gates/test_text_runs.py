"""Runs of bytes: what a run is, and which share of the held-out ones stands in training texts."""

import random
from itertools import combinations

import pytest

from latamgpt.gates.text_runs import RUN_BYTES, runs_of, share_seen

SENTENCE = "Al alba, la abuela contaba otra vez cómo bajó el río y dejó la piedra en medio del camino."


def test_a_text_has_one_run_for_every_64_bytes_that_follow_each_other() -> None:
    assert [len(runs_of("a" * n)) for n in (0, 1, 63, 64, 65, 200)] == [0, 0, 0, 1, 2, 137]
    assert len(runs_of("ñ" * 32)) == 1


@pytest.mark.parametrize("place", range(RUN_BYTES))
def test_a_run_with_one_other_byte_is_another_run(place: int) -> None:
    run = SENTENCE.replace("ó", "o").replace("í", "i")[:RUN_BYTES]
    other = f"{run[:place]}#{run[place + 1 :]}"
    assert runs_of(run).tolist() != runs_of(other).tolist()


def test_a_run_with_two_bytes_exchanged_is_another_run() -> None:
    run = "".join(chr(48 + place) for place in range(RUN_BYTES))
    exchanged = [
        f"{run[:first]}{run[second]}{run[first + 1 : second]}{run[first]}{run[second + 1 :]}"
        for first, second in combinations(range(RUN_BYTES), 2)
    ]
    hashes = {runs_of(text).item() for text in (run, *exchanged)}
    assert len(hashes) == 1 + len(exchanged)


def test_share_is_what_a_plain_count_of_substrings_gives() -> None:
    draws = random.Random(3)
    words = ["agua", "río", "ñandú", "yaku", "the", "casa de la abuela"]
    texts = [" ".join(draws.choices(words, k=400)) for _ in range(8)]
    held_out, train = [*texts[:3], SENTENCE, "corto"], [*texts[3:], texts[0][100:300], f"Antes. {SENTENCE}"]
    trained = {run for text in train for run in plain_runs(text)}
    plain = [run in trained for text in held_out for run in plain_runs(text)]
    assert 0 < sum(plain) < len(plain)
    assert share_seen(held_out, train) == sum(plain) / len(plain)


def test_without_a_text_that_holds_a_run_the_share_is_none() -> None:
    assert share_seen([], [SENTENCE]) == 0.0
    assert share_seen(["corto"], [SENTENCE]) == 0.0
    assert share_seen([SENTENCE], []) == 0.0


def plain_runs(text: str) -> list[bytes]:
    raw = text.encode()
    return [raw[first : first + RUN_BYTES] for first in range(len(raw) - RUN_BYTES + 1)]
