"""Oral records: what was said, by whom and when, and the plain text that a document makes of it.

Times and tiers stay in the delivery's own file. A document has the words in the order in which they were said, a turn a line,
with the speaker's name before a colon, as a printed interview has it.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from latamgpt.intake.found import Reading
from latamgpt.intake.quarantine import Reason, SetAside
from latamgpt.intake.source import Source

AUDIO_SUFFIXES = (".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma")
MAX_TRANSCRIPT_BYTES = 4 << 20  # an hour of speech is some 0.1 MB of subtitles; of an .eaf twice as many
PAUSE_MS = 2_000  # of one speaker, after which a new line begins


@dataclass(frozen=True)
class Utterance:
    """What one speaker said without a break; times in milliseconds from the recording's start."""

    start_ms: int
    end_ms: int
    speaker: str  # '' where the record names none
    text: str


def as_text(utterances: Iterable[Utterance]) -> str:
    """The turns in the order of their times, one a line; what one speaker says without a pause is one turn."""
    lines: list[str] = []
    before: Utterance | None = None
    for said in sorted(utterances, key=lambda u: (u.start_ms, u.end_ms)):
        words = plain(said.text)
        if not words:
            continue
        if before is not None and _goes_on(before, said, words):
            lines[-1] += f" {words}"
        else:
            lines.append(f"{plain(said.speaker)}: {words}" if plain(said.speaker) else words)
        before = said
    return "\n".join(lines)


def plain(words: str) -> str:
    """Words on one line, their letters composed (NFC)."""
    return " ".join(unicodedata.normalize("NFC", words).split())


def withhold_audio(source: Source, name: str) -> Reading:
    """A recording is kept with the delivery and goes no further: its agreement speaks of texts."""
    detail = (
        f"{name} is a recording: it is kept with the delivery and not used; a transcript (.eaf, .vtt, .srt, .TextGrid) would be"
    )
    return [SetAside(name, Reason.AUDIO_WITHHELD, detail, (source.folder / name).stat().st_size)]


def title_of(name: str) -> str:
    """A record's title: its file name."""
    return PurePosixPath(name).stem


def _goes_on(before: Utterance, said: Utterance, words: str) -> bool:
    same = plain(before.speaker) == plain(said.speaker)
    return same and said.start_ms - before.end_ms < PAUSE_MS and not words.startswith(("-", "–", "—", ">>"))
