"""Where in a text a private person's name may stand in context: quick looks, so that the tagger reads only there.

A name stands in context behind a title or an introduction (*la señora*, *me llamo*, *hija de*, *testigo*), before what is said of
a person in papers (*, domiciliada en*, *, de 34 años*), or near personal data that was masked.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import re2

from latamgpt.curation.personal_data.names import CONTACT, IDENTITY
from latamgpt.curation.screening import MAX_MEMORY_BYTES, wider

UPPER = "A-ZÁÉÍÓÚÑÜÂÊÔÃÕÇÀÏÖÄ"
TITLES = (
    r"don|doña|dona|dña\.|d\.|señor(?:a|ita)?|sra?\.?|srta\.?|senhora?|senhorita|seu|sinhá|nhá|dra?\.|doctora?|doutora?|lic\.|ing\.|"
    r"abog\.|prof\.|profesora?|professora?|ciudadan[oa]|cidadã(?:o)?|t[ií][oa]|compadre|comadre|herman[oa]|irmã(?:o)?|prim[oa]|"
    r"abuel[oa]|avó|avô|cabo|sargento|teniente|tenente|soldado|agente|vecin[oa]|vizinh[oa]|soci[oa]|compañer[oa]|companheir[oa]|"
    r"maestr[oa]|mestr[ea]|cuñad[oa]|cunhad[oa]|sobrin[oa]|niet[oa]|net[oa]|yerno|nuera|suegr[oa]|sogr[oa]|"
    r"madrin(?:h)?a|padrin(?:h)?o"
)
INTRODUCTIONS = (
    r"me llamo|mi nombre es|me chamo|meu nome é|se llama|se llamaba|se chama|se chamava|llamad[oa]|chamad[oa]|"
    r"a nombre de|em nome de|hij[oa]s?(?: \w+)? de|filh[oa]s?(?: \w+)? de|niet[oa]s? de|net[oa]s? de|padres de|"
    r"pais de|madre de|mãe de|"
    r"viud[oa] de|viúv[oa] de|casad[oa] (?:con|com)|espos[oa](?: de)?|marido|mujer|mulher|hij[oa]|filh[oa]|"
    r"pacientes?|testigos?|testemunhas?|alumn[oa]s?|alun[oa]s?|estudiante|compareciente|comparec(?:e|ió|ieron|eu|eram)|denunciante|"
    r"demandad[oa]|demandante|imputad[oa]|acusad[oa]|reo|ré[u]?|declarante|otorgante|solicitante|titular|beneficiari[oa]|"
    r"atentamente|atenciosamente|cordialmente|firm(?:a|ó|o|ado|ada|am)(?: por)?|fdo\.?|"
    r"assin(?:a|ou|ado|ada|am)(?: por)?|suscribe|en presencia de|na presença de|"
    r"bautic[eé] (?:a|solemnemente a)|baptizei|fallecimiento de|falecimento de"
)
LEADING = rf"(?:{TITLES}|{INTRODUCTIONS})(?: (?:a|al|de|don|doña|dona|la|el|o))?[\s,:.]{{1,3}}"
PERSON_BEFORE = re.compile(rf"(?<!\w){LEADING}$", re.IGNORECASE)
BEHIND = (
    r"[\"”»]?,? ?\(?(?:"
    r"(?:[a-záéíóúñâêôãõç]+, )?(?:domiciliad[oa]|residente|natural d[eao]|vecin[oa] d|morador(?:a)? |nacid[oa]|nascid[oa]|"
    r"mayor de edad|maior de idade|solter[oa]|solteir[oa]|viud[oa]|viúv[oa]|casad[oa] |divorciad[oa]|"
    r"hij[oa] (?:legítim[oa] )?de |filh[oa] (?:legítim[oa] )?de |de (?:[a-z]+ ){0,3}(?:años|anos)|"
    r"de \d+ (?:años|anos)|\d+ (?:años|anos)|q\.? ?e\.? ?p\.? ?d)"
    r"|compareci|comparec[ei]|declar[aóo]|manifest[aóo]|suscrib|otorg[aó] )"
)
PERSON_BEHIND = re.compile(BEHIND)
BEFORE_CHARS, BEHIND_CHARS = 48, 48
NEAR_CHARS = 140  # of personal data that was masked
AROUND_CHARS = 100  # what the tagger reads on either side of a place
MAX_READ_CHARS = 2000  # in one piece
TWO_CAPITALS = rf"[{UPPER}][\w'’ʼ.-]*,?[ \n](?:(?:de|del|la|las|los|da|das|do|dos|e|y) ){{0,2}}[{UPPER}]"
PERSONAL = re.compile(f"{IDENTITY.pattern}|{CONTACT.pattern}")
FULL = re.compile(TWO_CAPITALS)
BREAK = re.compile(r"\n\n|(?<=[.!?]) (?=[A-ZÁÉÍÓÚÑ¿¡—-])|\n")


def passages(text: str) -> list[tuple[int, int]]:
    """Where a name may stand in context, each with what is around it; in order, none overlapping."""
    spots = [*_told(text), *_near_tags(text)]
    found: list[tuple[int, int]] = []
    for start, end in sorted(_widened(text, *spot) for spot in spots):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """A whole text in paragraphs, long ones cut at the end of a line or sentence."""
    start = 0
    while start < len(text):
        end = min(len(text), start + MAX_READ_CHARS)
        paragraph = text.find("\n\n", start, end)
        if paragraph >= 0:
            end = paragraph + 2
        elif end < len(text):
            ends = [match.end() for match in BREAK.finditer(text, start, end)]
            end = ends[-1] if ends else _word_start(text, end)
        yield start, end
        start = end


def is_in_context(text: str, start: int, end: int) -> bool:
    """Whether the words around a name make it personal data."""
    return (
        is_introduced(text, start)
        or PERSON_BEHIND.match(text, end, end + BEHIND_CHARS) is not None
        or _is_near_tag(text, start, end)
    )


def is_introduced(text: str, start: int) -> bool:
    """Whether a title or an introduction stands before a name."""
    return PERSON_BEFORE.search(text, max(0, start - BEFORE_CHARS), start) is not None


def _is_near_tag(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - NEAR_CHARS) : start].rpartition("\n\n")[2]
    after = text[end : end + NEAR_CHARS].partition("\n\n")[0]
    return PERSONAL.search(before) is not None or PERSONAL.search(after) is not None


def _told(text: str) -> Iterator[tuple[int, int]]:
    raw = text.encode()
    ascii_only = len(raw) == len(text)
    for match in _told_anywhere()(raw):
        start, end = match.span()
        yield (start, end) if ascii_only else (len(raw[:start].decode()), len(raw[:end].decode()))


def _near_tags(text: str) -> Iterator[tuple[int, int]]:
    if "]" not in text:
        return
    for tag in PERSONAL.finditer(text):
        lo, hi = max(0, tag.start() - NEAR_CHARS), min(len(text), tag.end() + NEAR_CHARS)
        paragraph = text.rfind("\n\n", lo, tag.start())
        lo = paragraph + 2 if paragraph >= 0 else lo
        paragraph = text.find("\n\n", tag.end(), hi)
        hi = paragraph if paragraph >= 0 else hi
        yield from (match.span() for match in FULL.finditer(text, lo, hi))


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """With the words around, in its paragraph, from the beginning of its line or sentence where that is near."""
    lo, hi = max(0, start - AROUND_CHARS), min(len(text), end + AROUND_CHARS)
    breaks = [match.end() for match in BREAK.finditer(text, lo, start)]
    lo = breaks[-1] if breaks else _word_start(text, lo)
    paragraph = text.find("\n\n", end, hi)
    hi = paragraph if paragraph >= 0 else _word_start(text, hi)
    return lo, max(hi, end)


def _word_start(text: str, place: int) -> int:
    while 0 < place < len(text) and not text[place - 1].isspace():
        place += 1
    return place


@cache
def _told_anywhere() -> Callable[[bytes], Iterator[Any]]:
    """RE2's search for a title or introduction and two words with capitals, or two such words and what is said of a person."""
    options = re2.Options()
    options.never_capture = True
    options.max_mem = MAX_MEMORY_BYTES
    told = rf"(?:\A|[^A-Za-z])(?i:{wider(LEADING)}){wider(TWO_CAPITALS)}"
    said = rf"{wider(TWO_CAPITALS)}[\w\x{{80}}-\x{{10FFFF}}'.-]*{wider(BEHIND)}"
    return re2.compile(f"{told}|{said}", options).finditer
