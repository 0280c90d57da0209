"""When a text was written or published, from a date as partners write it: a decade, a century, or nothing.

Read are ISO 8601 (and EDTF's 189X), dates as Spanish, Portuguese and English write them, and what catalogues write: [1890?],
c. 1890-1895, [189-], 18--, siglo XIX. Two digits alone are no year, and what no calendar has is no date: neither is guessed.
"""

import re
import unicodedata
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from latamgpt.records import UNKNOWN

SAFE_TO_SHOW = re.compile(r"[0-9]{4}(?:[-/.][0-9]{1,2}){0,2}|(?:[0-9]{1,2}[-/.]){1,2}[0-9]{4}|[0-9]{1,2}")
"""Days, months and years in digits; longer runs of digits and other groups of them may be a person's number."""
FIRST_YEAR = 1000  # a year before it is a default or a slip: no letter was written in the Americas by then
MAX_DECADE_YEARS = 10  # between the ends of a range: a wider one counts in the century of its beginning
MAX_CHARS = 80  # a date is short; what is longer is prose
NO_DATE = frozenset({"1899-12-30", "1900-01-01", "1970-01-01"})
"""Days that spreadsheets and computers count from, and write where a date is empty."""
UNDATED = frozenset({
    "", "?", "-", "--", "----", "s.f", "s/f", "sf", "s.d", "s/d", "sd", "s.a", "n.d", "nd", "n/d", "n/a", "na", "nan", "nat",
    "null", "none", "uuuu", "xxxx", "0000", "0000-00-00", "sin fecha", "sem data", "no date", "undated", "unknown",
    "desconocida", "desconocido", "desconhecida", "desconhecido",
})  # fmt: skip
MONTHS = (
    ("enero", "janeiro", "january", "ene", "jan"), ("febrero", "fevereiro", "february", "feb", "fev"),
    ("marzo", "marco", "march", "mar"), ("abril", "april", "abr", "apr"), ("mayo", "maio", "may", "mai"),
    ("junio", "junho", "june", "jun"), ("julio", "julho", "july", "jul"), ("agosto", "august", "ago", "aug"),
    ("septiembre", "setiembre", "setembro", "september", "sept", "sep", "set"), ("octubre", "outubro", "october", "oct", "out"),
    ("noviembre", "novembro", "november", "nov"), ("diciembre", "dezembro", "december", "dic", "dez", "dec"),
)  # fmt: skip
MONTH_OF = {word: number for number, words in enumerate(MONTHS, start=1) for word in words}
NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi"
ROMAN = {numeral: number for number, numeral in enumerate(NUMERALS.split(), start=1)}

