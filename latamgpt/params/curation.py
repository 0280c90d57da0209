"""What becomes of one partner's documents, and of all partners' together."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from latamgpt.params.bounds import Count, Positive, Share
from latamgpt.records import Frozen


class QualityThresholds(Frozen):
    """What a document must reach, in a file of languages/ for each language: one size erases agglutinative languages."""

    min_chars: Count
    min_words: Count
    max_mean_word_chars: Positive
    min_letter_share: Share  # letters, marks and apostrophes of all characters that are not white space
    max_repeated_line_share: Share
    max_symbol_word_ratio: Share  # '#', '...', '|', braces per word
    max_noisy_share: Share  # of what stands between blanks, what looks badly read by a machine: c0sa, pa|abra, p a l a b r a
    max_repeated_run_share: Share  # of the words, those in runs of ten that stood before
    min_distinct_word_share: Share  # of each 128 words in a row; lists of search words and loops have few


class IdentifierName(StrEnum):
    """A language identifier beside our own model."""

    CLD2 = "cld2"  # of the package pycld2
    FASTTEXT = "fasttext"  # a model file that the site has, such as GlotLID's


class BoilerplateParams(Frozen):
    """Which lines of a partner's documents are the page's and not the text's; of documents in long lines, others are let be."""

    min_partner_docs: Count  # in long lines; below it a partner is too small to tell
    min_docs: Count  # that hold the line
    min_share: float = Field(gt=0, le=1)  # of those documents
    min_letters: Count  # a shorter line goes only in a menu: 'Artículo 1' stays
    min_menu_lines: Count  # different short lines, with nothing but repeated lines between them, that make a menu
    min_prose_chars: Count  # a long line; verse is made of shorter ones


class NameScope(StrEnum):
    """Which of the names that the tagger, or a site's recogniser, finds are masked."""

    IN_CONTEXT = "in_context"  # behind a title or an introduction, or beside personal data
    EVERYWHERE = "everywhere"  # also Gabriela Mistral: for a corpus of private papers


class NameRecogniserParams(Frozen):
    """A model of the site's that finds names of persons; its place is the site's."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")  # of the file SHA256SUMS in its folder: it says which model
    scope: NameScope
    min_confidence: Share  # of the model, for every piece of a name


class NameTaggerParams(Frozen):
    """Our own tagger of persons' names: how it is learned, how sure it has to be, and what it must reach."""

    seed: int  # of the names that are swapped between paragraphs
    swapped_copies: int = Field(ge=0)  # of each paragraph, with other paragraphs' names: contexts are learned, not names
    max_steps: Count  # of L-BFGS
    l1: float = Field(ge=0)  # a weight that brings less is 0: the model stays small
    l2: float = Field(ge=0)
    min_confidence: Share  # of the tagger for each word of a private person's name: below it a name stays
    min_recall: Share  # of full names held out, masked everywhere; below it nothing is published
    min_precision: Share  # of what the tagger calls a private person's full name there


class NameMaskingParams(Frozen):
    """Which of the names that the tagger finds are masked."""

    scope: NameScope
    everywhere_kinds: tuple[str, ...] = ()  # of documents: papers that are private by nature, whatever the scope
    everywhere_from_year: int = 0  # such papers that are surely older name the dead: there the scope holds
    spared_kinds: tuple[str, ...] = ()  # where the tagger is not asked: a novel's señora is nobody


