"""Which Spanish or Portuguese a text is in: from its country, and from voseo, which no country column tells."""

import re
from functools import cache

import numpy as np

from latamgpt.curation.characters import flags, lower_codes, within_table
from latamgpt.curation.kernels import WANTED_BITS, WANTED_MASK, CodePoints, find_word
from latamgpt.curation.minhash import Hashes, word_hashes
from latamgpt.curation.screening import Screen

REGIONAL = frozenset({"es", "pt"})
MACROLANGUAGES = frozenset({"qu", "gn", "grn", "ay", "aym"})  # name no variety: less is said than by the language

VERBS_OF_VOS = """
tenés podés querés sabés hacés creés debés hablás pensás necesitás mirás andás llevás encontrás tomás esperás conocés perdés
volvés ponés traés dejás llamás buscás entendés corrés jugás contás recordás empezás usás trabajás estudiás comprás pagás llegás
entrás pasás quedás mandás ganás cambiás
"""
COMMANDS_TO_VOS = """
mirá vení tené poné hacé decí andá fijate acordate sentate quedate imaginate contame decime esperá escuchá tomá dejá pasá pensá
buscá seleccioná probá ingresá guardá hacelo decilo
"""
CHILEAN = "cachái estái vái erís tenís querís podís sabís hacís hablái andái"

DISTINCTIVE = frozenset(" ".join((VERBS_OF_VOS, COMMANDS_TO_VOS, CHILEAN)).split())
"""Forms that are no other word, tense or person: 'leé' is left out, since accents get lost, and 'vivís', which Spain has too."""

BEHIND_VOS = r"\s+(?:(?:no|te|me|lo|la|le|se|nos|los|las|les|ya|también|siempre|nunca|que|sí)\s+){0,3}(?:sos|\w+[áéí]s)\b"
VOS_WITH_VERB = re.compile(rf"\bvos{BEHIND_VOS}|\b(?:sos|\w+[áéí]s|\w+[áéí])\s+vos\b")
VOS = re.compile(r"\bvos\b")
VERB_BEHIND = re.compile(BEHIND_VOS)
VERB_AT_END = re.compile(r"\b(?:sos|\w+[áéí]s?)\Z")
VERB_CHARS = 80  # a longer word is no verb
VOS_SCREEN = Screen([r"vos\s+(?:\w+\s+){0,3}(?:sos|\w+[áéí]s)", r"(?:sos|[áéí]s?)\s+vos"])
OLD_ADDRESS = re.compile(r"\b(?:vuestra|vuestro|vuestras|vuestros|\w+[áé]is)\b")  # 'vos' of four hundred years ago, or of Spain
OLD_SCREEN = Screen([r"vuestr[ao]s?", r"[áé]is"])


def has_voseo(text: str) -> bool:
    """Whether a Spanish text addresses its reader as 'vos': a 'vos' beside its verb, or a verb form that only 'vos' takes."""
    codes = lower_codes(text)
    if not within_table(codes):
        return plain_has_voseo(text)
    if _has_distinctive(codes):
        return True
    return VOS_SCREEN.may_match(text) and _addresses_as_vos(text.lower())


def plain_has_voseo(text: str) -> bool:
    """The reference, which asks every text by expressions; a compiled kernel and RE2 tell sooner that most hold no such thing."""
    lower = text.lower()
    return bool(VOS_WITH_VERB.search(lower) and not OLD_ADDRESS.search(lower)) or _holds_distinctive(lower)


def _addresses_as_vos(lower: str) -> bool:
    """Verbs are looked for from each 'vos': a search for one before it would try every word."""
    return any(_has_verb(lower, vos.start(), vos.end()) for vos in VOS.finditer(lower)) and not (
        OLD_SCREEN.may_match(lower) and OLD_ADDRESS.search(lower)
    )


def _has_verb(lower: str, start: int, end: int) -> bool:
    before = lower[max(0, start - VERB_CHARS) : start]
    beside = before.rstrip()
    return VERB_BEHIND.match(lower, end) is not None or (before != beside and VERB_AT_END.search(beside) is not None)


def _holds_distinctive(lower: str) -> bool:
    return not DISTINCTIVE.isdisjoint(re.findall(r"\w+", lower))


def _has_distinctive(codes: CodePoints) -> bool:
    """Of a word with the hash of such a form its letters are looked at too."""
    end = 0
    while True:
        begin, end = find_word(codes, flags(), _hashes_of_distinctive(), end)
        if begin < 0:
            return False
        if codes[begin:end].tobytes().decode("utf-32-le") in DISTINCTIVE:
            return True


@cache
def _hashes_of_distinctive() -> Hashes:
    """Each at the place that its last bits name.

    Raises:
        ValueError: two of them name the same place.
    """
    table = np.zeros(1 << WANTED_BITS, np.uint64)
    hashes = np.concatenate([word_hashes(word) for word in sorted(DISTINCTIVE)])
    table[hashes & WANTED_MASK] = hashes
    if np.count_nonzero(table) < len(hashes):
        raise ValueError(f"Of {len(hashes)} words two have the same last {WANTED_BITS} bits. Take more bits for the table.")
    return table


def variety_of(language: str, declared: str, country: str, *, same_language: bool) -> str:
    """The variety of a text: 'es-AR', 'pt-BR'; the partner's finer code, such as 'quy', where it names the same language.

    A region that the partner declared holds before the country of the institution; Latin America (419) and a script are none.
    The language itself where nothing is known.
    """
    code, *others = declared.split("-")
    region = next((part for part in others if len(part) == 2), "")
    if language in REGIONAL:
        if same_language and region:
            return f"{language}-{region}"
        return f"{language}-{country}" if country else language
    return code if same_language and code not in MACROLANGUAGES else language