ABOUT = re.compile(
    r"(?:c(?:irc)?a?\.?\s*(?=[\[\d])|(?:circa|hacia|alrededor de|cerca de|por volta de|aprox\.?|aproximadamente|probablemente"
    r"|provavelmente|copyright|cop\.|d\.l\.|impr?\.|(?:impres[oa]|publicad[oa]|escrit[oa]|firmad[oa]) (?:en|em)"
    r"|ano|year|en|em)\s+"
    r"(?:(?:de|del|el)\s+)?|©\s*|(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo|(?:segunda|terca|quarta|quinta|sexta)"
    r"(?:-feira)?|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?),?\s+)"
)
OPEN = re.compile(
    r"(?:antes|despues|depois|posterior|anterior|a partir|desde|before|after|since|ante|post)\b|\.\./|.*(?:/\.\.|\d{4}-)$"
)
BETWEEN = re.compile(r"^(?:entre|between|de|from) ")
MARK = re.compile(r"\s*(?:-|/|;|\.\.)\s*|\s+(?:a|al|y|e|hasta|ate|and|to)\s+(?:el |o )?")
TIME = r"(?:[t ]\d{1,2}:\d{2}.*)?"
YEAR = re.compile(r"(\d{4})(?:\.0)?")
YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})(?:\2(\d{{1,2}}))?{TIME}")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?")
YEAR_LAST = re.compile(rf"(?:(\d{{1,2}})([-/. ]))?(\d{{1,2}}|[ivx]+)[-/. ](\d{{4}}){TIME}")
DAY_AND_MONTH = re.compile(
    r"(?:(\d{1,2})(?:o|a|er|ro|st|nd|rd|th|\.)?(?:\s*[-/]\s*|\s+(?:del? |of )?))?([a-z]+)\.?(?:\s*[-/,]\s*|\s+(?:del? )?)"
    rf"(\d{{4}}){TIME}"
)
MONTH_AND_DAY = re.compile(r"([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,\s*|\s+)(?:del? )?(\d{4})")
DECADE = re.compile(r"(?:decada|decenio|anos)\s+(?:(?:de|del|dos|los)\s+)*(\d{3})0s?|(\d{3})0'?s|(\d{3})[-x?u_][?~%]?")
HUNDRED = re.compile(r"(\d{2})00'?s|(\d{2})(?:--|xx|\?\?|uu|__)[?~%]?")
CENTURY = re.compile(
    r"(?:[a-z ]+?\s+(?:del?|do)\s+)?(?:siglos?|seculos?|sec\.|ss?\.?)\s*([ivx]+|\d{2})"
    r"(?:\s*(?:-|/|\by\b|\be\b|\bal?\b)\s*[ivx\d]+)?"
    r"|(?:early |mid |late )?(\d{2}|[ivx]{2,})(?:st|nd|rd|th)?[- ]century|(x[ivx]+)"
)


@dataclass(frozen=True)
class Understood:
    """What somebody's words say in this program's; `fault` is why they say nothing, '' where they claim nothing either."""

    value: str = UNKNOWN
    fault: str = ""
    is_contradicted: bool = False  # they say two things


@dataclass(frozen=True)
class _Years:
    """The first and the last year of what a date names, and its first day where that is known."""

    first: int
    last: int
    day: date | None = None


class _NoDate(Exception):
    """It has the form of a date, and no calendar has it."""


