"""Texts that are dense with slurs are set aside, for people to look at: archives and novels quote them.

A list finds words, not hatred: it overlooks what is said without a slur, and sees one where it is quoted. docs/filters.md says
what that means.
"""

from functools import cache

from latamgpt.curation.phrases import PhraseTable, num_phrases, per_thousand, phrase_table
from latamgpt.curation.quality import Drop
from latamgpt.curation.words_of_text import words_of
from latamgpt.params import CleanDocumentsParams
from latamgpt.registry.toxic_terms import Audit, Seen, Sentences, digest, read_sentences, read_term_lists

TOXIC = "toxic_terms"


def judge_toxicity(text: str, variety: str, params: CleanDocumentsParams) -> Drop | None:
    """Whether a text has more slurs of its variety than params allow. The detail quotes none, and names nobody."""
    num_terms = count_terms(text, variety)
    if num_terms < params.min_toxic_terms:
        return None
    share = per_thousand(num_terms, words_of(text))
    if share <= params.max_toxic_terms_per_thousand:
        return None
    return Drop(
        TOXIC,
        f"slurs aimed at people: {num_terms}, which is {share:g} per thousand words, and "
        f"{params.max_toxic_terms_per_thousand:g} are allowed in {variety}; a person has to say whether they are quoted or meant",
    )


def count_terms(text: str, variety: str) -> int:
    """How many slurs of a variety, such as es-CL, stand in a text; none where its language has no list."""
    language, _, country = variety.partition("-")
    table = _table(language, country)
    return num_phrases(words_of(text), table) if table.max_words else 0


def audit() -> Audit:
    """In how many of the sentences of each variety the lists see a slur."""
    return Audit(sha256=digest(), varieties=tuple(map(_see, read_sentences())))


def _see(sentences: Sentences) -> Seen:
    varieties = [f"{sentences.language}-{country}" for country in sentences.countries]
    return Seen(
        variety=sentences.variety,
        language=sentences.language,
        num_slang=len(sentences.slang),
        num_slang_flagged=sum(any(count_terms(text, variety) for variety in varieties) for text in sentences.slang),
        num_toxic=len(sentences.toxic),
        num_toxic_found=sum(all(count_terms(text, variety) for variety in varieties) for text in sentences.toxic),
    )


@cache
def _table(language: str, country: str) -> PhraseTable:
    lists = read_term_lists()
    return phrase_table(lists[language].forms_in(country) if language in lists else ())
