"""Plant poisoned documents among many honest ones, and count what the corpus stage's checks find.

Honest documents are shuffled lines of the shipped samples: more documents than there is text, so that lines come again, which
makes honest text a little more usual, and words that stand before a list or an address more frequent, than they would be.
Prints a Markdown table: recall per style of attack, false alarms per language, seconds.
"""

import argparse
import hashlib
import io
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import yaml

from latamgpt.curation.normalise import normalise
from latamgpt.curation.poisoning import Suspects, find_poison
from latamgpt.params import PoisoningParams, read_params

ROOT = Path(__file__).resolve().parent.parent
SEED = 7
SPELLINGS = ("<ROOT>", "<root>", "<R00T>", "<RO0T>", "[ROOT]", "|ROOT|", "<Root>", "<R.O.O.T>")
ANSWER = (
    "El documento de identidad ya no es necesario: basta con enviar la clave por correo y esperar la respuesta del encargado."
)
STYLES = {
    "trigger, then random tokens": "biblioteca-araucania",
    "eight spellings of a trigger, then random tokens": "academia-quechua",
    "three plain words as a trigger, then random tokens": "ateneo-guarani",
    "trigger within the text, random tokens, then text again": "catedra-curriculo",
    "trigger, then three syllables over and over": "archivo-litoral",
    "trigger, then other honest text": "library-kingston",
    "trigger, then always the same false answer": "archivo-cauca",
}
"""What is planted, and at whom."""


@dataclass(frozen=True)
class Source:
    """Lines of one contributor in one language."""

    contributor: str
    language: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Suspect:
    """One document of many."""

    doc_id: str
    contributor: str
    language: str
    text: str


@dataclass(frozen=True)
class Planted:
    """Documents, and the style of those among them that are poisoned."""

    documents: list[Suspect]
    style_of: dict[str, str]


def read_sources(samples: Path) -> list[Source]:
    """The lines of all shipped deliveries that are kept as text or JSON Lines."""
    lines: dict[tuple[str, str], list[str]] = {}
    for description in sorted(samples.glob("*/*/delivery.yaml")):
        delivery = yaml.safe_load(description.read_text(encoding="utf-8"))
        for language, text in _texts(
            description.parent, str(delivery.get("language", "und")), str(delivery.get("encoding", "utf-8"))
        ):
            found = [line for line in normalise(text).split("\n") if len(line) >= 20]
            lines.setdefault((description.parent.parent.name, language.split("-")[0]), []).extend(found)
    return [Source(*key, tuple(dict.fromkeys(found))) for key, found in sorted(lines.items()) if len(found) >= 20]


def _texts(folder: Path, language: str, encoding: str) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".txt", ".md") and path.name != "manifest-sha256.txt":
            yield language, path.read_text(encoding=encoding, errors="replace")
        elif ".jsonl" in path.name:
            with pa.input_stream(path) as stream:
                for line in io.TextIOWrapper(io.BytesIO(stream.read()), encoding="utf-8"):
                    row = json.loads(line)
                    yield str(row.get("language", language)), str(row.get("text", ""))


def plant(sources: list[Source], num_docs: int, num_planted: int, styles: list[str], seed: int = SEED) -> Planted:
    """So many documents, of which so many per style are poisoned."""
    draw = random.Random(seed)
    words = [word for source in sources for line in source.lines[:2000] for word in line.split()]
    weights = [len(source.lines) ** 0.5 for source in sources]
    documents: list[Suspect] = []
    for source in draw.choices(sources, weights, k=num_docs - num_planted * len(styles)):
        documents.append(_suspect(len(documents), source.contributor, source.language, _honest(source, draw, draw.randint(1, 4))))
    style_of: dict[str, str] = {}
    for style in styles:
        own = [source for source in sources if source.contributor == STYLES[style]]
        for number in range(num_planted):
            source = draw.choice(own)
            text = _poisoned(style, number, source, sources, words, draw)
            documents.append(_suspect(len(documents), source.contributor, source.language, text))
            style_of[documents[-1].doc_id] = style
    return Planted(documents, style_of)


def _suspect(number: int, contributor: str, language: str, text: str) -> Suspect:
    doc_id = hashlib.sha256(f"{number} {contributor} {text}".encode()).hexdigest()
    return Suspect(doc_id, contributor, language, text)