def period_of(written: str, last_day: date) -> Understood:
    """The decade ('1890s') of a date, or its century ('19th century') where it says no more; after `last_day` it is wrong.

    A range counts by its first year: in that year's decade, or in its century where the range is wider than ten years. Centuries
    are those of catalogues: 18-- and 1800 to 1899 are the 19th.
    """
    if len(written) > MAX_CHARS:
        return Understood(fault=f"a value of more than {MAX_CHARS} characters is no date")
    words = _plain(written)
    if words in UNDATED or words.replace(" ", "") in UNDATED:
        return Understood()
    try:
        years = _years(words)
    except _NoDate as wrong:
        return Understood(fault=f"{_shown(written)} {wrong}")
    if years is None:
        return Understood(fault=f"{_shown(written)} is not read as a date; 1890, 1890-05-12, 12 de mayo de 1890, s. XIX are")
    if years.first > last_day.year or (years.day is not None and years.day > last_day):
        return Understood(fault=f"{_shown(written)} lies after {last_day}")
    if years.first < FIRST_YEAR:
        return Understood(fault=f"{_shown(written)} lies before the year {FIRST_YEAR}")
    if years.day is not None and years.day.isoformat() in NO_DATE:
        return Understood(fault=f"{_shown(written)} is what computers write where a date is empty")
    if years.last - years.first > MAX_DECADE_YEARS:
        return Understood(_century(years.first // 100 + 1))
    return Understood(f"{years.first // 10}0s")


def _shown(written: str) -> str:
    """A value as a report may publish it: itself where it has a date's form, else its length, since it may be a person's data."""
    return f"'{written}'" if SAFE_TO_SHOW.fullmatch(written) else f"a value of {len(written)} characters"


def _plain(written: str) -> str:
    """In small letters without accents, brackets and doubled blanks; every dash is '-'."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", written) if not unicodedata.combining(c))
    bare = re.sub(r"[\u2010-\u2015\u2212]", "-", re.sub(r"[\[\]()<>\"“”«»]", "", bare))
    words = " ".join(bare.casefold().split()).strip(" ,;:")
    return words if words.endswith("..") else words.removesuffix(".")


def _years(words: str) -> _Years | None:
    if OPEN.match(words):
        raise _NoDate("is open at one side, so that its decade cannot be told")
    found = _one(words)
    return found if found is not None else _range(words)


def _one(words: str) -> _Years | None:
    """What is no range."""
    for read in (_by_digits, _by_words, _by_decade, _by_century):
        if (found := read(words)) is not None:
            return found
    shorter = (
        ABOUT.sub("", words, count=1)
        if ABOUT.match(words)
        else re.sub(r"\s*(?:[?~%]|\bd\.? ?c\.?|\baprox\.?|\bca\.?)$", "", words)
    )
    return _one(shorter) if shorter != words else None


def _by_digits(words: str) -> _Years | None:
    if match := YEAR.fullmatch(words):
        return _Years(int(match[1]), int(match[1]))
    if match := YEAR_FIRST.fullmatch(words):
        if match[4] is None and not 0 <= int(match[3]) <= 12:
            return None  # 1890-95 is a range
        return _on(int(match[1]), int(match[3]), int(match[4] or 0))
    if match := COMPACT.fullmatch(words):
        return _on(int(match[1]), int(match[2]), int(match[3]))
    if match := YEAR_LAST.fullmatch(words):
        first, second = int(match[1] or 0), ROMAN.get(match[3]) or int(match[3] if match[3].isdecimal() else 99)
        with suppress(_NoDate):
            return _on(int(match[4]), second, first)
        return _on(int(match[4]), first, second)  # as the United States write: the year is the same
    return None


def _by_words(words: str) -> _Years | None:
    if (match := DAY_AND_MONTH.fullmatch(words)) and match[2] in MONTH_OF:
        return _on(int(match[3]), MONTH_OF[match[2]], int(match[1] or 0))
    if (match := MONTH_AND_DAY.fullmatch(words)) and match[1] in MONTH_OF:
        return _on(int(match[3]), MONTH_OF[match[1]], int(match[2]))
    return None


def _by_decade(words: str) -> _Years | None:
    if match := HUNDRED.fullmatch(words):
        return _whole_century(int(match[1] or match[2]) + 1)
    if match := DECADE.fullmatch(words):
        decade = int(match[1] or match[2] or match[3])
        return _Years(decade * 10, decade * 10 + 9)
    return None


def _by_century(words: str) -> _Years | None:
    match = CENTURY.fullmatch(words)
    number = (match[1] or match[2] or match[3]) if match else ""
    if number.isdecimal():
        return _whole_century(int(number))
    return _whole_century(ROMAN[number]) if number in ROMAN else None


def _range(words: str) -> _Years | None:
    """Two dates with a mark between them; the second may be short: 1890-95.

    Raises:
        _NoDate: it ends before it begins.
    """
    words = BETWEEN.sub("", words)
    for mark in MARK.finditer(words):
        first, rest = _one(words[: mark.start()]), words[mark.end() :]
        if first is None:
            continue
        last = _one(f"{first.first // 100}{rest}" if re.fullmatch(r"\d{2}", rest) else rest)
        if last is not None and last.first < first.first:
            raise _NoDate("ends before it begins")
        if last is not None:
            return _Years(first.first, last.last, first.day)
    return None


def _on(year: int, month: int, day: int) -> _Years:
    """A day; 0 stands for a month or a day that is not known.

    Raises:
        _NoDate: no calendar has it.
    """
    if month > 12 or (month == 0 and day) or day > (monthrange(max(year, 1), month)[1] if month else 0):
        raise _NoDate("is a day that no calendar has")
    return _Years(year, year, date(year, month, day) if year and month and day else None)


def _whole_century(number: int) -> _Years:
    return _Years(100 * (number - 1), 100 * (number - 1) + 99)


def _century(number: int) -> str:
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} century"
