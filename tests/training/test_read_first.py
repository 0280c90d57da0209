"""The page that a reviewer reads first."""

import pytest

from latamgpt.training.read_first import language_changes, read_first, summary
from latamgpt.training.resume import EvaluatedLanguage, EvaluatedStep, History, TrainedStep


def measured(tokens: int, **languages: float) -> EvaluatedStep:
    return EvaluatedStep(
        tokens=tokens, languages=tuple(EvaluatedLanguage(language=name, bits_per_byte=bits) for name, bits in languages.items())
    )


STEPS = tuple(TrainedStep(tokens=1000 * n, loss=3.0 - n / 10, grad_norm=1.0, learning_rate=1e-4) for n in (1, 2, 3))
HISTORY = History(steps=STEPS, evaluations=(measured(0, en=1.0, que=2.0, es=1.0), measured(3000, en=1.1, que=1.5, es=0.9)))
GOODPUT = [(1000, 0.5), (3000, 0.75)]


def test_languages_are_listed_from_the_most_gained_to_the_most_lost() -> None:
    changes = language_changes(HISTORY.evaluations)
    assert [each.language for each in changes] == ["que", "es", "en"]
    assert [each.share for each in changes] == pytest.approx([-0.25, -0.1, 0.1])


def test_summary_says_what_was_gained_and_lost_and_at_what_goodput() -> None:
    said = summary(HISTORY, language_changes(HISTORY.evaluations), GOODPUT)
    assert said.startswith("3,000 tokens in 3 steps: loss 2.900 to 2.700 nats per token. Fewer bits per byte in 2 of 3 languages")
    assert "best que (-25.0%), worst en (+10.0%)" in said
    assert said.endswith("75% of the time since the first start went into steps that count (goodput).")


def test_same_history_gives_the_same_page_and_it_needs_nothing_else() -> None:
    page = read_first("cpt <base>", {"site": "a & b"}, HISTORY, GOODPUT)
    assert page == read_first("cpt <base>", {"site": "a & b"}, HISTORY, GOODPUT)
    text = page.decode()
    assert "<h1>cpt &lt;base&gt;</h1>" in text
    assert "<td>que</td><td class=n>2.0000</td><td class=n>1.5000</td><td class=n>-25.00%</td>" in text
    assert text.count("<svg") == 1
    assert "src=" not in text
    assert "<script" not in text


@pytest.mark.parametrize("history", [History(), History(steps=STEPS[:1]), History(evaluations=HISTORY.evaluations[:1])])
def test_page_of_a_training_that_hardly_began_is_drawn(history: History) -> None:
    assert b"<svg" in read_first("cpt", {}, history, [])
