"""Measure the language identifier on text that it was not trained on, and print Markdown tables.

    python -m scripts.bench_languages

Of each language's sample every fifth line is held out in turn, the model is fitted on the others, and says of each held-out line
in which language it is (a line is a sentence or two). So every line is judged once, by a model that has not seen it. The second
table holds the model's confidence against how often it was right, the third what is left where it may abstain.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from latamgpt.curation.language import SAMPLES, fit, letters
from latamgpt.params import read_params

ROOT = Path(__file__).resolve().parents[1]
FOLDS = 5
MIN_LETTERS = 20  # of a line: shorter ones are headings and names
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Verdict:
    """What the model said of a held-out line."""

    language: str
    said: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether it said the line's language."""
        return self.said == self.language


def judge() -> list[Verdict]:
    """Every line of the samples, judged by a model that was fitted without it."""
    lines = {path.stem: path.read_text(encoding="utf-8").split("\n") for path in sorted(SAMPLES.glob("*.txt"))}
    verdicts: list[Verdict] = []
    for fold in range(FOLDS):
        model = fit({code: "\n".join(line for n, line in enumerate(of) if n % FOLDS != fold) for code, of in lines.items()})
        for code, of in lines.items():
            for line in of[fold::FOLDS]:
                if len(letters(line)) >= MIN_LETTERS:
                    found = model.identify(line)
                    verdicts.append(Verdict(code, found.language, found.confidence))
    return verdicts


def main() -> None:
    """Judge, count, print."""
    verdicts = judge()
    least = read_params(ROOT).clean_documents.min_language_confidence
    right = sum(one.is_right for one in verdicts)
    print(f"{right:,} of {len(verdicts):,} held-out lines right ({right / len(verdicts):.2%}).\n")
    print("| language | lines | right | taken for |\n|---|---:|---:|---|")
    for language in sorted({one.language for one in verdicts}):
        of = [one for one in verdicts if one.language == language]
        wrong = Counter(one.said for one in of if not one.is_right)
        taken_for = ", ".join(f"{said} {count}" for said, count in sorted(wrong.items(), key=lambda pair: (-pair[1], pair[0])))
        print(f"| {language} | {len(of):,} | {sum(one.is_right for one in of) / len(of):.1%} | {taken_for} |")
    print("\n| confidence | lines | mean confidence | right |\n|---|---:|---:|---:|")
    for low, high in zip(BINS, BINS[1:], strict=False):
        within = [one for one in verdicts if low <= one.confidence < high or (high == BINS[-1] and one.confidence == high)]
        if within:
            mean, share = (sum(values) / len(within) for values in ([o.confidence for o in within], [o.is_right for o in within]))
            print(f"| {low:.2f} to {high:.2f} | {len(within):,} | {mean:.3f} | {share:.3f} |")
    sure = [one for one in verdicts if one.confidence >= least]
    print(
        f"\nAsked for a confidence of {least}, it answers for {len(sure) / len(verdicts):.2%} of the lines and is right in "
        f"{sum(one.is_right for one in sure) / len(sure):.2%} of its answers."
    )


if __name__ == "__main__":
    main()
