"""Words as a search compares them, and the few of them that it shows."""

import pytest

from latamgpt.catalogue.words import EXCERPT_CHARS, WRITTEN, excerpt, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yvyrá YVYRA y\u0301vyra", ["yvyra", "yvyra", "yvyra"]),
        ("mba'e mba’e mbaʼe mbaꞌe mba´e", ["mbae"] * 5),
        ("Ha' k'iche' 'palabra' “otra”", ["ha", "kiche", "palabra", "otra"]),
        ("hag\u0303ua, ñandú; ãnga", ["hagua", "nandu", "anga"]),
        ("foo_bar co-operar 3,5 km²", ["foo", "bar", "co", "operar", "3", "5", "km²"]),
        ("ŉ İ ß", ["n", "i", "ss"]),
        ("' ´ … 😀", []),
    ],
)
def test_words_are_whole_and_plain_however_they_are_written(text: str, words: list[str]) -> None:
    assert words_of(text) == words
    assert [word for match in WRITTEN.finditer(text) for word in words_of(match[0])] == words


def test_an_excerpt_stands_where_most_of_the_words_do() -> None:
    text = f"río {'nada ' * 100} el río y el agua bajan {'nada ' * 100}"
    found = excerpt(text, {"rio", "agua"})
    assert "el río y el agua bajan" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) <= EXCERPT_CHARS + 2


def test_an_excerpt_of_no_words_is_the_beginning() -> None:
    assert excerpt(f"Primero {'x ' * 300}", {"nada"}).startswith("Primero x")
    assert excerpt(f"Primero {'x ' * 300}").startswith("Primero x")


@pytest.mark.parametrize(
    "text", ["a", "Ko'ápe", "uno dos tres", "el río baja y el agua sube", "uno " * 79, "uno " * 80, "x" * 321]
)
def test_an_excerpt_is_never_more_than_half_of_a_text(text: str) -> None:
    for wanted in ((), {"uno"}, {"tres"}, {"sube"}, {"x" * 321}):
        found = excerpt(text, wanted)
        assert len(found.strip("…")) <= min(EXCERPT_CHARS, len(text) / 2)
        assert found.strip("…") in text


def test_a_text_without_a_space_is_cut_all_the_same() -> None:
    assert len(excerpt("a" * 10_000, {"b"})) <= EXCERPT_CHARS + 1
    assert len(excerpt("'".join("a" * 10_000), {"a" * 10_000})) <= EXCERPT_CHARS + 2


def test_nothing_in_an_excerpt_moves_a_terminal_s_cursor_or_turns_its_letters_around() -> None:
    shown = excerpt("uno\x1b[2Jdos\r\ntres\u202ecuatro\x07" + " y más de lo mismo" * 9)
    assert shown.startswith("uno [2Jdos tres cuatro y más")
