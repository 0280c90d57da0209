"""Tokens: the corpus becomes shards, and a mixture says which of them are trained on."""

from assets.shown import Shown

SHOWN = {
    "tokenizer": Shown(
        group="tokens",
        description="The base model's tokenizer, measured on every language and extended for those that it serves badly.",
        kinds=("huggingface",),
        owners=("team:model",),
        bars=(("languages", "language", "tokens per word", "base's tokens per word"),),
    ),
    "token_shards": Shown(
        group="tokens",
        description="Documents as token sequences, each token traceable to its document; a held-out split by document.",
        kinds=("parquet",),
        owners=("team:model",),
        counts_of="corpus",
        bars=(
            ("tokens per language", "language", "train tokens"),
            ("tokens per country", "country", "train tokens"),
            ("tokens per partner", "partner", "train tokens"),
            ("tokens per period", "period", "train tokens"),
            ("tokens per kind", "kind", "train tokens"),
            ("tokens per kind of institution", "kind of institution", "train tokens"),
        ),
    ),
    "mixture": Shown(
        group="tokens",
        description="How much of each language, and of replay, is trained on, and in which order.",
        kinds=("parquet",),
        owners=("team:model",),
        bars=(
            ("languages", "language", "natural share", "by temperature", "by UniMax", "share"),
            ("countries", "country", "natural share", "proposed share", "share"),
        ),
    ),
}
