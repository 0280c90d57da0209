"""Readers of WebVTT and SubRip: cues become turns; tags and entities go, voices become speakers, rolled-up lines stand once."""

import html
import io
import re
from itertools import pairwise

from latamgpt.intake.answers import checked
from latamgpt.intake.encoding import decode
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.licences import statements_in
from latamgpt.intake.limited import run_limited
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.source import Source
from latamgpt.intake.transcripts import MAX_TRANSCRIPT_BYTES, Utterance, as_text, title_of
from latamgpt.records import Frozen

IMPORTED_AHEAD = ("webvtt",)
VOICE = re.compile(r"<v(?:\.[^\s.>]*)*[ \t]([^<>]*)>")
LABEL = re.compile(r"([^\W\d_][^\s:]*(?: [^\s:]+){0,2}):\s+(?=\S)")  # 'Doña Rosa: ', where there is no tag for it
TAG = re.compile(r"</?[a-zA-Z0-9][^<>]*>|\{\\[^{}]*\}")  # <i>, <c.yellow>, <00:01.000>, {\an8}
TOUCHING_MS = 60
MAX_ROLLED_UP_LINES = 16  # that a cue repeats of the one before; screens show three or four
ROLLED_UP_SHARE = 0.5  # of the pairs of cues that touch; below it a line said twice was said twice


Cue = tuple[int, int, list[str]]
"""Start and end in milliseconds, and lines with their tags."""


class Cues(Frozen):
    """What a file of subtitles holds."""

    cues: list[Cue]
    notes: list[str]
    num_unread: int  # cues whose times cannot be read


def read_webvtt(source: Source, name: str) -> Reading:
    """A WebVTT file is one document; it is in UTF-8 whatever the delivery's encoding, as its standard has it."""
    return _read(source, name, decode(source.read(name, MAX_TRANSCRIPT_BYTES), "utf-8", name), "vtt")


def read_subrip(source: Source, name: str) -> Reading:
    """A SubRip (.srt) file is one document, in the delivery's encoding."""
    return _read(source, name, decode(source.read(name, MAX_TRANSCRIPT_BYTES), source.delivery.encoding, name), "srt")


def _read(source: Source, name: str, text: str, kind: str) -> Reading:
    answer = run_limited(parse_cues, [text, kind], name=name, reason=Reason.TRANSCRIPT_INVALID)
    found = checked(Cues, answer, name, Reason.TRANSCRIPT_INVALID)
    utterances = [said for cue in _once(sorted(found.cues)) for said in _turns(*cue)]
    stated = statements_in("\n".join(found.notes), "a note of the file")
    reading: Reading = [Found(name, as_text(utterances), title_of(name), statements=tuple(stated))]
    if found.num_unread:
        num_cues = found.num_unread + len(found.cues)
        detail = f"{found.num_unread} of {num_cues} cues of {name} have no times that can be read: the others are used"
        reading.append(SetAside(f"{name}#cues", Reason.NOT_READ, detail, 0))
    return reading


def parse_cues(text: str, kind: str) -> dict[str, object]:
    """The cues of a file: start and end in milliseconds, and lines with their tags; runs in a limited process.

    Raises:
        Rejected: transcript_invalid, where the file is none of its kind.
    """
    import webvtt
    from webvtt.errors import MalformedFileError

    try:
        parsed = webvtt.from_buffer(io.StringIO(text), format=kind)
    except MalformedFileError as error:
        raise Rejected(Reason.TRANSCRIPT_INVALID, f"the file is no {kind} file: {error}") from error
    cues = [(c.start_time.in_milliseconds(), c.end_time.in_milliseconds(), list(c.lines)) for c in parsed.captions]
    notes = [*parsed.header_comments, *parsed.footer_comments, *(n for c in parsed.captions for n in c.comments)]
    num_marked = sum("-->" in line for line in text.splitlines())
    return {"cues": cues, "notes": notes, "num_unread": max(0, num_marked - len(cues))}


def _once(cues: list[Cue]) -> list[Cue]:
    """Cues without the lines that captions for the deaf repeat from the cue before, where the file is made that way."""
    touching = [(a, b) for a, b in pairwise(cues) if b[0] - a[1] <= TOUCHING_MS]
    repeats = sum(_num_repeated(a[2], b[2]) > 0 for a, b in touching)
    if not touching or repeats <= ROLLED_UP_SHARE * len(touching):
        return cues
    kept = [cues[0]]
    for before, cue in pairwise(cues):
        skip = _num_repeated(before[2], cue[2]) if cue[0] - before[1] <= TOUCHING_MS else 0
        kept.append((cue[0], cue[1], cue[2][skip:]))
    return kept


def _num_repeated(before: list[str], lines: list[str]) -> int:
    said, again = [_words(line) for line in before], [_words(line) for line in lines]
    return next((n for n in range(min(len(said), len(again), MAX_ROLLED_UP_LINES), 0, -1) if said[-n:] == again[:n]), 0)


def _turns(start_ms: int, end_ms: int, lines: list[str]) -> list[Utterance]:
    """One cue as turns: a voice tag, or a dash at a line's beginning, is another speaker."""
    parts = re.split(r"\n(?=[^\S\n]*(?:[-–—]|<v[ .]))|(?=<v[ .])", "\n".join(lines))
    turns: list[Utterance] = []
    for part in parts:
        voice = VOICE.search(part)
        words = _words(part)
        label = None if voice else LABEL.match(words)
        speaker = html.unescape(voice[1]) if voice else label[1] if label else ""
        turns.append(Utterance(start_ms, end_ms, speaker, words[label.end() :] if label else words))
    return turns


def _words(line: str) -> str:
    return html.unescape(TAG.sub("", line)).replace("\u200b", "").strip()
