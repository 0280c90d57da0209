"""Gates: what must hold before data, or a model, may pass."""

from assets.shown import Shown


def gate(of: str, owner: str, description: str) -> Shown:
    """A gate of a stage's output, and which team answers for it."""
    return Shown(group="gates", description=description, kinds=("greatexpectations",), owners=(owner,), gate_of=of)


SHOWN = {
    "documents_gate": gate("clean_documents", "team:corpus", "A partner's clean documents, held against expectations."),
    "corpus_gate": gate(
        "corpus",
        "team:corpus",
        "The corpus, held against expectations: size, languages, countries, nobody dominates, and no filter drops more than its "
        "share of a community's verified text.",
    ),
    "shards_gate": gate(
        "token_shards",
        "team:model",
        "The token shards, held against expectations: size, unknown tokens, tokens per byte by language, nothing held out in "
        "what is trained on.",
    ),
    "mixture_gate": gate(
        "mixture",
        "team:model",
        "The mixture, held against floors: every language and every country has its share, as far as its text reaches, and "
        "nothing is repeated too often.",
    ),
    "ability_gate": gate(
        "scorecard", "team:model", "What the base could do must not be lost: margins, one-sided, on the same items."
    ),
    "culture_gate": gate("scorecard", "team:model", "The region's languages and culture must have gained."),
}
