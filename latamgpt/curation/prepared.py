"""What every worker needs before its first document, made once: importing this makes it, and processes forked then share it.

The model of languages is fitted, the tables of characters are asked for, RE2 builds its automata and numba loads its code.
"""

from latamgpt.curation.language import shipped_model
from latamgpt.curation.minhash import signature
from latamgpt.curation.normalise import normalise
from latamgpt.curation.personal_data.masking import mask
from latamgpt.curation.quality import measure
from latamgpt.curation.variety import has_voseo

SENTENCE = "Vos sabés que el RUT 12.345.678-5 no es de nadie, domiciliado en ninguna parte\n\n\n \u00c3\u00b1."


def _once() -> None:
    text = mask(normalise(SENTENCE)).text
    measure(text)
    has_voseo(text)
    shipped_model().identify(text)
    signature(text, 8, 2, 1)


_once()
