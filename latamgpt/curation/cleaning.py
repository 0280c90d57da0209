"""The map task of curation: a few hundred documents in, the same documents with a verdict each out. A pure function."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from latamgpt.curation.boilerplate import LINES_SCHEMA, line_hashes
from latamgpt.curation.identifiers import confirm, in_force
from latamgpt.curation.language import UNDETERMINED, WIDE_LANGUAGES, Identified, one_name, shipped_model
from latamgpt.curation.machine_made import judge_machine_made
from latamgpt.curation.minhash import signature
from latamgpt.curation.name_tagger.masking import mask_tagged, scope_of
from latamgpt.curation.name_tagger.tagger import Tagger, TaggerPlace, open_tagger
from latamgpt.curation.normalise import normalise
from latamgpt.curation.personal_data.masking import Masked, mask
from latamgpt.curation.personal_data.minors import count_minors
from latamgpt.curation.personal_data.recogniser import NameRecogniser, mask_recognised, recogniser_in_force
from latamgpt.curation.quality import Measures, asks_people, judge, measure, score, thresholds_for
from latamgpt.curation.toxicity import judge_toxicity
from latamgpt.curation.variety import has_voseo, variety_of
from latamgpt.curation.variety_text import tag_by_words
from latamgpt.params import CleanDocumentsParams, NameRecogniserParams, NameScope, QualityThresholds
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, PERSONAL_DATA_SCHEMA
from latamgpt.store import rows_to_table

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

    rows: list[Row] | pa.Table  # a table is sent to a worker for a third of what a list costs
    params: CleanDocumentsParams
    quality: Mapping[str, QualityThresholds]  # per language; 'default' for all others
    fasttext_model: str = ""  # where this site keeps it
    name_recogniser: str = ""  # likewise
    name_tagger: TaggerPlace | None = None  # what the stage `name_tagger` published, if the parameters ask for it


@dataclass
class Cleaned:
    """What came of some documents: every one is in exactly one of `kept` and `excluded`; the undetermined are in both lists."""

    kept: list[Row] = field(default_factory=list[Row])  # CLEAN_DOCUMENT_SCHEMA
    excluded: list[Row] = field(default_factory=list[Row])  # EXCLUSION_SCHEMA
    undetermined: list[Row] = field(default_factory=list[Row])  # DOCUMENT_SCHEMA, masked, for people to look at
    personal_data: Counter[str] = field(default_factory=Counter[str])
    personal_data_rows: list[Row] = field(default_factory=list[Row])  # PERSONAL_DATA_SCHEMA, of the kept
    lines: list[Row] = field(default_factory=list[Row])  # LINES_SCHEMA, of the kept

    def add(self, other: "Cleaned") -> None:
        """Put another task's outcome behind this one."""
        self.kept += other.kept
        self.excluded += other.excluded
        self.undetermined += other.undetermined
        self.personal_data += other.personal_data
        self.personal_data_rows += other.personal_data_rows
        self.lines += other.lines


@dataclass(frozen=True)
class LanguageVerdict:
    """The language under which a document counts, or why people have to say."""

    language: str
    confidence: float
    doubt: str = ""  # a reason code
    detail: str = ""


PUBLISHED = {
    "documents": CLEAN_DOCUMENT_SCHEMA,
    "exclusions": EXCLUSION_SCHEMA,
    "personal_data": PERSONAL_DATA_SCHEMA,
    "undetermined": DOCUMENT_SCHEMA,
}
"""The stage's tables, each sorted by doc_id."""
WORKED = {**PUBLISHED, "lines": LINES_SCHEMA}
"""The tables of a task: boilerplate is found from the lines of all."""


def clean_to_tables(task: Task) -> dict[str, pa.Table]:
    """What the engines spread: `clean`, and its rows as the tables of WORKED, which travel and wait as columns."""
    done = clean(task)
    rows = (done.kept, done.excluded, done.personal_data_rows, done.undetermined, done.lines)
    return {name: rows_to_table(some, schema) for (name, schema), some in zip(WORKED.items(), rows, strict=True)}


def clean(task: Task) -> Cleaned:
    """Normalise, mask personal data, identify the language and judge the quality of every document of a task."""
    outcome = Cleaned()
    rows: list[Row] = task.rows if isinstance(task.rows, list) else task.rows.to_pylist()
    masked, titles = _masked(rows, "text", task), _masked(rows, "title", task)
    found = [shipped_model().identify(one.text) for one in masked]  # one after the other: its table stays in the cache
    for row, text, title, language in zip(rows, masked, titles, found, strict=True):
        _clean_one(row, text, title, language, task, outcome)
    return outcome


def decide_language(declared: str, found: Identified, num_letters: int, min_confidence: float) -> LanguageVerdict:
    """Weigh what the partner declared against what the model sees; neither is overruled in silence.

    An unsure model leaves the partner's word standing. A sure one that sees another language sends the document to people, but
    only where it knows the declared language, or sees one of the big ones, for which untranslated passages are mistaken. A model
    that another identifier speaks against is unsure.
    """
    name = one_name(declared)
    sure = found.confidence >= min_confidence and num_letters >= LETTERS_TO_DISPUTE and not found.against
    if name == UNDETERMINED:
        if sure:
            return LanguageVerdict(found.language, found.confidence)
        detail = f"no language is declared, and the model sees {found.language} with a confidence of {found.confidence:.2f}"
        detail += f", while {found.against}" if found.against else " only"
        return LanguageVerdict(UNDETERMINED, found.confidence, UNKNOWN, detail)
    knows = name in shipped_model().languages or found.language in WIDE_LANGUAGES
    if sure and knows and found.language != name:
        detail = f"declared as {declared}, and the model sees {found.language} with a confidence of {found.confidence:.2f}"
        return LanguageVerdict(UNDETERMINED, found.confidence, DISPUTED, detail)
    return LanguageVerdict(name, found.confidence if found.language == name else 0.0)


