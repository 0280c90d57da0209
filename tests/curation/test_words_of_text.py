"""Words, repetition and noise: the compiled kernels against their references, and what counts as noise."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.words_of_text import Words, plain_words_of, words_of
from tests.conftest import ROOT

SAMPLES = ROOT / "latamgpt" / "curation" / "language_samples"
TEXTS = (
    st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
    | st.text("aábBcñhivx0129|~-'\u0301 \n\x1c.,ªº²", max_size=300)
    | st.text("0355aepyX|-³ ", max_size=40)  # tones, and what looks like them
    | st.text("abrtX0~|. ", max_size=40)
    | st.lists(st.sampled_from(["uno", "dos", "tres", "cuatro"]), max_size=400).map(" ".join)
)


def as_plain(words: Words) -> tuple[object, ...]:
    counts = (words.num_chunks, words.num_noisy, words.num_repeated, words.num_distinct, words.num_windowed)
    return words.hashes_W.tolist(), *counts


@given(TEXTS)
def test_any_text_gives_the_numbers_of_the_reference(text: str) -> None:
    assert as_plain(words_of(text)) == as_plain(plain_words_of(text))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.txt")), ids=lambda path: path.stem)
def test_real_text_of_every_language_does_too(path: Path) -> None:
    text = path.read_text(encoding="utf-8")[:6000]
    assert as_plain(words_of(text)) == as_plain(plain_words_of(text))
    assert words_of(text).num_noisy <= 0.05 * words_of(text).num_chunks


@pytest.mark.parametrize(
    ("text", "num_noisy"),
    [
        ("la c0sa pa|abra ca5a l1bro e12la 1l9 paLabra tlmnrsd iiiglesia", 9),
        ("p a l a b r a suelta", 7),
        ("a o e", 3),
        ("(p a l a) b", 3),
        ("", 0),
        ("a³ne³ na²ko³ tsi¹³nga⁴ na3ko2 kuan5nta1 xi4wa (ki3sin2) a1ma3", 0),
        ("0a4b 5e5p 1l9", 1),
        ("a b |--b a b -c", 3),
        ("na~o algu~a ãno~ Na~o", 0),
        ("nooo mmm eeeh aaahhh gooool siii viii xiii xviii (xxxiv) clxxxvi ¡Ayyy!", 0),
        ("buuueno iiimagen xxxibar XXXiv caaasa", 4),
        ("H2O y OpenOffice (EF02ER01)", 1),
        ("Carlos III, el 1er piso, la 3ª parte, 25km, COVID-19, mp3, HTML, y/o, los/as, e o a casa, 1990-2000", 3),
        ("ñe’ẽ mba'e g̃uarã kʼaslemal qʼij ꞌndo tsꞌo kvrvf Ngvnechen Nawatlahtolli tlahtohkeh", 0),
        ("https://gob.bo -- ... | ~ 3,5 % = 12", 0),
    ],
)
def test_noise_is_what_nobody_writes(text: str, num_noisy: int) -> None:
    assert words_of(text).num_noisy == plain_words_of(text).num_noisy == num_noisy
