"""Text that a chat assistant or a page's builder left as it was: what they say of themselves, what stands in for text to come.

A text about assistants quotes such a phrase as well, so it is their share of the words that counts. What a language model writes
without naming itself is not found by any list; docs/filters.md says what else is not.
"""

from functools import cache

from latamgpt.curation.phrases import PhraseTable, num_phrases, per_thousand, phrase_table
from latamgpt.curation.quality import MACHINE_MADE, Drop
from latamgpt.curation.words_of_text import words_of
from latamgpt.params import CleanDocumentsParams

ASSISTANTS = (
    *(
        "como modelo de lenguaje",
        "como un modelo de lenguaje",
        "soy un modelo de lenguaje",
        "como inteligencia artificial no puedo",
    ),
    *("como ia no puedo", "como asistente virtual no puedo", "entrenado por openai"),
    *("lo siento pero no puedo ayudar con", "lo siento pero no puedo cumplir", "no puedo cumplir con esa solicitud"),
    *("hasta mi última actualización de conocimientos", "mi fecha de corte de conocimiento", "según mi última actualización en"),
    *("como modelo de linguagem", "como um modelo de linguagem", "sou um modelo de linguagem", "como uma ia não posso"),
    *("treinado pela openai", "desculpe mas não posso ajudar com", "não posso cumprir esse pedido"),
    *("até a minha última atualização de conhecimento", "até minha última atualização em"),
    *("as an ai language model", "as a language model i", "i am an ai language model", "trained by openai"),
    *(
        "i cannot fulfill this request",
        "i can't fulfill this request",
        "i'm sorry but i can't assist with",
        "i cannot assist with that",
    ),
    *("as of my last knowledge update", "as of my knowledge cutoff", "my knowledge cutoff", "regenerate response"),
)
PLACEHOLDERS = (
    *(
        "lorem ipsum dolor sit amet",
        "consectetur adipiscing elit",
        "sed do eiusmod tempor incididunt",
        "ut labore et dolore magna aliqua",
    ),
    *("duis aute irure dolor", "excepteur sint occaecat cupidatat", "sunt in culpa qui officia deserunt"),
    *(
        "inserte aquí su texto",
        "escriba aquí su texto",
        "aquí va el texto",
        "insira seu texto aqui",
    ),
    *("digite seu texto aqui", "this is placeholder text", "insert text here"),
    *(
        "inserte su nombre aquí",
        "nombre de la empresa aquí",
        "insira o nome aqui",
        "insert your name here",
        "your company name here",
    ),
)


def judge_machine_made(text: str, params: CleanDocumentsParams) -> Drop | None:
    """Whether such phrases are as many, and more of a text's words, than params allow."""
    words = words_of(text)
    count = num_phrases(words, _table())
    if count < params.min_machine_phrases:
        return None
    share = per_thousand(count, words)
    if share <= params.max_machine_phrases_per_thousand:
        return None
    return Drop(
        MACHINE_MADE,
        f"phrases that only assistants and page builders write: {count}, which is {share:g} per thousand words, and "
        f"{params.max_machine_phrases_per_thousand:g} are allowed",
    )


@cache
def _table() -> PhraseTable:
    return phrase_table((*ASSISTANTS, *PLACEHOLDERS))
