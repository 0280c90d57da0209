"""Measure masking: recall and precision per country on planted identifiers in running text, false alarms, and speed.

Every run invents its numbers anew from a seed and writes none of them. Prints Markdown tables.
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from latamgpt.curation.name_tagger.masking import mask_tagged
from latamgpt.curation.name_tagger.tagger import Tagger
from latamgpt.curation.personal_data.masking import mask
from latamgpt.curation.personal_data.minors import count_minors
from latamgpt.params import NameScope
from tests.curation.planted_ids import PLANTED, Planted, distractors
from tests.curation.planted_people import NAMES, PEOPLE, People, Sentence, name_in

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("es", "pt", "que", "gug", "ayr", "nah", "arn", "guc", "hat", "jam")
IDS_PER_DOCUMENT, DISTRACTORS_PER_DOCUMENT = 3, 6
PEOPLE_PER_DOCUMENT = 5
MIN_CARRIER_CHARS, MAX_CARRIER_CHARS = 60, 300


@dataclass
class Tally:
    """What became of planted identifiers of a kind, and of the distractors in the same documents."""

    num_planted: int = 0
    num_masked: int = 0
    num_distractors: int = 0
    num_false: int = 0

    def add(self, other: "Tally") -> None:
        """Count another tally in."""
        self.num_planted += other.num_planted
        self.num_masked += other.num_masked
        self.num_distractors += other.num_distractors
        self.num_false += other.num_false

    @property
    def recall(self) -> float:
        """Of the planted, the share of which no digit is left."""
        return self.num_masked / self.num_planted

    @property
    def precision(self) -> float:
        """Of what was masked, the share that was planted."""
        return self.num_masked / (self.num_masked + self.num_false)


@dataclass
class Measured:
    """Tallies per kind of identifier, and false alarms per kind of distractor."""

    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    distractors: Counter[str] = field(default_factory=Counter)
    false_alarms: Counter[str] = field(default_factory=Counter)


def carriers() -> list[str]:
    """Sentences without a digit, of Spanish, Portuguese and languages that were here before them."""
    found: list[str] = []
    for language in LANGUAGES:
        text = (ROOT / "latamgpt/curation/language_samples" / f"{language}.txt").read_text(encoding="utf-8")
        lines = [line.strip() for line in text.split("\n")]
        found += [line for line in lines if MIN_CARRIER_CHARS < len(line) < MAX_CARRIER_CHARS and line.isprintable()][:200]
    return [line for line in found if not any(map(str.isdigit, line)) and "@" not in line]


def measure(seed: int, num_documents: int) -> Measured:
    """Plant identifiers of one kind and distractors in each document, mask it, and look at what is left."""
    draw = random.Random(seed)
    sentences = carriers()
    measured = Measured()
    for planted in PLANTED:
        tally = measured.tallies.setdefault((planted.country, planted.kind), Tally())
        for _ in range(num_documents):
            tally.add(_measure_document(planted, draw, sentences, measured))
    return measured


def _measure_document(planted: Planted, draw: random.Random, sentences: list[str], measured: Measured) -> Tally:
    """One document of a paragraph per number: paragraphs keep their order, and the carriers hold no digits."""
    numbers = [("", planted.written(draw)) for _ in range(IDS_PER_DOCUMENT)]
    numbers += draw.sample(list(distractors(draw)), DISTRACTORS_PER_DOCUMENT)
    draw.shuffle(numbers)
    text = "\n\n".join(f"{draw.choice(sentences)} {number}; {draw.choice(sentences)}" for _, number in numbers)
    tally = Tally(num_planted=IDS_PER_DOCUMENT, num_distractors=DISTRACTORS_PER_DOCUMENT)
    for (name, number), paragraph in zip(numbers, mask(text).text.split("\n\n"), strict=True):
        if not name:
            tally.num_masked += not any("0" <= char <= "9" for char in paragraph)
            continue
        is_false = number not in paragraph
        measured.distractors[name] += 1
        measured.false_alarms[name] += is_false
        tally.num_false += is_false
    return tally


def measure_people(seed: int, num_sentences: int) -> dict[str, Tally]:
    """Plant each kind of contact, account, name and child in a paragraph of its own, and a look-alike in another one."""
    draw = random.Random(seed)
    sentences = carriers()
    return {people.kind: _measure_people(people, draw, sentences, num_sentences) for people in PEOPLE}


def _measure_people(people: People, draw: random.Random, sentences: list[str], num_sentences: int) -> Tally:
    tally = Tally(num_planted=num_sentences, num_distractors=num_sentences)
    for _ in range(num_sentences):
        planted, other = people.planted(draw), people.look_alike(draw)
        carrier = draw.choice(sentences)
        if "child" in people.kind:
            tally.num_masked += count_minors(f"{carrier}\n\n{planted.text}\n\n{carrier}") > 0
            tally.num_false += count_minors(f"{carrier}\n\n{other}\n\n{carrier}") > 0
        else:
            left = mask(f"{carrier}\n\n{planted.text}\n\n{carrier}").text.removeprefix(carrier).removesuffix(carrier)
            tally.num_masked += not _is_left(planted, left)
            tally.num_false += other not in mask(f"{carrier}\n\n{other}\n\n{carrier}").text
    return tally


def measure_names(seed: int, num_sentences: int, tagger: Tagger | None) -> dict[str, float]:
    """For each place in which a name may stand, the share of sentences in which it is masked: in context, or something is."""
    draw = random.Random(seed)
    found: dict[str, float] = {}
    for place, frames in NAMES.items():
        num_masked = 0
        for _ in range(num_sentences):
            planted = name_in(draw, frames)
            left = mask(planted.text).text
            left = mask_tagged(left, tagger, NameScope.IN_CONTEXT, Counter()) if tagger else left
            num_masked += not _is_left(planted, left) if planted.secret else left != planted.text
        found[place] = num_masked / num_sentences
    return found


def _is_left(planted: Sentence, text: str) -> bool:
    """Whether any word or number of what is somebody's still stands in the text, but for words that its sentence has anyway."""
    frame = planted.text.replace(planted.secret, " ")
    words = set(re.findall(r"\w{3,}", planted.secret)) - set(re.findall(r"\w+", frame))
    return planted.secret in text or not words.isdisjoint(re.findall(r"\w+", text))


