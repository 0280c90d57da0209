"""What every worker needs before its first document, made once: importing this makes it, and processes forked then share it.

The model of languages is fitted, the tables of characters are asked for, RE2 builds its automata, numba loads its code, and the
lists of words are read. What one site has installed and another has not (pycld2) is made where it is there.
"""

from contextlib import suppress

from latamgpt.curation.identifiers import cld2
from latamgpt.curation.language import shipped_model
from latamgpt.curation.minhash import signature
from latamgpt.curation.normalise import normalise
from latamgpt.curation.personal_data.masking import mask
from latamgpt.curation.quality import measure
from latamgpt.curation.toxicity import count_terms
from latamgpt.curation.variety import has_voseo
from latamgpt.curation.variety_text import variety_by_words
from latamgpt.errors import OperatorError

SENTENCE = "Vos sabés que el RUT 12.345.678-5 no es de nadie, domiciliado en ninguna parte\n\n\n \u00c3\u00b1."
WITH_LISTS = ("es", "pt")


def _once() -> None:
    text = mask(normalise(SENTENCE)).text
    measure(text)
    has_voseo(text)
    shipped_model().identify(text)
    signature(text, 8, 2, 1)
    for language in WITH_LISTS:
        variety_by_words(language, text)
        count_terms(text, language)
    with suppress(OperatorError):
        _ = cld2().heard


_once()
