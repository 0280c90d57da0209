"""Reading takes time in proportion to what is read, whatever a partner sends."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from latamgpt.curation.hidden_text import find_orders
from latamgpt.curation.normalise import normalise
from latamgpt.intake import page_edges
from latamgpt.intake.delivery import Delivery
from latamgpt.intake.line_ends import join_lines
from latamgpt.intake.page_columns import read_columns
from latamgpt.intake.page_edges import trim_edges
from latamgpt.intake.payload import Budget
from latamgpt.intake.scanned_text import repair_pages
from latamgpt.intake.scans import pages_of
from latamgpt.intake.source import Source
from latamgpt.intake.wrapped_text import join_wrapped_words
from tests.work import num_steps

MEGA = 1 << 20
LETTERS = random.Random(3)
LINE = "una línea bastante larga para que sea prosa, y sigue en la"


def heads(size: int) -> list[str]:
    """Pages whose heads all differ, and are all of one length and of the same letters."""
    return ["".join(LETTERS.sample("abcdefghijklmnop", 16)) + "\n\ntexto\n\nfin" for _ in range(size)]


def one_long_line(size: int) -> str:
    return "\n".join([f"{'a' * size}   b", *["a"] * size])


def blank_lines(size: int) -> str:
    return "\n".join([LINE, *[" "] * size, "fin."])


def source(names: list[str]) -> Source:
    description = {"id": "a", "agreement": "b", "date": "2026-01-01", "format": "files", "licence": "CC0-1.0", "source": "c"}
    delivery = Delivery.model_validate({**description, "notice": "d"})
    return Source(Path(), delivery, Budget(MEGA, MEGA, MEGA), 0.9, frozenset(names))


def all_pages(size: int) -> None:
    images = source([f"hoja-{number}.png" for number in range(size)])
    for name in images.names:
        pages_of(images, name)


CASES: dict[str, tuple[Callable[[int], object], int]] = {
    "heads that all differ": (lambda size: trim_edges(heads(size)), 40),
    "one long line among short ones": (lambda size: read_columns(one_long_line(size)), 400),
    "blank lines after a full line": (lambda size: join_lines(blank_lines(size)), 500),
    "images that are pages": (all_pages, 60),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_twice_the_input_is_about_twice_the_work(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_edges, "RECENT_HEADS", 12)  # so that few pages are enough to see it hold
    work, size = CASES[case]
    work(1)  # what is made once
    assert num_steps(work, 2 * size) < 2.7 * num_steps(work, size)


HOSTILE = ["a", "a'", "a\u0330", "-\n", "a-\n", "ab-\u00ad\n", "a- ", " ", "\n", "\f", "<!-- ", f"{LINE}\n", f"{LINE}-\nb"]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_text_of_one_thing_over_and_over_is_read(text: str) -> None:
    """With work that grows by the square, none of these ends before the suite's limit of time for one test does."""
    text = text * (MEGA // 32)
    assert repair_pages([text]).count("a") == text.count("a")
    assert normalise(text).count("a") == text.count("a")
    assert join_wrapped_words(text).count("a") == text.count("a")
    assert find_orders(text) is None