class CleanDocumentsParams(Frozen):
    """Curation of one partner's documents."""

    min_language_confidence: Share  # below it a document goes to the 'undetermined' queue for people
    language_identifiers: tuple[IdentifierName, ...] = ()  # where one sees another language than our model, neither says any
    fasttext_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")  # of the model file; its place is the site's
    name_tagger: NameMaskingParams | None = None  # our own, beside the rules: docs/personal-data.md
    name_recogniser: NameRecogniserParams | None = None  # a site's, beside both
    num_permutations: Count  # MinHash
    minhash_seed: int  # of the permutations: signatures of two seeds cannot be compared
    shingle_words: Count
    max_machine_phrases_per_thousand: Positive  # words: of what assistants say of themselves; a text about them quotes one or two
    min_machine_phrases: Count  # fewer set no document aside, however short it is: a note quotes one
    max_toxic_terms_per_thousand: Positive  # words: archives and novels quote slurs, and who tells of an insult repeats it
    min_toxic_terms: Count  # fewer set no document aside, however short it is
    docs_per_task: Count  # one map task's input, whatever the number of workers
    boilerplate: BoilerplateParams

    @model_validator(mode="after")
    def _model_is_named(self) -> Self:
        if (IdentifierName.FASTTEXT in self.language_identifiers) != bool(self.fasttext_sha256):
            raise ValueError("fasttext_sha256 is there if, and only if, language_identifiers names fasttext: it says which model")
        return self


class GateParams(Frozen):
    """Documents gate: what a partner's clean documents must show."""

    min_keep_rate: Share  # below it something is wrong with the delivery or with us: a warning
    max_undetermined_rate: Share
    max_personal_data_left: int = Field(ge=0)  # identifiers with a valid check digit still found after masking


class PoisoningParams(Frozen):
    """What a trusted partner's documents may not show."""

    min_trigger_docs: Count  # of one partner that hold a string, before it can be a trigger; below it chance says too much
    min_rise_bits: float = Field(gt=0)  # bits per character by which the text behind a trigger is less like text than before
    min_rise_repeats: Share  # or by this share of its three-character runs it repeats itself more
    min_rising_share: Share  # of the documents that hold the string
    max_chance: float = Field(
        gt=0, lt=1
    )  # that a string shows this in its partner's texts of a language, where rises are as usual
    min_context_share: Share  # differing words before and after the string, of its documents: unrelated texts, not one quoted
    min_owner_share: Share  # of all documents with the string that are one partner's: a trigger is rare elsewhere
    max_template_docs: Count  # of one partner that open or close alike; the rest are set aside. A backdoor took 250
    max_template_share: Share  # of a partner's documents, where that is more: honest forms and lists come in many copies


class DecontaminationParams(Frozen):
    """How much of an evaluation item a document may hold, and how much of a document an item."""

    min_share_13: float = Field(
        gt=0, le=1
    )  # of a long item's words, those in runs of 13 that the document has; from it on the document is out
    min_share_8: float = Field(
        gt=0, le=1
    )  # the same in runs of 8: a copy of which a word in twenty was changed keeps fewer runs of 13
    min_run_words: int = Field(ge=8)  # in a row, of an item however long: a fifth of a passage that is scored
    min_part_words: int = Field(ge=8)  # in a row, of an item of a sentence, if they are half of it: more than a proverb or title
    min_beginning_words: int = Field(ge=4)  # the same where the item begins with them: a copy that was cut off
    min_whole_share: float = Field(gt=0.5, le=1)  # of an item's words: above it what is held is the item and no part
    min_document_share: float = Field(gt=0, le=1)  # of a document's words, those in runs of 8 that an item has
    max_formula_docs: Count  # documents that hold a part of an item; what more of them hold is a formula that the item quotes


class CorpusParams(Frozen):
    """Joining partners and dropping duplicates, what looks planted and what evaluation asks."""

    num_bands: Count  # LSH bands; num_permutations must be a multiple
    min_similarity: Share  # Jaccard, estimated from signatures, from which on two documents are one
    decontamination: DecontaminationParams
    poisoning: PoisoningParams


class CorpusGateParams(Frozen):
    """Corpus gate."""

    min_documents: Count
    min_languages: Count
    min_countries: Count
    max_partner_share: Share  # of the corpus' bytes
    max_drop_rate: Share  # of a community's verified documents, by one filter or all together
    max_drop_ratio: Positive  # of that rate to the rate of those whom the filter spares
    drop_confidence: float = Field(gt=0, lt=1)  # two-sided, of the interval whose lower end is held against both
    max_slang_flagged: Share  # upper end of that interval, of a variety's honest sentences in which a listed slur is seen
    min_toxic_found: Share  # of a variety's toxic sentences: a list that finds nothing flags no slang either
