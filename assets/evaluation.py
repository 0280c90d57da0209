"""Evaluation: candidate against base, on the same items."""

from assets.shown import Shown

SHOWN = {
    "scorecard": Shown(
        group="evaluation",
        description="Bits per byte per language, culture and ability tasks: candidate, base, paired differences.",
        kinds=("huggingface", "mlflow"),
        owners=("team:model",),
        bars=(("bits per byte", "language", "base", "candidate"),),
        has_run=True,
        has_page=True,
    ),
}