def megabytes_per_second(function: Callable[[str], object]) -> float:
    """Best of three, one process, over the samples' texts."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "samples" / "base_text").glob("*.txt"))]
    best = min(_seconds(function, texts) for _ in range(3))
    return sum(len(text.encode()) for text in texts) / best / 1e6


def _seconds(function: Callable[[str], object], texts: list[str]) -> float:
    start = time.process_time()
    for text in texts:
        function(text)
    return time.process_time() - start


def main() -> None:
    """Measure, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=400, help="per kind of identifier; each holds three of them")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    measured = measure(options.seed, options.documents)
    print("| country | kind | check digit | planted | recall | precision |\n|---|---|---|---:|---:|---:|")
    for planted in PLANTED:
        tally = measured.tallies[planted.country, planted.kind]
        row = (planted.country, planted.kind, "yes" if planted.has_check_digit else "no", f"{tally.num_planted:,}")
        print(f"| {' | '.join(row)} | {tally.recall:.2%} | {tally.precision:.2%} |")
    print("\n| numbers that name nobody | shown | masked by mistake |\n|---|---:|---:|")
    for name, shown in sorted(measured.distractors.items()):
        print(f"| {name} | {shown:,} | {measured.false_alarms[name] / shown:.3%} |")
    print("\n| what names a person | planted | recall | look-alikes | taken by mistake | precision |")
    print("|---|---:|---:|---:|---:|---:|")
    for kind, tally in measure_people(options.seed, PEOPLE_PER_DOCUMENT * options.documents).items():
        row = (f"{tally.num_planted:,}", f"{tally.recall:.1%}", f"{tally.num_distractors:,}", f"{tally.num_false:,}")
        precision = f"{tally.precision:.1%}" if tally.num_masked + tally.num_false else "none taken"
        print(f"| {kind} | {' | '.join(row)} | {precision} |")
    tagger = Tagger(ROOT / "data" / "name_tagger") if (ROOT / "data" / "name_tagger").is_dir() else None
    rules, both = (measure_names(options.seed, options.documents, one) for one in (None, tagger))
    print("\n| where a name stands | masked by the rules | and by the tagger, in context |\n|---|---:|---:|")
    for place, share in rules.items():
        print(f"| {place} | {share:.1%} | {f'{both[place]:.1%}' if tagger else 'run `latamgpt stage name_tagger`'} |")
    print(f"\n{megabytes_per_second(mask):.1f} MB of samples/base_text per second and processor")


if __name__ == "__main__":
    main()
