"""languages/: a file per language, refused by name where it is not what it says."""

from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.params import QualityThresholds
from latamgpt.registry.languages import REVIEWED, Method, language_text, read_languages, thresholds_in_force, thresholds_table
from latamgpt.store import Workspace
from tests.conftest import ROOT

OVERRIDE = """overrides:
- threshold: min_letter_share
  value: 0.5
  by: Ateneo de Lengua Guaraní
  day: 2026-11-20
  reason: songs are written with their marks
"""


def edit(root: Path, old: str, new: str, code: str = "gug") -> None:
    path = root / "languages" / f"{code}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_default_is_as_wide_as_every_language_that_has_a_file() -> None:
    quality = thresholds_in_force(ROOT)
    wide = quality.pop("default")
    for code, own in quality.items():
        assert wide.min_chars <= own.min_chars, code
        assert wide.min_words <= own.min_words, code
        assert wide.min_letter_share <= own.min_letter_share, code
        assert wide.max_mean_word_chars >= own.max_mean_word_chars, code
        assert wide.max_repeated_line_share >= own.max_repeated_line_share, code
        assert wide.max_symbol_word_ratio >= own.max_symbol_word_ratio, code
        assert wide.max_noisy_share >= own.max_noisy_share, code
        assert wide.max_repeated_run_share >= own.max_repeated_run_share, code
        assert wide.min_distinct_word_share <= own.min_distinct_word_share, code


def test_every_language_that_the_identifier_knows_has_a_file() -> None:
    known = {path.stem for path in (ROOT / "latamgpt" / "curation" / "language_samples").glob("*.txt")}
    assert known | {"default"} == set(read_languages(ROOT))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("min_words:", "min_wrods:", "thresholds.min_wrods: there is no such key"),
        ("method: learned", "method: learned\nlerned: 3", "lerned: there is no such key"),
        ("method: learned", "method: chosen", "evidence is there if, and only if, method is learned"),
        ("min_chars: 40", "min_chars: -1", "thresholds.min_chars: .*above 0, found -1"),
        (
            "reviewed_by: not yet reviewed by its community",
            "reviewed_by: Ateneo",
            "reviewed_by says who, reviewed_on when, and decision what was decided: all three or none",
        ),
        ("thresholds:", "changed_since_review: [min_words]\nthresholds:", "changed_since_review is there, and no review"),
        ("thresholds:", OVERRIDE.replace("min_letter_share", "min_leters") + "thresholds:", "names none of min_chars, "),
        ("thresholds:", OVERRIDE.replace("0.5", "5.5") + "thresholds:", "1.0 or less, found 5.5"),
        (
            "thresholds:",
            OVERRIDE.replace("songs are written with their marks", "''") + "thresholds:",
            r"overrides \(number 1\).reason: ",
        ),
        ("language: gug", "language: ayr", "is of the language 'ayr', and its name says 'gug'"),
        ("thresholds:", "thresholds: [", "not valid YAML"),
    ],
)
def test_a_faulty_file_is_refused_by_name(workspace: Workspace, old: str, new: str, message: str) -> None:
    edit(workspace.root, old, new)
    with pytest.raises(OperatorError, match=message) as error:
        read_languages(workspace.root)
    assert "gug.yaml" in str(error.value)


def test_thresholds_chosen_by_hand_say_why(workspace: Workspace) -> None:
    (workspace.root / "languages" / "default.yaml").write_text(
        "language: default\nmethod: chosen\nthresholds:\n"
        + "".join(f"  {name}: {value}\n" for name, value in thresholds_in_force(ROOT)["default"].model_dump().items())
    )
    with pytest.raises(OperatorError, match="method is chosen, and reason does not say why"):
        read_languages(workspace.root)


def test_without_a_default_nothing_is_judged(workspace: Workspace) -> None:
    (workspace.root / "languages" / "default.yaml").unlink()
    with pytest.raises(OperatorError, match=r"default.yaml is missing.*git checkout languages"):
        thresholds_in_force(workspace.root)


def test_a_reviewer_s_word_is_above_what_was_learned_and_shown(workspace: Workspace) -> None:
    edit(workspace.root, "thresholds:", OVERRIDE + "thresholds:")
    file = read_languages(workspace.root)["gug"]
    assert file.in_force() == file.thresholds.model_copy(update={"min_letter_share": 0.5})
    (row,) = (row for row in thresholds_table({"gug": file}).rows)
    shown = dict(zip(thresholds_table({"gug": file}).columns, row, strict=True))
    assert (shown["min_letter_share"], shown["method"]) == (0.5, "learned, overridden")
    assert "language_samples/gug.txt" in str(shown["from"])
    assert shown[REVIEWED] == "not yet"


def test_a_review_says_who_when_and_what_and_what_was_learned_anew_since(workspace: Workspace) -> None:
    said = "reviewed_by: Ateneo\nreviewed_on: 2026-11-20\ndecision: short verses stay\n"
    edit(workspace.root, "reviewed_by: not yet reviewed by its community\n", said)
    file = read_languages(workspace.root)["gug"]
    assert file.review == "Ateneo on 2026-11-20: short verses stay"
    changed = file.model_copy(update={"changed_since_review": ("min_words",)})
    assert changed.review == "Ateneo on 2026-11-20: short verses stay; changed since that review, ask again: min_words"
    (row,) = thresholds_table({"gug": changed}).rows
    assert changed.review in row


@pytest.mark.parametrize("override", ["", OVERRIDE])
def test_a_file_is_written_as_it_was_read(workspace: Workspace, override: str) -> None:
    edit(workspace.root, "thresholds:", override + "thresholds:")
    before = read_languages(workspace.root)["gug"]
    (workspace.root / "languages" / f"{before.language}.yaml").write_text(language_text(before), encoding="utf-8")
    assert read_languages(workspace.root)["gug"] == before


def test_every_value_of_a_file_comes_from_learning_or_from_a_hand() -> None:
    for code, file in read_languages(ROOT).items():
        assert set(file.thresholds.model_dump()) == set(QualityThresholds.model_fields)
        assert file.method is (Method.CHOSEN if code == "default" else Method.LEARNED)
