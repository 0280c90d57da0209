"""Names of persons that a site's own recogniser finds, masked where the text around them makes them personal data.

Our own small tagger (`name_tagger`) is in the graph. A site that has a larger model may put it beside: a folder as transformers
saves a token classifier, and params.yaml says which one. It sees names that the rules of `names.py` do not. It cannot tell a poet
from a patient, so what is done with its finds is the run's decision: `in_context` or `everywhere`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from latamgpt.curation.personal_data.names import CONTACT, IDENTITY, replace_names
from latamgpt.errors import OperatorError
from latamgpt.params import NameRecogniserParams, NameScope
from latamgpt.records import Table
from latamgpt.store import sha256_file

SUMS_NAME = "SHA256SUMS"
PERSON_LABELS = frozenset({"PER", "PERS", "PERSON", "PERSONA", "PESSOA", "NAME"})
MAX_TOKENS = 512  # of a window, where a model with relative positions names no limit
STRIDE_TOKENS = 32  # by which the windows of a long text overlap: a name on a border is whole in one of them
BETWEEN_PIECES = re.compile(r"[ '’ʼ-]{0,2}")
NEAR_CHARS = 140
BEFORE_CHARS = 40
NAMED_BEFORE = re.compile(
    r"(?<!\w)(?:don|doña|dona|dña\.|señor(?:a|ita)?|sra?\.|srta\.|senhora?|ciudadan[oa]|cidadão|cidadã|paciente|testigo|testemunha|"
    r"compareciente|denunciante|me llamo|mi nombre es|me chamo|(?:o )?meu nome é|se llama|se chama|hij[oa] de|filh[oa] de|"
    r"viud[oa] de|viúv[oa] de|casad[oa] c[oe][nm]|atentamente|atenciosamente|firma(?:do|da)?(?: por)?|assinado por)[\s,:.]{1,3}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, order=True)
class PersonSpan:
    """Where a name stands in a text, and how sure the recogniser is of its least sure piece."""

    start: int
    end: int
    confidence: float


class NameRecogniser(Protocol):
    """Finds the names of persons in a text."""

    def find(self, text: str) -> list[PersonSpan]:
        """The names in the order of the text, none overlapping."""
        ...


class TokenClassifier:
    """A folder as transformers saves a token classifier with a fast tokenizer: config.json, tokenizer.json, model.safetensors.

    Cost: one forward pass for each window of the text; on a processor some hundred times what the rules cost.

    Raises:
        OperatorError: the folder is missing or not the one that was asked for, or it is no such model.
    """

    def __init__(self, folder: Path, sha256: str) -> None:
        _must_be(folder, sha256)
        from transformers import AutoModelForTokenClassification, AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True)
            self._model = AutoModelForTokenClassification.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            ).eval()
        except (OSError, ValueError, KeyError) as error:
            raise OperatorError(
                f"{folder} is no token classifier that transformers reads: {error}. Save one there with save_pretrained (weights "
                f"as safetensors, a fast tokenizer), write {SUMS_NAME}, set clean_documents.name_recogniser.sha256 to its sha256."
            ) from error
        self._num_positions = getattr(self._model.config, "max_position_embeddings", MAX_TOKENS + 2) - 2  # RoBERTa keeps two
        labels = self._model.config.id2label
        self._is_person = [str(labels[number]).rpartition("-")[2].upper() in PERSON_LABELS for number in range(len(labels))]
        self._begins = [str(labels[number]).startswith("B-") for number in range(len(labels))]
        if not any(self._is_person):
            raise OperatorError(
                f"{folder} names no persons: its labels are {', '.join(map(str, labels.values()))}, and one of them has to be "
                f"{', '.join(sorted(PERSON_LABELS))}. Put another model there."
            )

    def find(self, text: str) -> list[PersonSpan]:
        """See NameRecogniser."""
        import torch

        if not text.strip():
            return []
        windows = self._tokenizer(
            text,
            return_offsets_mapping=True,
            return_overflowing_tokens=True,
            return_special_tokens_mask=True,
            truncation=True,
            max_length=min(self._tokenizer.model_max_length, self._num_positions),
            stride=STRIDE_TOKENS,
        )
        found: list[PersonSpan] = []
        for number in range(len(windows["input_ids"])):
            with torch.inference_mode():
                scores = self._model(input_ids=torch.tensor([windows["input_ids"][number]])).logits[0].softmax(-1)
            best, label = (values.tolist() for values in scores.max(-1))
            pieces = zip(windows["offset_mapping"][number], windows["special_tokens_mask"][number], best, label, strict=True)
            found += self._joined(text, [(*place, score, kind) for place, special, score, kind in pieces if not special])
        return _without_overlaps(found)

    def _joined(self, text: str, pieces: Sequence[tuple[int, int, float, int]]) -> list[PersonSpan]:
        """Pieces of words that are called a person's, put together to names, each up to the end of its words."""
        spans: list[PersonSpan] = []
        for start, end, score, kind in pieces:
            if not self._is_person[kind]:
                continue
            start, end = _whole_words(text, start, end)
            last = spans[-1] if spans else None
            new_word = last is not None and start >= last.end
            if last is None or (new_word and (self._begins[kind] or not BETWEEN_PIECES.fullmatch(text, last.end, start))):
                spans.append(PersonSpan(start, end, score))
            else:
                spans[-1] = PersonSpan(last.start, max(end, last.end), min(score, last.confidence))
        return spans


