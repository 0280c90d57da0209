"""What a sentence may hold of what somebody sent."""

from latamgpt.errors import QUOTED_CHARS, SENTENCE_CHARS, harmless, quoted


def test_a_quoted_value_is_short_and_acts_on_no_screen() -> None:
    assert quoted("\x1b[31m<b>\u202e") == "'\\x1b[31m\\x3cb\\x3e\\u202e'"
    assert quoted("a" * 50) == f"'{'a' * QUOTED_CHARS}' and 10 characters more"
    assert quoted("mba’e g̃uarã") == "'mba’e g̃uarã'"


def test_a_sentence_is_one_line_without_controls_and_has_an_end() -> None:
    assert harmless("line 1:\n  a\tb \u200b\x07") == "line 1: a b \\u200b\\x07"
    assert harmless("'CC-BY-4.0' & <más>") == "'CC-BY-4.0' & <más>"
    assert len(harmless("\x00" * 10_000)) == len(harmless("a" * 10_000)) == SENTENCE_CHARS
