"""Which Spanish or Portuguese a text is in: from its country, and from voseo, which no country column tells."""

import re
from functools import cache

import numpy as np

from latamgpt.curation.characters import flags, within_table
from latamgpt.curation.kernels import code_points, holds_word
from latamgpt.curation.minhash import Hashes, word_hashes

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

VOS_WITH_VERB = re.compile(
    r"\bvos\s+(?:(?:no|te|me|lo|la|le|se|nos|los|las|les|ya|también|siempre|nunca|que|sí)\s+){0,3}(?:sos|\w+[áéí]s)\b"
    r"|\b(?:sos|\w+[áéí]s|\w+[áéí])\s+vos\b"
)
OLD_ADDRESS = re.compile(r"\b(?:vuestra|vuestro|vuestras|vuestros|\w+[áé]is)\b")  # 'vos' of four hundred years ago, or of Spain


def has_voseo(text: str) -> bool:
    """Whether a Spanish text addresses its reader as 'vos': a 'vos' beside its verb, or a verb form that only 'vos' takes."""
    lower = text.lower()
    codes = code_points(lower)
    if within_table(codes) and not holds_word(codes, flags(), _hashes_of_telling()):
        return False
    return plain_has_voseo(text)


def plain_has_voseo(text: str) -> bool:
    """The reference, which asks every text; the compiled kernel tells sooner that most hold neither 'vos' nor such a form."""
    lower = text.lower()
    if VOS_WITH_VERB.search(lower) and not OLD_ADDRESS.search(lower):
        return True
    return not DISTINCTIVE.isdisjoint(re.findall(r"\w+", lower))


@cache
def _hashes_of_telling() -> Hashes:
    return np.sort(np.concatenate([word_hashes(word) for word in ("vos", *sorted(DISTINCTIVE))]))


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
