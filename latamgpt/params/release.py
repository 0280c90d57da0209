"""What is measured, what must hold, and what a release is called."""

from pydantic import Field

from latamgpt.params.bounds import Count, Share
from latamgpt.params.training import Precision
from latamgpt.records import Frozen


class ScorecardParams(Frozen):
    """Measuring candidate and base."""

    held_out_tokens: Count  # per language, for bits per byte
    passage_tokens: Count  # held-out documents are cut into items of this length: as long as a training sequence
    max_items: Count  # per task
    batch_items: Count  # measured together; part of the result, since padding changes the last bits
    precision: Precision  # of both models, whatever they are stored in
    bootstrap_samples: Count
    confidence: Share
    seed: int


class AbilityGateParams(Frozen):
    """Nothing that the base could do may be lost by more than a margin."""

    languages: tuple[str, ...]  # scored on text outside the replay
    max_bits_per_byte_loss: float = Field(ge=0)  # relative: 0.05 is 5% worse
    max_accuracy_loss: Share  # absolute


class CultureGateParams(Frozen):
    """What the region's languages must have gained."""

    min_mean_gain: Share  # relative fall of bits per byte, mean over languages
    min_languages_gained: Count


class ReleaseCandidateParams(Frozen):
    """What a release is called."""

    name: str
    version: str
    licence: str
    contact: str
