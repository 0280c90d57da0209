"""ALTO: a page as a machine read it, with the place of every word; its blocks in reading order, its words made whole."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lxml.etree

from latamgpt.intake.line_ends import HYPHENS, SOFT_HYPHEN
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.xml_files import children, local_name, parse_xml

PRINTED_HYPHENS = f"{HYPHENS}{SOFT_HYPHEN}⸗="  # as engines read them before an element that says what they are
BROKEN = re.compile(rf"[^\W\d_][{HYPHENS}{SOFT_HYPHEN}]$")  # a letter before it: a dash that stands alone is none


@dataclass(frozen=True)
class Page:
    """A page's text, and how sure the machine was: the mean of its words, 0 to 1, with how many words that counts.

    `refused` and `detail` say why a page cannot be read; the others of its book can.
    """

    text: str = ""
    confidence: float | None = None
    num_words: int = 0
    refused: str = ""
    detail: str = ""


def parse_pages(paths: Sequence[str], names: Sequence[str]) -> list[Page]:
    """Several pages, one after the other."""
    return [_parse_one(path, name) for path, name in zip(paths, names, strict=True)]


def _parse_one(path: str, name: str) -> Page:
    try:
        root = parse_xml(Path(path).read_bytes(), name)
    except Rejected as rejected:
        return Page(refused=rejected.reason, detail=rejected.detail)
    if local_name(root) != "alto":
        return Page(refused=Reason.XML_INVALID, detail=f"{name} is no page of ALTO, as the METS says that it is: which is meant?")
    return parse_page(root)


def parse_page(root: lxml.etree._Element) -> Page:
    """One ALTO file: the blocks of its print space; margins, where page numbers and running heads stand, are left out."""
    blocks = [block for block in children(root, "TextBlock") if not _in_margin(block)]
    order = {ref.get("REF") or "": n for n, ref in enumerate(children(root, "ElementRef"))}
    blocks.sort(key=lambda block: order.get(block.get("ID") or "", len(order)))
    strings = [string for block in blocks for string in children(block, "String")]
    sure = _confidences(strings)
    text = "\n\n".join(filter(None, (_block_text(block) for block in blocks)))
    return Page(text, round(sum(sure) / len(sure), 4) if sure else None, len(sure))


def _confidences(strings: Sequence[lxml.etree._Element]) -> list[float]:
    """Of the words that have one; none at all where one is no share of 1, since then nobody knows what the others are of."""
    try:
        sure = [float(value) for string in strings if (value := string.get("WC"))]
    except ValueError:
        return []
    return sure if all(0 <= value <= 1 for value in sure) else []


def confidence_of(pages: Sequence[Page]) -> float | None:
    """The mean over all words of some pages."""
    num_words = sum(page.num_words for page in pages)
    return round(sum((p.confidence or 0.0) * p.num_words for p in pages) / num_words, 4) if num_words else None


def _in_margin(block: lxml.etree._Element) -> bool:
    return any(local_name(above).endswith("Margin") for above in block.iterancestors())


def _block_text(block: lxml.etree._Element) -> str:
    """The lines of a block as one paragraph; a broken word that is not given whole keeps its line's end, for `repair_pages`.

    A hyphen at a line's end is a HYP, or, as Tesseract writes it, the last letter of the line's last word.
    """
    words: list[str] = []
    half = ""
    for line in children(block, "TextLine"):
        for string in children(line, "String"):
            content, part = string.get("CONTENT") or "", string.get("SUBS_TYPE") or ""
            if part == "HypPart2" and string.get("SUBS_CONTENT"):
                continue
            if part == "HypPart1" and string.get("SUBS_CONTENT"):
                content = string.get("SUBS_CONTENT") or ""
            words.append(half + content)
            half = ""
        if words and (children(line, "HYP") or BROKEN.search(words[-1])) and not _is_whole(line):
            half = f"{words.pop().rstrip(PRINTED_HYPHENS)}-\n"
    return " ".join([*words, half] if half else words).strip()


def _is_whole(line: lxml.etree._Element) -> bool:
    """Whether the word before the line's hyphen was already written whole."""
    last = children(line, "String")[-1:]
    return bool(last) and last[0].get("SUBS_TYPE") == "HypPart1" and bool(last[0].get("SUBS_CONTENT"))
