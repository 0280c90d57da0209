"""Street addresses, in Spanish and Portuguese: where a word says that somebody lives there, or beside other personal data.

'Corrientes 348' is a tango and 'calle Rivadavia 456' may be a museum: a street alone names nobody and stays.
"""

import re
from collections import Counter

from latamgpt.curation.screening import Screen

TAG = "[ADDRESS]"
WAY = (
    r"(?:calle|c/|av(?:enida|da)?\.?|avda\.?|pasaje|psje\.?|pje\.?|jir[óo]n|jr\.?|carrera|cra\.?|kra\.?|cll?\.|diagonal|"
    r"transversal|camino|rua|travessa|alameda|pra[çc]a|plaza|estrada|rodovia|bulevar|boulevard|blvd\.?|calzada|callej[óo]n)\s+"
)
STREET = (
    rf"(?:{WAY}"
    r"[^\n,;:\[\]()]{1,50}?,?\s*(?:n[º°.o]{1,3}\s?|n[úu]m(?:ero|\.)?\s?|nro\.?\s?|\#\s?|km\.?\s?)?"
    r"\d{1,5}[a-z]?(?!\w)(?:\s?[-–]\s?\d{1,4})?"
    r"(?:,?\s*(?:piso|dpto\.?|depto\.?|departamento|apto\.?|apartamento|ap\.?|of\.?|oficina|casa|sala|bloco|torre|int\.?)"
    r"\s*[\w°º]{1,6}(?!\w)){0,3})"
)
LABEL = (
    r"(?:domicili(?:o|ad[oa])(?: legal| real| particular)?(?: en| na| no| em| à)?|direcci[óo]n(?: particular)?|"
    r"resid(?:e|ía|ia|ente|encia)(?: en| na| no| em| à)|endere[çc]o(?: residencial)?|mora(?:dor|dora)? (?:na|no|em|à)|"
    r"viv(?:e|o|ía|ia) en)\s*:?\s*(?:la |el |a |o )?"
)
NO_WAY = (  # 'domiciliado en Los Olivos 249': a street without the word for one
    r"(?-i:(?:(?:[A-ZÁÉÍÓÚÑÂÊÔÃÕÇ][\w.]*|de|del|la|las|los|da|do|das|dos|[0-9]{1,2} de)\s){1,6}[0-9]{2,5}(?!\w))"
)
DOMICILED_IN = r"(?:domiciliad[oa]|domicilio|domicílio) (?:en|na|no|em) "
DOMICILED = re.compile(rf"({DOMICILED_IN}){NO_WAY}", re.IGNORECASE)
LABELLED = re.compile(rf"({LABEL}){STREET}", re.IGNORECASE)
ALONE = re.compile(rf"(?<!\w){STREET}", re.IGNORECASE)
LABELLED_SCREEN = Screen([LABEL + WAY, DOMICILED_IN])
FOUND = re.compile(r"\[(?!NAME\]|ADDRESS\])[A-Z]{2,7}\]")
BESIDE_CHARS = 100


def mask_addresses(text: str, counts: Counter[str]) -> str:
    """Replace streets with a house number that a label or a found identifier ties to somebody."""
    if LABELLED_SCREEN.may_match(text):
        text, num_labelled = LABELLED.subn(rf"\g<1>{TAG}", text)
        text, num_domiciled = DOMICILED.subn(rf"\g<1>{TAG}", text)
        counts.update({"ADDRESS": num_labelled + num_domiciled} if num_labelled + num_domiciled else {})
    if "]" not in text:
        return text
    return "\n".join(_mask_beside(line, counts) if FOUND.search(line) else line for line in text.split("\n"))


def _mask_beside(line: str, counts: Counter[str]) -> str:
    found = [match.span() for match in FOUND.finditer(line)]

    def tagged(street: re.Match[str]) -> str:
        near = any(street.start() - BESIDE_CHARS < end and start < street.end() + BESIDE_CHARS for start, end in found)
        counts.update({"ADDRESS": 1} if near else {})
        return TAG if near else street[0]

    return ALONE.sub(tagged, line)
