"""Texts about an identifiable child: an age below 18, a full name, and a school, a court, a clinic or a guardian, close together.

A name and an age alone are in every novel. With a setting in which records about children are kept, a person has to look: the
document goes to the queue with a reason that holds neither the name nor the words around it. Chile's Ley 19.628 as Ley 21.719
writes it (article 16 quater) and Brazil's LGPD (article 14) ask for the child's interest first; a rule cannot weigh that, so it
only sets aside.
"""

import re

FULL_AGE = 18
NEAR_CHARS = 200
NUMBERS = {
    **{"un": 1, "uno": 1, "um": 1, "dos": 2, "dois": 2, "tres": 3, "três": 3, "cuatro": 4, "quatro": 4, "cinco": 5, "seis": 6},
    **{"siete": 7, "sete": 7, "ocho": 8, "oito": 8, "nueve": 9, "nove": 9, "diez": 10, "dez": 10, "once": 11, "onze": 11},
    **{"doce": 12, "doze": 12, "trece": 13, "treze": 13, "catorce": 14, "quatorze": 14, "quince": 15, "quinze": 15},
    **{"dieciséis": 16, "dezesseis": 16, "diecisiete": 17, "dezessete": 17},
}
YEARS = re.compile(r" (?:años|anos)(?!\w)")
COUNT = re.compile(r"(?<!\w)([0-9]{1,2}|[a-zêáéí]{2,10})$", re.IGNORECASE)
CHILD = re.compile(
    r"(?<!\w)(?:niñ[oa]s?|menor(?:es)?|adolescentes?|alumn[oa]s?|estudiantes?|escolar(?:es)?|crianças?|menin[oa]s?|alun[oa]s?|"
    r"de edad|de idade|hij[oa]|filh[oa])(?!\w)",
    re.IGNORECASE,
)
RECORD = re.compile(
    r"(?<!\w)(?:escuelas?|colegios?|liceos?|matr[íi]culas?|\w+ (?:grado|básico)|sala cuna|jard[íi]n infantil|escolas?|colégios?|"
    r"creches?|\w+ (?:s[ée]rie|ano) do|pediatr\w+|pron[óo]stico|diagn[óo]stic\w+|"
    r"juzgado|tribunal|juizado|conselho tutelar|defensor[íi]a|"
    r"custodia|guarda|tutela|tutor\w?|apoderad[oa]|responsável legal|abus\w+|adopci[óo]n|adoção)(?!\w)",
    re.IGNORECASE,
)
UPPER = r"[A-ZÁÉÍÓÚÑÜÂÊÔÃÕÇ][^\W\d_]+"
NAMED = re.compile(rf"\[NAME\]|(?<!\w){UPPER} (?:(?:de|del|la|da|do|dos|e|y) )?{UPPER}")
NOT_A_NAME = re.compile(
    r"^(?:El|La|Los|Las|Un|Una|O|A|Os|As|Em|En|De|Del|Al|Por|Escuela|Escola|Colegio|Colégio|Liceo|Instituto|Jardín|Juzgado|Tribunal|"
    r"Universidad\w*|Hospital|Ministerio|Secretar[íi]a|San|Santa|São|Estados|América|Buenos|Costa|Puerto|Rio|Río|Nueva|Segunda|Primera)\b"
)


def count_minors(text: str) -> int:
    """How many places speak of a child who could be found: age, full name and a setting that keeps records, close together."""
    if " años" not in text and " anos" not in text:
        return 0
    return sum(_is_about_a_child(text, match) for match in YEARS.finditer(text))


def _is_about_a_child(text: str, years: re.Match[str]) -> bool:
    count = COUNT.search(text, max(0, years.start() - 12), years.start())
    if not count or not 0 < _age(count[1]) < FULL_AGE:
        return False
    near = _paragraph_around(text, count.start(), years.end())
    if not CHILD.search(near) or not RECORD.search(near):
        return False
    return any(not NOT_A_NAME.match(match[0]) for match in NAMED.finditer(near))


def _age(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS.get(word.casefold(), 0)


def _paragraph_around(text: str, start: int, end: int) -> str:
    before = text[max(0, start - NEAR_CHARS) : start].split("\n\n")[-1]
    return before + text[start : end + NEAR_CHARS].split("\n\n")[0]
