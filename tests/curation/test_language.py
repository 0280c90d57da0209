import random

import numpy as np
import pytest

from latamgpt.curation.language import (
    MAX_WINDOWS,
    NUM_BUCKETS,
    SAMPLES,
    SMOOTHING,
    WINDOW_CHARS,
    LanguageModel,
    fit,
    hashed_ngrams,
    letters,
    one_name,
    shipped_model,
    windows_of,
)
from tests.curation.documents import ENGLISH, PORTUGUESE, QUECHUA, SPANISH


def plain_ngrams(text: str) -> list[str]:
    """What hashed_ngrams hashes, in plain Python."""
    padded = f" {text} "
    grams = [padded[i : i + n] for n in range(1, 5) for i in range(len(padded) - n + 1)]
    return [gram for gram in grams if " " not in gram[1:-1]]


@pytest.mark.parametrize(
    ("text", "language"), [(SPANISH, "es"), (PORTUGUESE, "pt"), (ENGLISH, "en"), (QUECHUA, "que"), (SPANISH.upper(), "es")]
)
def test_text_that_the_model_never_saw_is_recognised(text: str, language: str) -> None:
    found = shipped_model().identify(text)
    assert found.language == language
    assert found.confidence > 0.95


def test_held_out_lines_of_every_language_are_recognised() -> None:
    lines = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in sorted(SAMPLES.glob("*.txt"))}
    model = fit({code: "\n".join(line for i, line in enumerate(found) if i % 5) for code, found in lines.items()})
    held_out = [(code, line) for code, found in lines.items() for line in found[::5] if len(line) >= 40]
    right = sum(model.identify(line).language == code for code, line in held_out)
    assert len(lines) >= 40
    assert right / len(held_out) > 0.99


@pytest.mark.parametrize("text", ["", " ", "1234 5678", "!?", "\n"])
def test_a_text_without_letters_is_undetermined(text: str) -> None:
    assert shipped_model().identify(text).language == "und"
    assert shipped_model().identify(text).confidence == 0.0


def test_a_half_translated_document_leaves_the_model_unsure() -> None:
    found = shipped_model().identify((SPANISH + "\n") * 4 + (ENGLISH + "\n") * 4)
    assert 0.3 < found.confidence < 0.7


def test_the_same_ngrams_are_counted_as_in_plain_python() -> None:
    text = letters("Ñande ñe'ẽ: g̃uarã, 12 K'iche' a b.")
    grams = plain_ngrams(text)
    buckets = hashed_ngrams(text)
    assert len(buckets) == len(grams)
    assert len(set(buckets.tolist())) == len(set(grams))
    assert sorted(np.bincount(np.unique(buckets, return_inverse=True)[1])) == sorted(
        np.bincount(np.unique(grams, return_inverse=True)[1])
    )


def test_the_model_is_scikit_learn_s_multinomial_naive_bayes() -> None:
    from scipy.sparse import csr_array
    from sklearn.naive_bayes import MultinomialNB

    samples = {"en": ENGLISH, "es": SPANISH, "pt": PORTUGUESE, "que": QUECHUA}
    counts = np.stack([np.bincount(hashed_ngrams(letters(text)), minlength=NUM_BUCKETS) for text in samples.values()])
    reference = MultinomialNB(alpha=SMOOTHING, fit_prior=False).fit(csr_array(counts), list(samples))
    ours = fit(samples)
    assert ours.languages == tuple(samples)
    assert np.abs(ours.table[:, : len(samples)].T / 1000 - reference.feature_log_prob_).max() <= 0.0005 + 1e-9
    words = " ".join(samples.values()).split()
    draw = random.Random(5)
    for _ in range(50):
        text = " ".join(draw.sample(words, 12))
        row = np.bincount(hashed_ngrams(letters(text)), minlength=NUM_BUCKETS)[None, :]
        assert ours.identify(text).language == reference.predict(csr_array(row))[0]


def test_a_long_document_is_judged_by_a_bounded_number_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    whole = LanguageModel.window_scores
    monkeypatch.setattr(LanguageModel, "window_scores", lambda self, text: read.append(len(rows := whole(self, text))) or rows)
    shipped_model().identify(SPANISH * 500)
    shipped_model().identify("a" * (WINDOW_CHARS // 3))
    assert read == [MAX_WINDOWS, 1]


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("es-AR", "es"), ("quy", "que"), ("quz", "que"), ("qu", "que"), ("gn", "gug"), ("grn", "gug"), ("nhn", "nah"),
        ("aym", "ayr"), ("ht", "hat"), ("spa", "es"), ("arn", "arn"), ("und", "und"),
    ],
)  # fmt: skip
def test_varieties_count_as_one_language(tag: str, name: str) -> None:
    assert one_name(tag) == name


def test_passages_in_another_language_are_named_with_their_share() -> None:
    one = shipped_model().identify(QUECHUA * 6)
    assert (one.language, one.second, one.second_share) == ("que", "", 0.0)
    several = shipped_model().identify(QUECHUA * 6 + SPANISH * 3)
    assert (several.language, several.second) == ("que", "es")
    assert 0.2 <= several.second_share <= 0.5


@pytest.mark.parametrize("num_chars", [0, 1, 119, 120, 359, 360, 5000, 48 * 240 + 121, 1_000_003])
def test_windows_lie_evenly_over_a_text(num_chars: int) -> None:
    count = max(1, (num_chars + WINDOW_CHARS // 2) // WINDOW_CHARS) if num_chars else 0
    chosen = [n * count // MAX_WINDOWS for n in range(MAX_WINDOWS)] if count > MAX_WINDOWS else list(range(count))
    edges = [[n * num_chars // count, (n + 1) * num_chars // count] for n in chosen]
    assert windows_of(num_chars).reshape(-1, 2).tolist() == edges