def mask_recognised(text: str, recogniser: NameRecogniser, scope: NameScope, min_confidence: float, counts: Counter[str]) -> str:
    """Replace full names that a recogniser is sure of, as far as the scope goes; one that was replaced is, in the whole text.

    In context are names behind a title or words that introduce a person (*doña*, *me llamo*, *hijo de*), and those within
    140 characters of personal data that was replaced, in the same paragraph. A single word is let be: it names nobody alone.
    """
    spans = [span for span in recogniser.find(text) if span.confidence >= min_confidence and " " in text[span.start : span.end]]
    names = {text[span.start : span.end] for span in spans if scope is NameScope.EVERYWHERE or _is_in_context(text, span)}
    names = {name for name in names if "[" not in name and "\n" not in name}
    return replace_names(text, names, counts)


def _is_in_context(text: str, span: PersonSpan) -> bool:
    if NAMED_BEFORE.search(text, max(0, span.start - BEFORE_CHARS), span.start):
        return True
    before = text[max(0, span.start - NEAR_CHARS) : span.start].rpartition("\n\n")[2]
    after = text[span.end : span.end + NEAR_CHARS].partition("\n\n")[0]
    return any(pattern.search(part) for part in (before, after) for pattern in (IDENTITY, CONTACT))


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def _without_overlaps(spans: list[PersonSpan]) -> list[PersonSpan]:
    """Windows overlap: of two finds of one name the longer stays."""
    kept: list[PersonSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _must_be(folder: Path, sha256: str) -> None:
    sums = folder / SUMS_NAME
    if not sums.is_file():
        raise OperatorError(
            f"params.yaml asks for the name recogniser {sha256[:12]}..., and this site has no file {sums}. Without it "
            f"names would stay in the corpus. Put the model there, with `sha256sum *.json *.safetensors > {SUMS_NAME}`, or set "
            "name_recogniser in the site's file."
        )
    if (found := sha256_file(sums)) != sha256:
        raise OperatorError(
            f"{sums} has sha256 {found}, and params.yaml asks for the name recogniser with {sha256}. Another model finds other "
            "names. Put the right folder there, or, to change models, set clean_documents.name_recogniser.sha256."
        )
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file() or sha256_file(path) != digest:
            raise OperatorError(f"{path} is missing or not as {SUMS_NAME} says: the name recogniser is damaged. Fetch it again.")


def recogniser_in_force(params: NameRecogniserParams | None, folder: str) -> NameRecogniser | None:
    """The recogniser that params.yaml names, if it names one; the site says where its folder lies.

    Raises:
        OperatorError: it is missing, damaged or another one.
    """
    return _recogniser(folder, params.sha256) if params else None


@cache
def _recogniser(folder: str, sha256: str) -> NameRecogniser:
    return TokenClassifier(Path(folder), sha256)


def edition(params: NameRecogniserParams | None) -> tuple[Table, ...]:
    """For a stage's report: which recogniser looked for names, and how far its word went."""
    if params is None:
        return ()
    row = (params.sha256, params.scope, params.min_confidence)
    return (Table(name="name recogniser", columns=("sha256", "scope", "min_confidence"), rows=(row,)),)
