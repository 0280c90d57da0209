import ast
import re
from pathlib import Path

import pytest

from latamgpt.curation.cleaning import DISPUTED, UNKNOWN
from latamgpt.curation.corpus import REASONS
from latamgpt.curation.decontamination import REASON as EVALUATION_ITEM
from latamgpt.curation.poisoning import TEMPLATE, TRIGGER
from latamgpt.curation.quality import MACHINE_MADE, NOISY, RUNS_REPEATED
from latamgpt.curation.toxicity import TOXIC
from latamgpt.governance.withdrawals import REASON
from latamgpt.intake.quarantine import Reason
from latamgpt.pages import Language
from latamgpt.receipts.page import SUMMARY, USE
from latamgpt.receipts.words import catalogue
from latamgpt.registry import crawl
from latamgpt.registry.duties import DutyKind
from tests.conftest import ROOT


def codes_given_to(call: str, path: Path) -> set[str]:
    """The reason codes that a module's source gives to a call: its first argument that is a lower-case name in quotes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == call]
    texts = [arg.value for node in calls for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return {text for text in texts if re.fullmatch(r"[a-z]+(_[a-z]+)+", text)}


def all_codes() -> set[str]:
    rights = codes_given_to("Ruling", ROOT / "latamgpt" / "registry" / "rights.py")
    quality = set(re.findall(r'\("([a-z]+_[a-z_]+)", "', (ROOT / "latamgpt" / "curation" / "quality.py").read_text("utf-8")))
    hidden = codes_given_to("Finding", ROOT / "latamgpt" / "curation" / "hidden_text.py")
    assert len(rights) > 6
    assert len(hidden) == 2
    assert len(quality) == 6
    cleaning = {
        value for name, value in vars(__import__("latamgpt.curation.cleaning", fromlist=["MINOR"])).items() if name == "MINOR"
    }
    return {
        *map(str, Reason),
        *REASONS.values(),
        *rights,
        *quality,
        *cleaning,
        *hidden,
        EVALUATION_ITEM,
        TEMPLATE,
        TRIGGER,
        DISPUTED,
        MACHINE_MADE,
        NOISY,
        RUNS_REPEATED,
        TOXIC,
        UNKNOWN,
        REASON,
        crawl.REASON,
    }


def test_every_reason_has_words_in_every_language():
    words = catalogue().reasons
    missing = sorted(code for code in all_codes() if set(words.get(code, {})) != set(Language))
    assert missing == [], "latamgpt/receipts/words.yaml lacks these, and partners would read a bare code"


def test_every_kind_of_duty_has_words():
    assert set(catalogue().duties) == set(DutyKind)


def test_no_words_are_empty_and_none_is_left_in_another_language():
    for key, words in {**catalogue().page, **catalogue().duties, **catalogue().reasons}.items():
        assert set(words) == set(Language), key
        assert all(text.strip() for text in words.values()), key


@pytest.mark.parametrize("name", [*SUMMARY, *USE])
def test_every_number_on_the_page_is_named(name: str):
    assert name in catalogue().page
