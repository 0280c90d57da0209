"""Held-out texts that stand in training texts: how much is too much, and what follows from what was found."""

import pytest

from latamgpt.tokens.overlap import runs_of, seen_in_training


def words(first: int, last: int) -> str:
    return " ".join(f"palabra{n}" for n in range(first, last))


def seen(texts: dict[str, str], held_out: set[str]) -> set[str]:
    return seen_in_training(texts.items, held_out)


def test_a_text_has_one_run_for_every_eight_words_and_at_least_one() -> None:
    assert [len(runs_of(words(0, n))) for n in (0, 1, 7, 8, 9, 20)] == [0, 1, 1, 1, 2, 13]


def test_case_spaces_and_punctuation_make_no_other_run() -> None:
    assert runs_of("Uno dos, tres").tolist() == runs_of("uno DOS\ntres.").tolist()


def test_the_order_of_words_makes_another_run() -> None:
    assert set(runs_of("uno dos tres").tolist()).isdisjoint(runs_of("tres dos uno").tolist())


@pytest.mark.parametrize(("num_copied", "found"), [(0, set()), (17, set()), (18, {"held"})])
def test_a_tenth_of_the_runs_may_stand_in_training_and_not_more(num_copied: int, found: set[str]) -> None:
    held = words(0, 107)  # a hundred runs, of which 17 copied words hold ten
    assert seen({"held": held, "train": f"antes {words(0, num_copied)} después"}, {"held"}) == found


def test_what_stands_in_a_found_document_is_found_in_the_next_round() -> None:
    texts = {"train": words(0, 30), "first": words(10, 60), "second": words(40, 90), "third": words(500, 560)}
    assert seen(texts, {"first", "second", "third"}) == {"first", "second"}


def test_held_out_documents_may_overlap_with_each_other() -> None:
    assert seen({"one": words(0, 40), "other": words(0, 40), "train": words(100, 140)}, {"one", "other"}) == set()


def test_a_short_text_that_is_also_trained_on_is_found() -> None:
    assert seen({"held": "Allin p'unchay, wayqi!", "train": "allin p'unchay wayqi"}, {"held"}) == {"held"}


def test_without_words_or_held_out_documents_nothing_is_found() -> None:
    assert seen({"held": "!!!", "train": "..."}, {"held"}) == set()
    assert seen({"train": words(0, 40)}, set()) == set()
