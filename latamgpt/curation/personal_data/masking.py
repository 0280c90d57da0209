"""Personal data in a text becomes a tag that keeps its kind, such as [CPF]; the original is written nowhere.

Most text holds neither an at sign nor five digits close together: two quick looks say so, and it is handed back as it came.
Around such digits the rules of the table are tried on a small window; those that need a word only where one is near. Addresses
and names come last, beside what was found before them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from latamgpt.curation.kernels import code_points, digit_spans
from latamgpt.curation.personal_data.addresses import mask_addresses
from latamgpt.curation.personal_data.check_digits import always
from latamgpt.curation.personal_data.emails import mask_emails
from latamgpt.curation.personal_data.names import mask_names
from latamgpt.curation.personal_data.rule import Proof, Rule, words_alone
from latamgpt.curation.personal_data.table import RULES
from latamgpt.curation.screening import Screens, WordScreen

MIN_DIGITS, MAX_GAP = 5, 4
DIGITS = re.compile(rf"[0-9](?:[^0-9\n]{{0,{MAX_GAP}}}[0-9]){{{MIN_DIGITS - 1},}}")
"""What `digit_spans` looks for; the reference."""
LETTERED = re.compile(
    r"/[0-9A-Z]{4}[-\u2010-\u2014\u2212][0-9]{2}(?![0-9])"
)  # the end of a Brazilian CNPJ of the form that began in 2026
PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-") | dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " ")
)
"""Hyphens, dashes, the minus sign and fixed spaces: word processors put them where people typed a hyphen or a space."""
IN_ORDER = tuple(enumerate(RULES))
UNNAMED = tuple((order, rule) for order, rule in IN_ORDER if rule.proof is not Proof.WORD)
RULE_SCREEN = Screens(rule.pattern.pattern for rule in RULES)
NAMED = tuple((order, rule) for order, rule in IN_ORDER if rule.proof is Proof.WORD)
WORD_LISTS = tuple(sorted({rule.named_by for _, rule in NAMED}))
WORD_SCREEN = WordScreen([words_alone(words) for words in WORD_LISTS])
BY_WORDS = tuple(tuple(pair for pair in NAMED if pair[1].named_by == words) for words in WORD_LISTS)
PIX = re.compile(r"pix\W{0,8}(?=[0-9a-f]{8}-)", re.IGNORECASE)
PIX_CHARS = 36  # of a random key, in which digits may be far apart
MARGIN_CHARS = 24  # of a number's letters before and after its digits: a CURP, an IBAN
BEFORE_CHARS = 80
RAW_BEFORE_CHARS = 4 * BEFORE_CHARS  # as much of the text as may shrink to BEFORE_CHARS when numbers become tags


@dataclass(frozen=True)
class Masked:
    """A text without personal data, and how much of each kind was replaced."""

    text: str
    counts: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True)
class Find:
    """A place in a window that a rule finds and its check accepts."""

    start: int
    end: int
    rule: Rule
    order: int  # of the rule in the table


def mask(text: str) -> Masked:
    """Replace personal data by its tag. Masking a masked text changes nothing."""
    counts: Counter[str] = Counter()
    if not text:
        return Masked(text, counts)
    text = mask_emails(text, counts)
    text = _mask_numbers(text, counts)
    text = mask_addresses(text, counts)
    return Masked(mask_names(text, counts), counts)


def _mask_numbers(text: str, counts: Counter[str]) -> str:
    """Identifiers are looked for with plain hyphens and spaces; what is none of them keeps its own."""
    done: list[str] = []
    before, end = "", 0
    for lo, hi in _windows(text):
        lo = max(lo, end)
        window = text[lo:hi]
        window = window if window.isascii() and "\t" not in window else window.translate(PLAIN)
        for group in _groups(find_all(window, text[max(0, lo - RAW_BEFORE_CHARS) : hi])):
            for find in _chosen(group, before + text[end : lo + group[0].start], window):
                done += [text[end : lo + find.start], f"[{find.rule.tag}]"]
                before = (before + "".join(done[-2:]))[-BEFORE_CHARS:]
                end = lo + find.end
                counts[find.rule.tag] += 1
    return "".join([*done, text[end:]]) if done else text


def _windows(text: str) -> list[tuple[int, int]]:
    """Where numbers with their letters may stand, in order, none overlapping, each within a line."""
    spans: list[tuple[int, int]] = [(start, end) for start, end in digit_spans(code_points(text), MAX_GAP, MIN_DIGITS).tolist()]
    if "/" in text:
        spans = sorted([*spans, *(match.span() for match in LETTERED.finditer(text))])
    if "CNPJ" in text:
        spans = sorted([*spans, *((match.end(), match.end() + MARGIN_CHARS) for match in re.finditer("CNPJ", text))])
    if "pix" in text or "PIX" in text or "Pix" in text:
        spans = sorted([*spans, *((match.end(), match.end() + PIX_CHARS) for match in PIX.finditer(text))])
    windows: list[tuple[int, int]] = []
    for start, end in spans:
        line_start = text.rfind("\n", max(0, start - MARGIN_CHARS), start) + 1
        lo = line_start or max(0, start - MARGIN_CHARS)
        line_end = text.find("\n", end, end + MARGIN_CHARS)
        hi = line_end if line_end >= 0 else end + MARGIN_CHARS
        if windows and lo < windows[-1][1]:
            windows[-1] = (windows[-1][0], max(hi, windows[-1][1]))
        else:
            windows.append((lo, hi))
    return windows


def find_all(window: str, around: str) -> list[Find]:
    """What the rules find in a window, and their checks accept: those that need a word only where one stands around it."""
    seen = RULE_SCREEN.may_hold(window)
    rules = [pair for pair in UNNAMED if pair[0] in seen]
    for number in sorted(WORD_SCREEN.may_hold(around)) if len(rules) < len(seen) else ():
        named = [pair for pair in BY_WORDS[number] if pair[0] in seen]
        if named and named[0][1].words_anywhere.search(around):
            rules += named
    return _finds(window, rules)


def plain_find_all(window: str, around: str) -> list[Find]:
    """The reference: without the quick looks."""
    rules = [pair for pair in IN_ORDER if pair[1].proof is not Proof.WORD or pair[1].words_anywhere.search(around)]
    return _finds(window, rules)


def _finds(window: str, rules: Sequence[tuple[int, Rule]]) -> list[Find]:
    return [
        Find(match.start(), match.end(), rule, order)
        for order, rule in rules
        for match in rule.pattern.finditer(window)
        if rule.is_valid(match[0])
    ]


def _groups(finds: list[Find]) -> list[list[Find]]:
    """Finds cut into groups that overlap."""
    groups: list[list[Find]] = []
    end = -1
    for find in sorted(finds, key=lambda find: (find.start, find.order)):
        if find.start >= end:
            groups.append([])
        groups[-1].append(find)
        end = max(end, find.end)
    return groups


def _chosen(group: list[Find], before: str, window: str) -> list[Find]:
    """Of finds that overlap: what a word names before what has a check digit, the longest first; in the order of the text."""
    start = group[0].start
    named = {find: find.rule.is_named(_near(before + window[start : find.start])) for find in group}
    chosen: list[Find] = []
    for find in sorted(group, key=lambda f: (not named[f], not named[f] and f.rule.is_valid is always, f.start - f.end, f.order)):
        proven = named[find] or find.rule.proof is not Proof.WORD
        if proven and all(find.end <= other.start or find.start >= other.end for other in chosen):
            chosen.append(find)
    return sorted(chosen, key=lambda find: find.start)


def _near(before: str) -> str:
    """The line so far and the line before it: a form's label may stand above its number, a paragraph's end parts them."""
    return "\n".join(before[-BEFORE_CHARS:].split("\n\n")[-1].split("\n")[-2:])
