"""Reader of Praat's TextGrid, long and short: its tiers of intervals are speakers.

Praat's own rule reads both forms: numbers, texts in quotation marks and flags in angle brackets count where they stand free, all
else is a comment for people.
"""

import re
from collections.abc import Iterator

from latamgpt.intake.encoding import decode
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.source import Source
from latamgpt.intake.transcripts import MAX_TRANSCRIPT_BYTES, Utterance, as_text, title_of

TOKEN = re.compile(r'"((?:[^"]|"")*)"|(?<![^\s\[\]])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![^\s\[\]])|<(exists|absent)>|![^\n]*')
SILENCE = frozenset({"", "sil", "sp", "silencio", "silêncio", "<sil>", "#", "xxx", "..."})
INTERVALS = "IntervalTier"
POINTS = "TextTier"


def read_textgrid(source: Source, name: str) -> Reading:
    """A TextGrid is one document: what its tiers of intervals hold, in the order of time, each tier a speaker."""
    raw = source.read(name, MAX_TRANSCRIPT_BYTES)
    text = decode(raw, "utf-16", name) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else decode(raw, source.delivery.encoding, name)
    return [Found(name, as_text(parse_textgrid(text, name)), title_of(name))]


def parse_textgrid(text: str, name: str) -> list[Utterance]:
    """The utterances of a TextGrid.

    Raises:
        Rejected: transcript_invalid, where the file ends early or holds what no TextGrid holds.
    """
    head, _, body = text.partition('"TextGrid"')
    if not body or "ooTextFile" not in head:
        raise Rejected(Reason.TRANSCRIPT_INVALID, f"{name} does not begin as a TextGrid does, with 'ooTextFile' and 'TextGrid'")
    tokens = _tokens(body)
    try:
        return _utterances(tokens)
    except (StopIteration, ValueError, OverflowError) as error:
        raise Rejected(
            Reason.TRANSCRIPT_INVALID, f"{name} ends early, or has a text where a number belongs: cut short?"
        ) from error


def _tokens(body: str) -> Iterator[str | float]:
    for match in TOKEN.finditer(_without_indices(body)):
        if match[1] is not None:
            yield match[1].replace('""', '"')
        elif match[2] is not None:
            yield float(match[2])


def _without_indices(body: str) -> str:
    """The long form counts its items, as in 'intervals [3]:'; these numbers stand in brackets and are comments."""
    return re.sub(r"(?<=item |vals |ints )\[\d*\]", "", body)


def _utterances(tokens: Iterator[str | float]) -> list[Utterance]:
    _skip_times(tokens)  # of the whole recording
    found: list[Utterance] = []
    for _ in range(_count(tokens)):
        kind, speaker = _words(tokens), _words(tokens)
        _skip_times(tokens)
        for _ in range(_count(tokens)):
            start = _number(tokens)
            end = _number(tokens) if kind == INTERVALS else start
            words = _words(tokens)
            if kind == INTERVALS and words.strip().casefold() not in SILENCE:
                found.append(Utterance(round(start * 1000), round(end * 1000), speaker, words))
        if kind not in (INTERVALS, POINTS):
            raise ValueError(kind)
    return found


def _skip_times(tokens: Iterator[str | float]) -> None:
    for _ in ("start", "end"):
        _number(tokens)


def _count(tokens: Iterator[str | float]) -> int:
    return int(_number(tokens))


def _number(tokens: Iterator[str | float]) -> float:
    value = next(tokens)
    if not isinstance(value, float):
        raise ValueError(value)
    return value


def _words(tokens: Iterator[str | float]) -> str:
    value = next(tokens)
    if not isinstance(value, str):
        raise ValueError(value)
    return value
