"""When two texts are the same one: what a document's id is made of, and what a tombstone knows a text again by."""

import hashlib
import unicodedata


def normal(text: str) -> str:
    """A text, the same however its lines end and its accents are composed."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def content_id(text: str) -> str:
    """The sha256 of a text's letters and digits: it names the same document in whatever delivery, spacing or case it comes."""
    kept = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    return hashlib.sha256((kept or normal(text)).encode()).hexdigest()
