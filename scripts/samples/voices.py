"""Oral records as archives keep them, from dialogues that were written for this project: ELAN, Praat, WebVTT and SubRip."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from samples.texts import Text, slug, written

MS_PER_WORD = 380
MS_BETWEEN_TURNS = 600


@dataclass(frozen=True)
class Turn:
    """What one speaker says, and when."""

    speaker: str
    words: str
    start_ms: int
    end_ms: int


def fill(folder: Path) -> None:
    """Write each dialogue in a format of its own below voces/; one recording is there too, as silence."""
    place = folder / "voces"
    place.mkdir()
    for text, (suffix, write) in zip(texts(), WRITERS.items(), strict=True):
        (place / f"{text.name}{suffix}").write_text(write(turns(text)), encoding="utf-8")
    (place / "receta-del-chipa.wav").write_bytes(_silence(0.1))


def texts() -> list[Text]:
    """The dialogues."""
    return written("archivo-litoral-voces", "es-AR")


def turns(text: Text) -> list[Turn]:
    """The turns of a dialogue, as long as they take to say."""
    found: list[Turn] = []
    at = 0
    for line in text.body.split("\n"):
        speaker, _, words = line.partition(": ")
        end = at + MS_PER_WORD * len(words.split())
        found.append(Turn(speaker, words, at, end))
        at = end + MS_BETWEEN_TURNS
    return found


def _clock(ms: int, mark: str) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"


def _webvtt(said: list[Turn]) -> str:
    """Voices as tags, and the last cue before the others, as an editor left it."""
    cues = [
        f"{_clock(t.start_ms, '.')} --> {_clock(t.end_ms, '.')}\n<v {t.speaker}>{html.escape(t.words, quote=False)}</v>\n"
        for t in [said[-1], *said[:-1]]
    ]
    return "WEBVTT\n\nNOTE Transcripción del archivo\n\n" + "\n".join(cues)


def _subrip(said: list[Turn]) -> str:
    cues = [
        f"{n}\n{_clock(t.start_ms, ',')} --> {_clock(t.end_ms, ',')}\n<i>{t.speaker}:</i> {t.words}\n"
        for n, t in enumerate(said, start=1)
    ]
    return "\n".join(cues)


def _textgrid(said: list[Turn]) -> str:
    """Praat's short form, a tier a speaker."""
    end = said[-1].end_ms / 1000
    speakers = sorted({t.speaker for t in said})
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", f"{end:g}", "<exists>", str(len(speakers))]
    for speaker in speakers:
        own = [t for t in said if t.speaker == speaker]
        lines += ['"IntervalTier"', f'"{speaker}"', "0", f"{end:g}", str(len(own))]
        for t in own:
            words = t.words.replace('"', '""')
            lines += [f"{t.start_ms / 1000:g}", f"{t.end_ms / 1000:g}", f'"{words}"']
    return "\n".join(lines) + "\n"


def _elan(said: list[Turn]) -> str:
    """A tier a speaker, and a tier of notes that is no text of the document."""
    slots = [
        f'<TIME_SLOT TIME_SLOT_ID="ts{n}" TIME_VALUE="{ms}"/>'
        for n, ms in enumerate(ms for t in said for ms in (t.start_ms, t.end_ms))
    ]
    tiers = "".join(_tier(speaker, said) for speaker in sorted({t.speaker for t in said}))
    first = slug(said[0].speaker)
    notes = (
        f'<TIER LINGUISTIC_TYPE_REF="nota" TIER_ID="notas" PARENT_REF="{first}"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="n0" '
        'ANNOTATION_REF="a0"><ANNOTATION_VALUE>se oye el viento</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-04-06T00:00:00-03:00" FORMAT="3.0" '
        'VERSION="3.0">\n<LICENSE LICENSE_URL="https://creativecommons.org/publicdomain/zero/1.0/"/>\n'
        f'<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>\n<TIME_ORDER>{"".join(slots)}</TIME_ORDER>\n{tiers}{notes}\n'
        '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="habla" TIME_ALIGNABLE="true"/>\n'
        '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="nota" CONSTRAINTS="Symbolic_Association" TIME_ALIGNABLE="false"/>\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def _tier(speaker: str, said: list[Turn]) -> str:
    annotations = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{n}" TIME_SLOT_REF1="ts{2 * n}" TIME_SLOT_REF2="ts{2 * n + 1}">'
        f"<ANNOTATION_VALUE>{html.escape(t.words)}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\n"
        for n, t in enumerate(said)
        if t.speaker == speaker
    )
    return f'<TIER LINGUISTIC_TYPE_REF="habla" TIER_ID="{slug(speaker)}" PARTICIPANT="{speaker}">\n{annotations}</TIER>\n'


def _silence(seconds: float, rate: int = 8000) -> bytes:
    """A WAV file of silence, 8 bits, one channel."""
    data = b"\x80" * round(seconds * rate)
    head = b"fmt " + (16).to_bytes(4, "little") + b"\x01\x00\x01\x00" + rate.to_bytes(4, "little") * 2 + b"\x01\x00\x08\x00"
    body = b"WAVE" + head + b"data" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


WRITERS: dict[str, Callable[[list[Turn]], str]] = {".eaf": _elan, ".vtt": _webvtt, ".srt": _subrip, ".TextGrid": _textgrid}