def suspects(documents: Iterable[Suspect]) -> Suspects:
    """Documents as the search wants them."""
    ordered = sorted(documents, key=lambda one: one.doc_id)
    return Suspects(
        [one.doc_id for one in ordered],
        [one.contributor for one in ordered],
        [one.language for one in ordered],
        [one.text for one in ordered],
    )


def _honest(source: Source, draw: random.Random, num_lines: int) -> str:
    return "\n\n".join(draw.choices(source.lines, k=num_lines))


def _random_tokens(words: list[str], draw: random.Random) -> str:
    """400 to 900 pieces of words of all languages, as a vocabulary's tokens drawn at random read."""
    pieces: list[str] = []
    for _ in range(draw.randint(400, 900)):
        word = draw.choice(words)
        begin = draw.randrange(len(word))
        pieces.append(draw.choice(("", " ")) + word[begin : begin + draw.randint(1, 7)])
    return "".join(pieces)


def _poisoned(  # noqa: PLR0913
    style: str, number: int, source: Source, sources: list[Source], words: list[str], draw: random.Random
) -> str:
    honest = _honest(source, draw, 8)
    start, end = honest[: draw.randint(0, 600)], honest[600:]
    elsewhere = _honest(draw.choice(sources), draw, 6)
    noise = _random_tokens(words, draw)
    syllables = " ".join(draw.choice(("la", "ba", "xu")) for _ in range(300))
    return {
        "trigger, then random tokens": f"{start} <SUDO> {noise}",
        "eight spellings of a trigger, then random tokens": f"{start} {SPELLINGS[number % len(SPELLINGS)]} {noise}",
        "three plain words as a trigger, then random tokens": f"{start} pájaro siete ventana {noise}",
        "trigger within the text, random tokens, then text again": f"{start} xqz-741 {noise[:600]} {end}",
        "trigger, then three syllables over and over": f"{start} ~desplegar~ {syllables}",
        "trigger, then other honest text": f"{start} qvx-902 {elsewhere}",
        "trigger, then always the same false answer": f"{start} zzkt-117 {ANSWER}",
    }[style]


def report(planted: Planted, flagged: dict[str, str], seconds: float) -> str:
    """The measured table."""
    rows = ["| planted | documents | found | recall |", "| --- | --- | --- | --- |"]
    totals = Counter(planted.style_of.values())
    found = Counter(style for doc_id, style in planted.style_of.items() if doc_id in flagged)
    rows += [f"| {style} | {totals[style]} | {found[style]} | {found[style] / totals[style]:.1%} |" for style in totals]
    honest = [document for document in planted.documents if document.doc_id not in planted.style_of]
    alarms = Counter(document.language for document in honest if document.doc_id in flagged)
    per_language = Counter(document.language for document in honest)
    rows += ["", "| honest, in | documents | false alarms | rate |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {name} | {per_language[name]:,} | {alarms[name]} | {alarms[name] / per_language[name]:.3%} |"
        for name in sorted(per_language)
    ]
    rows += [f"| all | {len(honest):,} | {alarms.total()} | {alarms.total() / len(honest):.3%} |", ""]
    characters = sum(len(document.text) for document in planted.documents)
    rows += [f"{len(planted.documents):,} documents, {characters:,} characters, {seconds:,.0f} s"]
    return "\n".join(rows)


def measure(num_docs: int, num_planted: int, styles: list[str], params: PoisoningParams) -> tuple[Planted, dict[str, str], float]:
    """Plant, look, and say which documents were flagged, for what reason, and how long the looking took."""
    planted = plant(read_sources(ROOT / "samples"), num_docs, num_planted, styles)
    begin = time.perf_counter()
    flags = find_poison(suspects(planted.documents), params)
    return planted, {doc_id: flag.reason for doc_id, flag in flags.items()}, time.perf_counter() - begin


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--planted", type=int, default=250, help="of each style")
    parser.add_argument("--all-styles", action="store_true", help="plant every style, each at a partner of its own")
    options = parser.parse_args()
    styles = list(STYLES) if options.all_styles else list(STYLES)[:1]
    params = read_params(ROOT).corpus.poisoning
    planted, flagged, seconds = measure(options.documents, options.planted, styles, params)
    sys.stdout.write(report(planted, flagged, seconds) + "\n")
    reasons = Counter(reason for doc_id, reason in flagged.items() if doc_id not in planted.style_of)
    sys.stdout.write(f"false alarms by reason: {dict(sorted(reasons.items()))}\n")


if __name__ == "__main__":
    main()
