"""E-mail addresses, also those written with (at) or [arroba]."""

import re
from collections import Counter

LOCAL = re.compile(r"[\w.+-]{1,64}\Z")
DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
SPELT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?[(\[](?:at|arroba)[)\]] ?[\w-]+(?:(?:\.| ?[(\[](?:dot|punto|ponto)[)\]] ?)[\w-]+)*"
    r"(?:\.| ?[(\[](?:dot|punto|ponto)[)\]] ?)[a-z]{2,}",
    re.IGNORECASE,
)
SPACED = re.compile(r"(?<![\w.+-])(?=[\w.+-]*[a-z])[\w.+-]{3,64} @ [a-z][\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?!\w)", re.IGNORECASE)
TAG = "[EMAIL]"


def mask_emails(text: str, counts: Counter[str]) -> str:
    """Replace every address by its tag and count it."""
    if "@" in text:
        text = _mask_signs(text, counts)
        if " @ " in text:
            text, num_spaced = SPACED.subn(TAG, text)
            counts.update({"EMAIL": num_spaced} if num_spaced else {})
    if "(at)" in text or "[at]" in text or "arroba" in text:
        text, num_spelt = SPELT.subn(TAG, text)
        counts.update({"EMAIL": num_spelt} if num_spelt else {})
    return text


def _mask_signs(text: str, counts: Counter[str]) -> str:
    """Look left and right of each at sign: a search from every letter would take the square of a line's length."""
    done: list[str] = []
    end = 0
    at = text.find("@")
    while at >= 0:
        local = LOCAL.search(text, max(end, at - 64), at)
        domain = DOMAIN.match(text, at + 1)
        if local and domain:
            done += [text[end : local.start()], TAG]
            end = domain.end()
            counts["EMAIL"] += 1
        at = text.find("@", max(end, at + 1))
    return "".join([*done, text[end:]])
