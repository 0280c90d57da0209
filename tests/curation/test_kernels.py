"""The compiled kernels against their plain references: the same numbers for any text."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.characters import lower_codes
from latamgpt.curation.kernels import code_points, digit_spans
from latamgpt.curation.language import (
    MAX_WINDOWS,
    WINDOW_CHARS,
    letters,
    likelihoods,
    plain_language_shares,
    shipped_model,
    spoken_codes,
)
from latamgpt.curation.language_kernels import language_shares
from latamgpt.curation.minhash import plain_signature, signature
from latamgpt.curation.normalise import normalise, plain_normalise
from latamgpt.curation.personal_data.masking import DIGITS, MAX_GAP, MIN_DIGITS
from latamgpt.curation.quality import measure, plain_measure
from latamgpt.curation.variety import has_voseo, plain_has_voseo

SAMPLES = Path(__file__).parents[2] / "latamgpt" / "curation" / "language_samples"
PERMUTATIONS, SEED = 112, 7
REAL = {path.stem: path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*.txt"))}
WRONGLY_DECODED = "ÃÂÐâï€\xa0¿½\x85\x9f \nx"
TEXTS = (
    st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
    | st.text("aá'’ʼ \n.#…|{\u0301ñÑ0\u200b\f", max_size=300)
    | st.text(WRONGLY_DECODED, max_size=60)
    | st.text("0123٣ab\n.-", max_size=60)
    | st.text("ΣİıK\u0307 aáÁ", max_size=30)
    | st.text("vossáéís \n.,teno", max_size=60).map(lambda text: f"vos sos {text} vos {text}")
)


def same_everywhere(text: str) -> None:
    assert measure(text) == plain_measure(text)
    for width in (1, 5):
        assert signature(text, PERMUTATIONS, width, SEED).tolist() == plain_signature(text, PERMUTATIONS, width, SEED).tolist()
    assert spoken_codes(text).tolist() == code_points(letters(text)).tolist()
    model, plain = shipped_model(), letters(text)
    scores = model.plain_window_scores(plain)
    assert model.window_scores(code_points(plain)).tolist() == scores.tolist()
    if len(scores):
        shares, plain_shares = language_shares(scores.astype(np.int32), likelihoods()), plain_language_shares(scores)
        assert [part.tolist() for part in shares] == [part.tolist() for part in plain_shares]
    assert digit_spans(code_points(text), MAX_GAP, MIN_DIGITS).tolist() == [list(match.span()) for match in DIGITS.finditer(text)]
    assert lower_codes(text).tolist() == code_points(text.lower()).tolist()
    assert normalise(text) == plain_normalise(text)
    assert has_voseo(text) == plain_has_voseo(text)


@given(TEXTS)
def test_any_text_gives_the_numbers_of_the_references(text: str) -> None:
    same_everywhere(text)


@pytest.mark.parametrize("language", REAL)
def test_real_text_gives_the_numbers_of_the_references(language: str) -> None:
    same_everywhere(REAL[language][:20_000])


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "á" * 5000, "...", "....", "......", "a...b", "’a’’b’", "\U0001f600 hola 😀", "\ud7ff", " a ", "a  b"),
        "b" * 256 + " " + "c" * 257,
        *("a \nb", "a\n b", "Ã\xa0 Ã© â€œ", "caf\x85", "e\u0301", "\u212b", "a\u200bb", "p\f1\fq", "_tenés_", "vos sos", "tenés"),
    ],
)
def test_edges_give_the_numbers_of_the_references(text: str) -> None:
    same_everywhere(text)


def test_a_long_text_is_looked_at_in_as_many_windows_as_a_short_book() -> None:
    text = letters(REAL["es"] * 3)
    assert len(text) > 2 * MAX_WINDOWS * WINDOW_CHARS
    scores = shipped_model().window_scores(code_points(text))
    assert scores.shape == (MAX_WINDOWS, len(shipped_model().languages))
    assert np.array_equal(scores, shipped_model().plain_window_scores(text))
