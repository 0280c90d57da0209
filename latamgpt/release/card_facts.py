"""What the cards say, gathered from what the stages recorded: nothing in a card is typed by hand that could be read."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from latamgpt.params import Params
from latamgpt.records import Cell, Report, Table
from latamgpt.registry.partners import Institution
from latamgpt.release.cards import language_name
from latamgpt.release.provenance import Provenance
from latamgpt.release.versions import Lineage

MOST_SOURCES = 200  # in a card that people still read
UNDETERMINED = "und"
TRAINING_SETTINGS = (
    "seq_len_tokens",
    "batch_sequences",
    "learning_rate",
    "warmup_share",
    "final_learning_rate_share",
    "weight_decay",
    "zero_stage",
    "precision",
    "seed",
)


def common_facts(params: Params, provenance: Provenance, institutions: Mapping[str, Institution]) -> dict[str, object]:
    """What both cards say."""
    return {
        "release": params.release_candidate,
        "base": params.base_model,
        "as_of": params.rights.as_of.isoformat(),
        "has_samples": any(i.sample for i in institutions.values()),
        "num_documents": sum(use.num_documents for use in provenance.uses),
        "num_tokens_trained": provenance.num_tokens_trained,
    }


def model_facts(folder: Path, params: Params, provenance: Provenance, scorecard: Path) -> dict[str, object]:
    """What the model card says besides: the model in `folder`, how it was trained, how it scored."""
    config = orjson.loads((folder / "config.json").read_bytes())
    report = Report.read(scorecard)
    [table] = [t for t in report.tables if t.name == "scorecard"]
    languages = sorted({s.language for s in provenance.shares if s.num_tokens_trained and s.language != UNDETERMINED})
    scored = {str(row[0]).removeprefix("bits_per_byte/") for row in table.rows}
    settings = params.checkpoint.model_dump(mode="json")
    return {
        "languages": languages,
        "language_names": ", ".join(language_name(code) for code in languages),
        "not_scored": ", ".join(language_name(code) for code in languages if code not in scored),
        "num_parameters": count_parameters(folder),
        "architecture": f"{config['architectures'][0]}, {config['num_hidden_layers']} layers of width {config['hidden_size']}",
        "training": [(name, str(settings[name])) for name in TRAINING_SETTINGS],
        "confidence": f"{params.scorecard.confidence:.0%}",
        "scorecard": table,
        "num_questions": report.counts["questions"],
        "verdict": _verdict(table),
    }


def count_parameters(folder: Path) -> int:
    """The number of weights in all safetensors files of a folder, from their headers."""
    total = 0
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as stream:
            header = orjson.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        for name, tensor in header.items():
            if name != "__metadata__":
                size = 1
                for length in tensor["shape"]:
                    size *= length
                total += size
    return total


def _verdict(table: Table) -> str:
    """What gained, what lost and what cannot be told, as the scorecard says of each line."""
    what, result = table.columns.index("what"), table.columns.index("result")
    titles = {"gained": "Better than the base", "lost": "Worse than the base", "cannot tell": "The test cannot tell"}
    named = {title: [str(row[what]) for row in table.rows if row[result] == said] for said, title in titles.items()}
    return "\n".join(f"- {title}: {', '.join(names) or 'no measure'}." for title, names in named.items())


def data_facts(
    provenance: Provenance, institutions: Mapping[str, Institution], mixture: Path, lineage: Lineage
) -> dict[str, object]:
    """What the data card says besides: partners, agreements, languages, mixture, and what was set aside."""
    present = {use.partner for use in provenance.uses}
    trained_on = {use.agreement for use in provenance.uses if use.num_tokens_trained}
    mixed = Report.read(mixture)
    return {
        "num_bytes": sum(use.num_bytes for use in provenance.uses),
        "num_partners": len(present),
        "num_countries": len({institutions[partner].country for partner in present}),
        "num_languages": len({share.language for share in provenance.shares}),
        "num_set_aside": sum(part.num_records for part in provenance.set_aside),
        "num_identifiers_masked": provenance.num_identifiers_masked,
        "partners": _partner_rows(provenance, institutions),
        "absent": ", ".join(institutions[p].name for p in sorted(set(institutions) - present)),
        "not_trained_on": ", ".join(sorted({use.agreement for use in provenance.uses} - trained_on)),
        "licences": ", ".join(sorted({use.licence for use in provenance.uses})),
        "shares": [
            (language_name(s.language), s.variety, s.num_documents, s.num_bytes, s.num_tokens_trained) for s in provenance.shares
        ],
        "sources": [
            (source.name, source.licence, source.num_documents, source.num_bytes, source.num_tokens_trained)
            for source in provenance.sources[:MOST_SOURCES]
        ],
        "num_sources_not_shown": max(0, len(provenance.sources) - MOST_SOURCES),
        "mixture": mixed.tables,
        "mixture_summary": f"{mixed.summary[:1].upper()}{mixed.summary[1:].rstrip('.')}.",
        "set_aside": [(part.stage, part.reason, part.num_records, part.num_bytes) for part in provenance.set_aside],
        "set_aside_partners": list(provenance.set_aside_by_partner.items()),
        "inputs": sorted(lineage.inputs.items()),
    }


def _partner_rows(provenance: Provenance, institutions: Mapping[str, Institution]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for use in provenance.uses:
        at = institutions[use.partner]
        rows.append(
            (
                at.name,
                at.country,
                at.sample,
                use.agreement,
                use.licence,
                use.num_documents,
                use.num_bytes,
                use.num_tokens_trained,
            )
        )
    return rows
