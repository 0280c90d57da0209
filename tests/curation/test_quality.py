"""How good a copy is beside others of its text, per mille."""

import pytest

from latamgpt.curation.quality import measure, score
from tests.curation.documents import SPANISH


@pytest.mark.parametrize(
    ("text", "ocr_confidence", "expected"),
    [
        ("palabras solas", None, 1000),
        ("palabras solas", 0.93, 930),
        ("uno\nuno\ndos\ntres", None, 750),  # a line in four stood before
        ("uno # dos", None, 428),  # 6 of 7 characters are letters, and half a symbol a word
        ("1234", None, 0),
        ("", None, 0),
    ],
)
def test_quality_is_the_product_of_its_shares(text: str, ocr_confidence: float | None, expected: int) -> None:
    assert score(measure(text), ocr_confidence) == expected


def test_a_copy_with_noise_is_worse_than_a_clean_one_and_one_read_by_a_machine_worse_than_a_typed_one() -> None:
    typed = score(measure(SPANISH), None)
    assert score(measure(SPANISH.replace("los ", "l0s | ")), None) < typed
    assert score(measure(SPANISH), 0.91) < typed
