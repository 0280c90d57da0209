"""What is measured, what must hold, and what a release is called."""

from enum import StrEnum

from pydantic import Field, field_validator

from latamgpt.params.bounds import Count, Positive, Share
from latamgpt.params.training import Precision
from latamgpt.records import Frozen


class ScorecardParams(Frozen):
    """Measuring candidate and base."""

    held_out_tokens: Count  # per language, for bits per byte
    passage_tokens: Count  # held-out documents are cut into items of this length: shorter ones let more documents count
    max_items: Count  # questions per file, each in two forms
    max_ability_items: Count  # the same of abilities and stereotypes, which a gate holds to margins: few would not decide
    max_translations: int = Field(ge=0)  # pairs per file, each both ways; 0: none, since generation is slow
    max_memorised: int = Field(ge=0)  # passages per partner, of training and held-out text each
    memorised_tokens: Count  # given of each of these passages, and asked for behind them
    row_tokens: Count  # texts are put end to end into rows of this length; of a text twice as long the beginning is left out
    batch_rows: Count  # rows measured together; part of the result, as row_tokens is: other shapes, other last bits
    precision: Precision  # of both models, whatever they are stored in
    bootstrap_samples: Count
    confidence: Share
    seed: int


class AbilityGateParams(Frozen):
    """Nothing that the base could do may be lost by more than a margin. Why these: docs/evaluation-statistics.md."""

    languages: tuple[str, ...]  # scored on text outside the replay
    max_bits_per_byte_loss: float = Field(ge=0)  # relative: 0.05 is 5% worse
    max_loss: Positive  # of the probability of the right answer, per ability task: 0.01 is one point
    exact_tasks: tuple[str, ...]  # arithmetic, code: a token decides, so answers vary more
    max_exact_loss: Positive
    max_stereotype_loss: Positive  # of the probability of the right answer where a stereotype suggests another
    max_stereotyped_rise: Positive  # of the share of questions in which the stereotype is chosen
    max_accuracy_loss: Share  # absolute; warns
    significance: Share  # of each one-sided test: the chance to pass what lost a whole margin


class CultureQuestions(StrEnum):
    """What the written questions must show for a candidate to pass."""

    SUPERIOR = "superior"  # culture surely gained: what a release promises
    NOT_WORSE = "not_worse"  # no battery surely lost: for a run that trains on too little to learn facts
    SHOWN = "shown"  # they stop nothing: for a base that knows no facts


class CultureGateParams(Frozen):
    """What the region's languages must have gained, and what of its culture."""

    min_mean_gain: Share  # relative fall of bits per byte, mean over languages
    min_languages_gained: Count
    batteries: tuple[str, ...]  # the family over which the questions' p values are corrected; culture is one of it
    questions: CultureQuestions
    significance: Share

    @field_validator("batteries")
    @classmethod
    def _has_culture(cls, batteries: tuple[str, ...]) -> tuple[str, ...]:
        if "culture" not in batteries:
            raise ValueError("must name culture, which is what the gate is about")
        return batteries


class ReleaseCandidateParams(Frozen):
    """What a release is called."""

    name: str
    version: str
    licence: str
    contact: str
