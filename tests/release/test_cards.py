import pytest

from latamgpt.errors import OperatorError
from latamgpt.release.cards import fill, must_be_filled, table

WHOLE = "---\nlicense: apache-2.0\nlanguage:\n- es\n---\n# A card\n\n## What\n\n- one\n\n| a | b |\n| --- | --- |\n| 1 | — |\n"


def test_whole_card_is_accepted():
    must_be_filled("README.md", WHOLE)


@pytest.mark.parametrize(
    "sentence",
    [
        "Lo leí todo y puede publicarse.",
        "Textos do século XXX, todos revisados.",
        "Call `generate()` and `tokens[]`.",
        "TODO O TEXTO",
    ],
)
def test_ordinary_words_are_not_taken_for_placeholders(sentence: str):
    must_be_filled("README.md", f"{WHOLE}\n{sentence}\n")


@pytest.mark.parametrize(
    ("hole", "reason"),
    [
        ("Energy: [More Information Needed]\n", "a field left open"),
        ("Energy: TBD\n", "a placeholder"),
        ("TODO: measure the energy\n", "a placeholder"),
        ("Lorem ipsum dolor\n", "a placeholder"),
        ("Energy: {{ energy }}\n", "a template's mark"),
        ("Energy: None\n", "a value that is missing"),
        ("| a | None |\n", "a value that is missing"),
        ("| a |  |\n", "an empty table cell"),
        ("licence:\n", "a key without a value"),
        ("- \n", "an empty list entry"),
        ("## Limits\n\n## Contact\n\nus\n", "a heading with nothing under it"),
        ("## Limits\n", "a heading with nothing under it"),
        ("See [].\n", "empty brackets"),
        ("Trained for 3 hours ( ).\n", "empty brackets"),
    ],
)
def test_card_with_an_open_place_is_refused_with_its_line(hole: str, reason: str):
    line = WHOLE.count("\n") + 1
    with pytest.raises(OperatorError, match=rf"README\.md, line {line}: {reason}"):
        must_be_filled("README.md", WHOLE + hole)


def test_empty_card_is_refused():
    with pytest.raises(OperatorError, match="is empty"):
        must_be_filled("README.md", " \n")


def test_template_without_its_values_names_what_is_missing():
    with pytest.raises(OperatorError, match="'approval' is undefined"):
        fill("RELEASE.md.jinja", release={"name": "n", "version": "1", "licence": "l", "contact": "c"})


def test_table_shows_numbers_and_what_could_not_be_said():
    assert (
        table([(1234, 0.5, None, True, "a|b")], ("a", "b", "c", "d", "e")).splitlines()[-1]
        == "| 1,234 | 0.500 | — | yes | a\\|b |"
    )
