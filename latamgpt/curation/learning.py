"""Learns what a text of a language must reach from verified text of that language, as FineWeb-2 does, and says so in its file.

FineWeb-2 (Penedo et al. 2025, https://arxiv.org/abs/2506.20920) sets each language's thresholds from how a measure lies over
a reference text of that language. Here: mean and standard deviation over passages as short as the shortest document that is let
in, since short text scatters most. Few passages are of few texts and kinds of text, and say little about others: the limit is
then pulled towards the default's, which is wide (docs/fairness.md has the numbers).

What the reference cannot say stays as the file has it: how short a document is worth having, how much of it may be repeated
lines, repeated runs or symbols, and how few of its words may differ (the references were freed of markup and of repeated lines).
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from latamgpt.curation.cleaning import decide_language
from latamgpt.curation.language import one_name, shipped_model
from latamgpt.curation.normalise import normalise
from latamgpt.curation.quality import Measures, judge, measure
from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from latamgpt.params import QualityThresholds
from latamgpt.records import DOCUMENT_SCHEMA
from latamgpt.registry.languages import DEFAULT, NOT_REVIEWED, Evidence, LanguageFile, Method, Spread
from latamgpt.registry.residency import must_work_here
from latamgpt.registry.rights import Place
from latamgpt.store import Workspace, read_table

NUM_DEVIATIONS = 4.0  # of any measure at most 1 in 17 passages lies beyond (Cantelli); of a normal one, 1 in 31,000
WIDE_PASSAGES = 100  # so many passages, and the limit lies half-way between the default's and their own
MIN_PASSAGES = 20
REFERENCES = "latamgpt/curation/language_samples"
DOCUMENTS = "data/documents/"
OF_NOBODY = {
    "reason": "",
    "overrides": (),
    "reviewed_by": NOT_REVIEWED,
    "reviewed_on": None,
    "decision": "",
    "changed_since_review": (),
}
"""What a new language's file does not take over from the default's."""


@dataclass(frozen=True)
class Limits:
    """How far a language's text may go."""

    word_chars: float
    letter_share: float
    chars_per_word: float
    noisy_share: float


def learn(
    workspace: Workspace, files: Mapping[str, LanguageFile], language: str, sources: Sequence[str], min_confidence: float
) -> LanguageFile:
    """The file of a language with what its sources teach; what was chosen, reviewed and overridden in it stays.

    Args:
        workspace: where the sources lie.
        files: those there are; a language that has none begins with the default's thresholds.
        language: its code.
        sources: what to learn from; none: what its file names, or else the text that its identifier is trained on.
        min_confidence: from which on the language model's objection counts, as in clean_documents.

    Raises:
        OperatorError: a source is missing, or they hold fewer than 20 passages.
    """
    default = files[DEFAULT].thresholds
    file = files.get(language) or files[DEFAULT].model_copy(update={"language": language, **OF_NOBODY})
    named = tuple(sources) or (file.evidence.sources if file.evidence else (f"{REFERENCES}/{language}.txt",))
    texts = [text for source in named for text in read_source(workspace, source, language, min_confidence)]
    passages = read_passages(texts, file.thresholds.min_chars)
    evidence = gather(passages, named, language)
    learned = LanguageFile.model_validate(
        {
            **file.model_dump(),
            "method": Method.LEARNED,
            "thresholds": learned_from(evidence, file.thresholds, default).model_dump(),
            "evidence": evidence.model_dump(),
        }
    )
    in_force = learned.in_force()
    num_dropped = sum(judge(one, in_force, language) is not None for one in passages)
    return learned.model_copy(
        update={
            "evidence": evidence.model_copy(update={"num_dropped": num_dropped}),
            "changed_since_review": not_reviewed(file, in_force) if file.reviewed_on else (),
        }
    )


def not_reviewed(file: LanguageFile, now: QualityThresholds) -> tuple[str, ...]:
    """Thresholds that are others than when the community looked at the file."""
    before, after = file.in_force().model_dump(), now.model_dump()
    return tuple(name for name in after if before[name] != after[name] or name in file.changed_since_review)


def learned_from(evidence: Evidence, chosen: QualityThresholds, default: QualityThresholds) -> QualityThresholds:
    """The thresholds that the evidence speaks for, beside those chosen by hand; rounded to the looser side."""
    limits = limits_of(evidence, default)
    learned = {
        "min_words": max(1, math.floor(chosen.min_chars / limits.chars_per_word)),
        "max_mean_word_chars": math.ceil(10 * limits.word_chars) / 10,
        "min_letter_share": math.floor(100 * limits.letter_share) / 100,
        "max_noisy_share": math.ceil(100 * limits.noisy_share) / 100,
    }
    return QualityThresholds.model_validate({**chosen.model_dump(), **learned})