def _clean_one(row: Row, masked: Masked, title: Masked, found: Identified, task: Task, outcome: Cleaned) -> None:
    params = task.params
    num_minors = count_minors(masked.text)
    declared = str(row["declared_language"])
    measures = measure(masked.text)
    if found.language != one_name(declared) and found.confidence >= params.min_language_confidence:
        found = confirm(found, masked.text, in_force(params, task.fasttext_model))
    verdict = decide_language(declared, found, measures.alphabetic, params.min_language_confidence)
    name = verdict.language if verdict.language != UNDETERMINED else one_name(declared)
    drop = judge(measures, thresholds_for(task.quality, name), name) or judge_machine_made(masked.text, params)
    toxic = judge_toxicity(masked.text, known_variety(row, name), params)
    if drop is not None and asks_people(drop, task.quality, name):
        drop, toxic = None, toxic or drop
    if drop is not None and not num_minors:  # who is named does not hang on how the text is written
        outcome.excluded.append(exclusion(row, drop.reason, drop.detail, name))
    elif num_minors or verdict.doubt or toxic:
        doubt = (verdict.doubt, verdict.detail) if toxic is None or verdict.doubt else (toxic.reason, toxic.detail)
        reason, detail = (MINOR, MINOR_DETAIL.format(num_minors)) if num_minors else doubt
        outcome.excluded.append(exclusion(row, reason, detail, verdict.language))
        outcome.undetermined.append(
            {name: row[name] for name in DOCUMENT_SCHEMA.names} | {"text": masked.text, "title": title.text}
        )
    else:
        replaced = masked.counts + title.counts
        read = row | {"title": title.text} | _second_language(found, verdict)
        outcome.kept.append(_kept(read, masked.text, measures, verdict, replaced.total(), params))
        outcome.lines.append({"doc_id": row["doc_id"], "lines": line_hashes(masked.text, params.boilerplate)})
        outcome.personal_data += replaced
        outcome.personal_data_rows += [
            {"doc_id": row["doc_id"], "kind": kind, "num_replaced": number} for kind, number in sorted(replaced.items())
        ]


def _masked(rows: Sequence[Row], field: str, task: Task) -> list[Masked]:
    """A field of all documents, by the rules, and then the names that our tagger, and a site's recogniser, see in what they left.

    One look at all documents after the other: what each looks with stays in the processor's cache.
    """
    masked = [mask(normalise(str(row[field]))) for row in rows]
    if task.params.name_tagger is not None and task.name_tagger is not None:
        tagger = open_tagger(task.name_tagger)
        asked = task.params.name_tagger
        scopes = [scope_of(str(row["kind"]), str(row["period"]), asked) for row in rows]
        masked = [_tagged(one, tagger, scope) for one, scope in zip(masked, scopes, strict=True)]
    asked = task.params.name_recogniser
    recogniser = recogniser_in_force(asked, task.name_recogniser)
    if asked is None or recogniser is None:
        return masked
    return [_recognised(one, recogniser, asked) for one in masked]


def _tagged(masked: Masked, tagger: Tagger, scope: NameScope | None) -> Masked:
    if not masked.text or scope is None:
        return masked
    counts = masked.counts.copy()
    return Masked(mask_tagged(masked.text, tagger, scope, counts), counts)


def _recognised(masked: Masked, recogniser: NameRecogniser, asked: NameRecogniserParams) -> Masked:
    counts = masked.counts.copy()
    return Masked(mask_recognised(masked.text, recogniser, asked.scope, asked.min_confidence, counts), counts)


def _second_language(found: Identified, verdict: LanguageVerdict) -> Row:
    """Passages in a language that the document does not count under; where a person's word counts, the model's own finding."""
    if found.second and found.second != verdict.language:
        return {"second_language": found.second, "second_language_share": found.second_share}
    return {"second_language": "", "second_language_share": 0.0}


def variety_tag(row: Row, language: str, text: str) -> str:
    """The variety that the partner or a country names, or else a text's own words."""
    variety = known_variety(row, language)
    return variety if variety != language else tag_by_words(variety, text)


def known_variety(row: Row, language: str) -> str:
    """The variety that the partner or a country names, or the language itself."""
    declared = str(row["declared_language"])
    return variety_of(language, declared, str(row["country"]), same_language=one_name(declared) == language)


def with_text(row: Row, text: str, measures: Measures, params: CleanDocumentsParams) -> Row:
    """A row of CLEAN_DOCUMENT_SCHEMA, whose language is known, with this text and all that is computed of it."""
    raw = text.encode("utf-8")
    return row | {
        "text": text,
        "has_voseo": row["language"] == "es" and has_voseo(text),
        "num_bytes": len(raw),
        "quality": score(measures, row.get("ocr_confidence")),  # pyright: ignore[reportArgumentType]
        "text_sha256": hashlib.sha256(raw).hexdigest(),
        "signature": signature(text, params.num_permutations, params.shingle_words, params.minhash_seed),
    }


def _kept(
    row: Row, text: str, measures: Measures, verdict: LanguageVerdict, num_personal_data: int, params: CleanDocumentsParams
) -> Row:
    described = row | {
        "language": verdict.language,
        "language_confidence": verdict.confidence,
        "variety": variety_tag(row, verdict.language, text),
        "num_personal_data": num_personal_data,
    }
    return with_text(described, text, measures, params)


def exclusion(row: Row, reason: str, detail: str, language: str) -> Row:
    """A row of EXCLUSION_SCHEMA for a document."""
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
