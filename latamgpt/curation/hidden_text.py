"""Text that a reader does not see, and text that speaks to a model instead of a reader. Per document, without the others.

Held against the text as it was delivered: cleaning takes invisible characters out, and with them the evidence.
"""

import re
from dataclasses import dataclass

from latamgpt.errors import quoted


@dataclass(frozen=True)
class Finding:
    """What one document shows: a reason code, and a sentence that names it without repeating it whole."""

    reason: str
    detail: str


INVISIBLE_RUN = re.compile(
    "[\u200b-\u200d\u2060-\u2064\ufeff]{8,}|[\U000e0000-\U000e007f]{2,}|[\ufe00-\ufe0f]{4,}|[\U000e0100-\U000e01ef]{2,}"
)
"""Zero-width characters carry a message as bits, tag characters and variation selectors as bytes. One or two of them are honest:
joiners of scripts and emoji, or what a word processor left."""

BIDI_OVERRIDE = re.compile("[\u202d\u202e]")  # forces an order of reading: no language of these countries needs it
HIDING_STYLE = re.compile(
    r"<[a-z][^<>]{0,400}?style\s*=\s*[\"'][^\"'<>]{0,400}?(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|"
    r"opacity\s*:\s*0(?![.\d])|(?<![-\w])color\s*:\s*(?:#fff(?:fff)?\b|white\b))",
    re.IGNORECASE,
)
ENCODED = re.compile(r"(?<![\w+/=])(?:[A-Za-z0-9+/]{160,}={0,2}|(?:[0-9a-fA-F]{2}){96,})(?![\w+/=])")
"""Longer than keys and checksums that documentation prints in one piece (a SHA-512 in hex has 128 characters)."""

ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:previous|prior|above|earlier)\s+(?:instructions?|prompts?|rules)\b"
    r"|\b(?:ignor[ae]|ignor[ae]d|olvid[aeá]|ignorá|descart[ae])\s+(?:todas?\s+)?(?:las\s+|tus\s+|sus\s+)?"
    r"(?:instrucciones|órdenes|indicaciones|reglas)\s+(?:anteriores|previas|de arriba)\b"
    r"|\b(?:ignor[ae]|esqueç[ae]|desconsider[ae])\s+(?:todas?\s+)?(?:as\s+|suas\s+)?(?:instruções|ordens|regras)\s+(?:anteriores|prévias|acima)\b"
    r"|^[^\S\n]*(?:#+[^\S\n]*)?(?:SYSTEM|SISTEMA|SYSTEM PROMPT)\s*:"
    r"\s+(?:you are|you must|eres|sos|usted es|debes|você é|você deve)\b"
    r"|<\|(?:im_start|im_end|system|endoftext|start_header_id)\|>|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE | re.MULTILINE,
)
QUOTES = "\"'«»“”‘’„‹›`"


def find_hidden(raw: str) -> Finding | None:
    """The first kind of hidden text in a document as it was delivered, where personal data is not masked: it is not quoted."""
    kinds = (
        (INVISIBLE_RUN, "invisible characters in a row"),
        (BIDI_OVERRIDE, "a character that turns the order of reading around"),
        (HIDING_STYLE, "markup that hides its text from readers"),
        (ENCODED, "a run of encoded bytes"),
    )
    for pattern, name in kinds:
        match = pattern.search(raw)
        if match:
            return Finding(
                "hidden_text", f"{name} at character {match.start():,} as delivered, {len(match.group()):,} characters long"
            )
    return None


def find_orders(text: str) -> Finding | None:
    """The first sentence that gives a model orders; one that stands in quotation marks is somebody's subject and passes."""
    for match in ORDERS.finditer(text):
        if not _quoted(text, match.start(), match.end()):
            return Finding(
                "orders_to_a_model", f"speaks to a model at character {match.start():,}: {quoted(match.group().strip())}"
            )
    return None


def _quoted(text: str, begin: int, end: int) -> bool:
    before, after = text[max(begin - 3, 0) : begin].rstrip(), text[end : end + 200]
    return before[-1:] != "" and before[-1:] in QUOTES and any(mark in after for mark in QUOTES)
