"""Release: a candidate with its proofs, and what a reviewer approved of it."""

from assets.shown import Shown

SHOWN = {
    "release_candidate": Shown(
        group="release",
        description="Weights, tokenizer, model card, data card, lineage: ready for a reviewer.",
        kinds=("huggingface",),
        owners=("team:release",),
    ),
    "release": Shown(
        group="release",
        description="The approved candidate. Exists only after a reviewer's approval.",
        kinds=("huggingface",),
        owners=("team:release",),
        has_receipt=True,
    ),
}
