"""Gates: what must hold before data, or a model, may pass."""

from assets.shown import Shown

KINDS = ("greatexpectations",)

SHOWN = {
    "documents_gate": Shown(
        group="gates",
        description="A partner's clean documents, held against expectations.",
        kinds=KINDS,
        owners=("team:corpus",),
        gate_of="clean_documents",
    ),
    "corpus_gate": Shown(
        group="gates",
        description="The corpus, held against expectations: size, languages, countries, nobody dominates.",
        kinds=KINDS,
        owners=("team:corpus",),
        gate_of="corpus",
    ),
    "shards_gate": Shown(
        group="gates",
        description="The token shards, held against expectations: size, unknown tokens, tokens per byte by language.",
        kinds=KINDS,
        owners=("team:model",),
        gate_of="token_shards",
    ),
    "ability_gate": Shown(
        group="gates",
        description="What the base could do must not be lost.",
        kinds=KINDS,
        owners=("team:model",),
        gate_of="scorecard",
    ),
    "culture_gate": Shown(
        group="gates",
        description="The region's languages must have gained.",
        kinds=KINDS,
        owners=("team:model",),
        gate_of="scorecard",
    ),
}
