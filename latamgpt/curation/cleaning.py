"""The map task of curation: a few hundred documents in, the same documents with a verdict each out. A pure function."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from latamgpt.curation.language import UNDETERMINED, WIDE_LANGUAGES, Identified, one_name, shipped_model
from latamgpt.curation.minhash import signature
from latamgpt.curation.normalise import normalise
from latamgpt.curation.personal_data.masking import mask
from latamgpt.curation.personal_data.minors import count_minors
from latamgpt.curation.quality import judge, measure, thresholds_for
from latamgpt.curation.variety import has_voseo, variety_of
from latamgpt.params import CleanDocumentsParams, QualityThresholds
from latamgpt.records import DOCUMENT_SCHEMA

Row = dict[str, object]

STAGE = "clean_documents"
DISPUTED = "language_disputed"
UNKNOWN = "language_undetermined"
MINOR = "names_a_minor"
MINOR_DETAIL = "{} places give a child's age and full name beside a school, a court, a clinic or a guardian: a person has to look"
LETTERS_TO_DISPUTE = 80  # of a short text the model's confidence says little


@dataclass(frozen=True)
class Task:
    """Rows of DOCUMENT_SCHEMA, and how to judge them."""

    rows: list[Row]
    params: CleanDocumentsParams
    quality: Mapping[str, QualityThresholds]  # per language; 'default' for all others


@dataclass
class Cleaned:
    """What came of some documents: every one is in exactly one of `kept` and `excluded`; the undetermined are in both lists."""

    kept: list[Row] = field(default_factory=list[Row])  # CLEAN_DOCUMENT_SCHEMA
    excluded: list[Row] = field(default_factory=list[Row])  # EXCLUSION_SCHEMA
    undetermined: list[Row] = field(default_factory=list[Row])  # DOCUMENT_SCHEMA, masked, for people to look at
    personal_data: Counter[str] = field(default_factory=Counter[str])
    personal_data_rows: list[Row] = field(default_factory=list[Row])  # PERSONAL_DATA_SCHEMA, of the kept

    def add(self, other: "Cleaned") -> None:
        """Put another task's outcome behind this one."""
        self.kept += other.kept
        self.excluded += other.excluded
        self.undetermined += other.undetermined
        self.personal_data += other.personal_data
        self.personal_data_rows += other.personal_data_rows


@dataclass(frozen=True)
class LanguageVerdict:
    """The language under which a document counts, or why people have to say."""

    language: str
    confidence: float
    doubt: str = ""  # a reason code
    detail: str = ""


def clean(task: Task) -> Cleaned:
    """Normalise, mask personal data, identify the language and judge the quality of every document of a task."""
    outcome = Cleaned()
    for row in task.rows:
        _clean_one(row, task, outcome)
    return outcome


def decide_language(declared: str, found: Identified, num_letters: int, min_confidence: float) -> LanguageVerdict:
    """Weigh what the partner declared against what the model sees; neither is overruled in silence.

    An unsure model leaves the partner's word standing. A sure one that sees another language sends the document to people, but
    only where it knows the declared language, or sees one of the big ones, for which untranslated passages are mistaken.
    """
    name = one_name(declared)
    sure = found.confidence >= min_confidence and num_letters >= LETTERS_TO_DISPUTE
    if name == UNDETERMINED:
        if sure:
            return LanguageVerdict(found.language, found.confidence)
        detail = f"no language is declared, and the model sees {found.language} with a confidence of {found.confidence:.2f} only"
        return LanguageVerdict(UNDETERMINED, found.confidence, UNKNOWN, detail)
    knows = name in shipped_model().languages or found.language in WIDE_LANGUAGES
    if sure and knows and found.language != name:
        detail = f"declared as {declared}, and the model sees {found.language} with a confidence of {found.confidence:.2f}"
        return LanguageVerdict(UNDETERMINED, found.confidence, DISPUTED, detail)
    return LanguageVerdict(name, found.confidence if found.language == name else 0.0)


def _clean_one(row: Row, task: Task, outcome: Cleaned) -> None:
    params = task.params
    masked = mask(normalise(str(row["text"])))
    title = mask(normalise(str(row["title"])))
    num_minors = count_minors(masked.text)
    declared = str(row["declared_language"])
    measures = measure(masked.text)
    found = shipped_model().identify(masked.text)
    verdict = decide_language(declared, found, measures.alphabetic, params.min_language_confidence)
    name = verdict.language if verdict.language != UNDETERMINED else one_name(declared)
    drop = judge(measures, thresholds_for(task.quality, name), name)
    if drop is not None and not num_minors:  # who is named does not hang on how the text is written
        outcome.excluded.append(_exclusion(row, drop.reason, drop.detail, name))
    elif num_minors or verdict.doubt:
        reason, detail = (MINOR, MINOR_DETAIL.format(num_minors)) if num_minors else (verdict.doubt, verdict.detail)
        outcome.excluded.append(_exclusion(row, reason, detail, verdict.language))
        outcome.undetermined.append(
            {name: row[name] for name in DOCUMENT_SCHEMA.names} | {"text": masked.text, "title": title.text}
        )
    else:
        replaced = masked.counts + title.counts
        read = row | {"title": title.text} | _second_language(found, verdict)
        outcome.kept.append(_kept(read, masked.text, verdict, replaced.total(), params))
        outcome.personal_data += replaced
        outcome.personal_data_rows += [
            {"doc_id": row["doc_id"], "kind": kind, "num_replaced": number} for kind, number in sorted(replaced.items())
        ]


def _second_language(found: Identified, verdict: LanguageVerdict) -> Row:
    """Passages in a language that the document does not count under; where a person's word counts, the model's own finding."""
    if found.second and found.second != verdict.language:
        return {"second_language": found.second, "second_language_share": found.second_share}
    return {"second_language": "", "second_language_share": 0.0}


def _kept(row: Row, text: str, verdict: LanguageVerdict, num_personal_data: int, params: CleanDocumentsParams) -> Row:
    declared = str(row["declared_language"])
    same_language = one_name(declared) == verdict.language
    raw = text.encode("utf-8")
    return row | {
        "text": text,
        "language": verdict.language,
        "language_confidence": verdict.confidence,
        "variety": variety_of(verdict.language, declared, str(row["country"]), same_language=same_language),
        "has_voseo": verdict.language == "es" and has_voseo(text),
        "num_bytes": len(raw),
        "num_personal_data": num_personal_data,
        "text_sha256": hashlib.sha256(raw).hexdigest(),
        "signature": signature(text, params.num_permutations, params.shingle_words, params.minhash_seed),
    }


def _exclusion(row: Row, reason: str, detail: str, language: str) -> Row:
    return {
        "doc_id": row["doc_id"],
        "partner": row["partner"],
        "delivery": row["delivery"],
        "path": row["path"],
        "stage": STAGE,
        "reason": reason,
        "detail": detail,
        "language": language,
        "num_bytes": len(str(row["text"]).encode("utf-8")),
    }
