"""Curation: documents become the corpus."""

from assets.shown import Shown

SHOWN = {
    "name_tagger": Shown(
        group="curation",
        description="Our own tagger of persons' names, and what it finds in paragraphs that it never saw.",
        kinds=("crfsuite",),
        owners=("team:corpus",),
        bars=(("names held out, in_context", "which", "recall"), ("names held out, everywhere", "which", "recall")),
    ),
    "clean_documents": Shown(
        group="curation",
        description="A partner's documents, normalised, their language found, quality judged, personal data masked.",
        kinds=("parquet", "dask"),
        owners=("team:corpus",),
        bars=(("languages", "language", "documents"), ("exclusions per reason", "reason", "documents")),
        has_receipt=True,
    ),
    "corpus": Shown(
        group="curation",
        description="All partners' clean documents without duplicates, and every exclusion with its reason. Samples are named by "
        "id: `latamgpt corpus show` quotes those that may be quoted. Its checks show the fairness table (corpus_gate) and tokens "
        "per language, country, partner, period and kind (token_shards).",
        kinds=("parquet", "duckdb"),
        owners=("team:corpus",),
        bars=(
            ("documents per country", "country", "documents"),
            ("documents per language", "language", "documents"),
            ("documents per period", "period", "bytes"),
            ("documents per kind", "kind", "bytes"),
            ("documents per kind of institution", "kind of institution", "documents"),
            ("documents per year of delivery", "year of delivery", "documents"),
            ("exclusions per reason", "reason", "items"),
        ),
    ),
}