def gather(passages: Sequence[Measures], sources: tuple[str, ...], language: str) -> Evidence:
    """How the measures lie over a language's passages; rounded, so that a file says exactly what its thresholds follow from."""
    if len(passages) < MIN_PASSAGES:
        raise OperatorError(
            f"{', '.join(sources)}: that is {len(passages)} passages in {language}, and thresholds are "
            f"learned from {MIN_PASSAGES} or more: so few say nothing of how its texts differ. Name further verified text, or "
            f"leave {language} without a file: it is then held against languages/default.yaml, which is wide."
        )
    return Evidence(
        sources=sources,
        num_passages=len(passages),
        num_words=sum(one.words for one in passages),
        num_dropped=0,
        mean_word_chars=_spread(one.mean_word_chars for one in passages),
        letter_share=_spread(one.letter_share for one in passages),
        chars_per_word=_spread(_chars_per_word(one) for one in passages),
        noisy_share=_spread(one.noisy_share for one in passages),
    )


def limits_of(evidence: Evidence, default: QualityThresholds) -> Limits:
    """Four deviations from the mean, pulled towards the default's limit where that is wider: by half for 100 passages."""
    e, weight = evidence, WIDE_PASSAGES / (WIDE_PASSAGES + evidence.num_passages)
    word_chars = e.mean_word_chars.mean + NUM_DEVIATIONS * e.mean_word_chars.deviation
    letter_share = e.letter_share.mean - NUM_DEVIATIONS * e.letter_share.deviation
    chars_per_word = e.chars_per_word.mean + NUM_DEVIATIONS * e.chars_per_word.deviation
    noisy_share = e.noisy_share.mean + NUM_DEVIATIONS * e.noisy_share.deviation
    return Limits(
        word_chars=word_chars + weight * max(0.0, default.max_mean_word_chars - word_chars),
        letter_share=max(0.0, letter_share - weight * max(0.0, letter_share - default.min_letter_share)),
        chars_per_word=chars_per_word + weight * max(0.0, default.min_chars / default.min_words - chars_per_word),
        noisy_share=min(1.0, noisy_share + weight * max(0.0, default.max_noisy_share - noisy_share)),
    )


def read_passages(texts: Iterable[str], min_chars: int) -> list[Measures]:
    """The measures of every passage that has words."""
    measured = (measure(passage) for text in texts for passage in passages_of(text, min_chars))
    return [measures for measures in measured if measures.words]


def passages_of(text: str, min_chars: int) -> list[str]:
    """A text's lines, joined until they have that many characters; what is left over at the end is left out."""
    passages: list[str] = []
    passage = ""
    for line in normalise(text).split("\n"):
        if line.strip():
            passage = f"{passage}\n{line}" if passage else line
        if len(passage) >= min_chars:
            passages.append(passage)
            passage = ""
    return passages


def read_source(workspace: Workspace, source: str, language: str, min_confidence: float) -> list[str]:
    """A source's texts: a file, or those of data/documents/PARTNER declared in the language, where the model does not object.

    Raises:
        OperatorError: there is no such file, or that partner's documents are not published here.
        NotPermittedError: an agreement keeps that partner's texts elsewhere.
    """
    if not source.startswith(DOCUMENTS):
        path = workspace.root / source
        if not path.is_file():
            raise OperatorError(
                f"{path} is missing: the thresholds of {language} are learned from it. Restore it, or name another source."
            )
        return [path.read_text(encoding="utf-8")]
    site = read_site(workspace.root)
    place = workspace.place("documents", source.removeprefix(DOCUMENTS))
    must_work_here(workspace.root, "languages learn", [place], Place(site.country, site.name, site.is_guess))
    folder = workspace.read("documents", source.removeprefix(DOCUMENTS))
    rows = read_table(folder / "documents.parquet", DOCUMENT_SCHEMA).select(["declared_language", "text"]).to_pylist()
    return [row["text"] for row in rows if _is_verified(row["declared_language"], row["text"], language, min_confidence)]


def _is_verified(declared: str, text: str, language: str, min_confidence: float) -> bool:
    if one_name(declared) != language:
        return False
    plain = normalise(text)
    return not decide_language(declared, shipped_model().identify(plain), measure(plain).alphabetic, min_confidence).doubt


def _chars_per_word(measures: Measures) -> float:
    return measures.chars / measures.words


def _spread(values: Iterable[float]) -> Spread:
    seen = list(values)
    return Spread(mean=round(statistics.fmean(seen), 4), deviation=round(statistics.pstdev(seen), 4))
