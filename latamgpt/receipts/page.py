"""The receipt as a page: one HTML file without script, picture or address, to be read on a phone or printed."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from latamgpt.pages import Language, number
from latamgpt.receipts.receipt import DocumentOutcome, Receipt, totals
from latamgpt.receipts.sentences import sentences
from latamgpt.receipts.words import catalogue
from latamgpt.release.signature import OPENSSL, ROOT_SIGNATURE

TEMPLATES = Path(__file__).parent / "templates"
SUMMARY = ("given", "kept", "dropped", "tokens_seen")
USE = ("trained", "held_out", "not_seen", "tokens_available", "tokens_seen")


def render(receipt: Receipt, language: Language) -> str:
    """The page in one language."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    words = catalogue()

    def reason(code: str) -> str:
        return words.reason(code, language)

    sums = totals(receipt)
    return environment.get_template("receipt.html.jinja").render(
        language=language.value,
        w=words.on_page(language),
        reason=reason,
        detail=lambda sentence: sentences().detail(sentence, language),
        duty_words=lambda kind: words.duty(kind, language),
        statement=lambda said: sentences().statement(said, language),
        seen=lambda document: _seen(document, words.on_page(language)),
        number=lambda value: number(value, language),
        receipt=receipt,
        summary=[(name, sums[name]) for name in SUMMARY],
        use=[(name, sums[name]) for name in USE],
        steps=sums["steps"],
        openssl=next(command for command in OPENSSL if ROOT_SIGNATURE in command),  # the approval stays with the release
    )


def _seen(document: DocumentOutcome, words: dict[str, str]) -> str:
    """Of a document in the corpus: how it was used, in a few words."""
    if document.held_out:
        return words["held_out_one"]
    if not document.num_tokens_seen:
        return words["not_seen_one"]
    first, last = document.steps[0] + 1, document.steps[-1] + 1
    steps = f"{first}" if first == last else f"{first}-{last}"
    return f"{document.num_tokens_seen} {words['tokens_word']}, {document.num_epochs} {words['times']}, {words['steps']} {steps}"
