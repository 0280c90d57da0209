"""The pages of a scorecard, beside it: one for each language."""

from pathlib import Path

from latamgpt.evaluation.page.differing import wordings
from latamgpt.evaluation.page.render import render
from latamgpt.evaluation.score import Scorecard
from latamgpt.pages import Language

PAGES = {language: f"scorecard.{language}.html" for language in Language}
"""What the page is called in each language."""


def write_pages(folder: Path, scorecard: Scorecard) -> None:
    """Write the page in every language."""
    for language, name in PAGES.items():
        (folder / name).write_text(render(scorecard, language, wordings()), encoding="utf-8")
