"""Doubtful words are marked where they stand."""

import pytest

from latamgpt.corrections.marks import marked
from tests.intake.scans_made import page


def shown(text: str, *doubtful: str) -> str:
    pieces = marked(page(1, text).model_copy(update={"doubtful": doubtful}))
    assert "".join(piece.text for piece in pieces) == text
    return "".join(f"[{piece.text}]" if piece.doubtful else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("text", "doubtful", "expected"),
    [
        ("el rur\n\ny el", ("rur",), "el [rur]\n\ny el"),
        ("y a y b y", ("a", "y", "b"), "y [a] [y] [b] y"),
        ("y a y", ("y",), "[y] a [y]"),
        ("y a y b", ("y", "b"), "[y] a [y] [b]"),
        ("a b", ("b", "a"), "[a] [b]"),
        ("a b", ("zz",), "a b"),
        ("", ("a",), ""),
        ("  a\n", (), "  a\n"),
    ],
)
def test_doubtful_words_are_marked_and_no_letter_is_lost(text: str, doubtful: tuple[str, ...], expected: str) -> None:
    assert shown(text, *doubtful) == expected
