"""Documents gate: what must hold for a partner's clean documents before they may join the corpus.

It trusts none of the stages before it: rights, sizes and personal data are looked at again, in simple ways of its own.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.gates.personal_data import count_personal_data
from latamgpt.gates.suite import Gate, Rule, Suite, critical, one_row, publish_gate, warning
from latamgpt.params import GateParams, Params
from latamgpt.records import Report
from latamgpt.registry.partners import Edge, Institution, Purpose, read_institution
from latamgpt.registry.rights import rule
from latamgpt.store import Workspace

SHOWN = ["doc_id", "agreement", "licence", "country", "language", "variety", "language_confidence", "num_bytes"]
PERMITTED = "permitted"

DOCUMENT_RULES = (
    critical("expect_column_values_to_be_unique", column="doc_id"),
    critical("expect_column_values_to_not_be_null", column="doc_id"),
    critical("expect_column_values_to_match_regex", column="doc_id", regex="^[0-9a-f]{64}$"),
    critical("expect_column_values_to_not_be_null", column="agreement"),
    critical("expect_column_values_to_not_be_null", column="licence"),
    critical("expect_column_values_to_be_in_set", column="permission", value_set=[PERMITTED]),
    critical("expect_column_values_to_not_be_null", column="country"),
    critical("expect_column_values_to_match_regex", column="country", regex="^[A-Z]{2}$"),
    critical("expect_column_values_to_not_be_null", column="language"),
    critical("expect_column_values_to_match_regex", column="language", regex="^(?!und$)[a-z]{2,3}$"),
    critical("expect_column_values_to_match_regex", column="variety", regex="^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$"),
    critical("expect_column_values_to_be_between", column="language_confidence", min_value=0.0, max_value=1.0),
    critical("expect_column_values_to_not_be_null", column="num_chars"),  # null where the text is
    critical("expect_column_values_to_be_between", column="num_chars", min_value=1),
    critical("expect_column_values_to_be_between", column="num_null_chars", max_value=0),
    critical("expect_column_pair_values_to_be_equal", column_A="num_bytes", column_B="num_text_bytes"),
)


def run(workspace: Workspace, params: Params, key: str = "") -> Report:
    """Hold one partner's clean documents against the expectations.

    A partner whose deliveries were all quarantined has no rows: nothing in them is wrong, and its gate passes.
    """
    raw_ids = _doc_ids(workspace.read("documents", key) / "documents.parquet")
    folder = workspace.read("clean_documents", key)
    clean = pq.read_table(folder / "documents.parquet", columns=[*SHOWN, "title", "text"])
    institution = read_institution(workspace.root, key)
    profile = profile_documents(raw_ids, folder)
    profile["num_personal_data_left"] = sum(
        count_personal_data(t) for t in [*_texts(clean), *clean["title"].to_pylist()] if t is not None
    )
    gate = Gate(
        stage="documents_gate",
        key=key,
        subject=f"{clean.num_rows:,} documents of {key}",
        suites=(
            Suite("documents", describe_documents(clean, institution, params), DOCUMENT_RULES),
            Suite("profile", one_row(profile), profile_rules(params.documents_gate)),
        ),
        counts={"documents": clean.num_rows},
        metrics={name: float(profile[name]) for name in ("keep_rate", "undetermined_rate")},
    )
    return publish_gate(workspace, gate)


def profile_rules(params: GateParams) -> tuple[Rule, ...]:
    """What must hold for a partner's documents together."""
    left = params.max_personal_data_left
    return (
        critical("expect_column_max_to_be_between", column="num_personal_data_left", max_value=left),
        critical("expect_column_max_to_be_between", column="num_documents_from_nowhere", max_value=0),
        critical("expect_column_max_to_be_between", column="num_documents_unaccounted_for", max_value=0),
        warning("expect_column_min_to_be_between", column="keep_rate", min_value=params.min_keep_rate),
        warning("expect_column_max_to_be_between", column="undetermined_rate", max_value=params.max_undetermined_rate),
    )


def describe_documents(clean: pa.Table, institution: Institution, params: Params) -> pa.Table:
    """One row per document: its codes and sizes, and whether its agreement permits training on it; no text."""
    texts = _texts(clean)
    measures: dict[str, list[int | None]] = {
        "num_chars": [None if t is None else len(t) for t in texts],
        "num_null_chars": [None if t is None else t.count("\0") for t in texts],
        "num_text_bytes": [None if t is None else len(t.encode()) for t in texts],
    }
    table = clean.select(SHOWN)
    for name, values in measures.items():
        table = table.append_column(name, pa.array(values, pa.int64()))
    return table.append_column("permission", pa.array(_permissions(clean, institution, params), pa.string()))


def profile_documents(raw_ids: set[str], folder: Path) -> dict[str, int | float]:
    """How many of the documents taken in were kept, are undetermined, or are missing without a reason.

    Nothing taken in counts as everything kept: an empty delivery is no fault of curation.
    """
    kept = _doc_ids(folder / "documents.parquet")
    undetermined = _doc_ids(folder / "undetermined.parquet")
    excluded = _doc_ids(folder / "exclusions.parquet")
    return {
        "num_documents_from_nowhere": len(kept - raw_ids),
        "num_documents_unaccounted_for": len(raw_ids - kept - undetermined - excluded),
        "keep_rate": len(kept) / len(raw_ids) if raw_ids else 1.0,
        "undetermined_rate": len(undetermined) / len(raw_ids) if raw_ids else 0.0,
    }


def _permissions(clean: pa.Table, institution: Institution, params: Params) -> list[str]:
    day = params.rights.as_of
    pairs = list(zip(clean["agreement"].to_pylist(), clean["licence"].to_pylist(), strict=True))
    rulings = {(a, c): rule(institution, a, c, Purpose.TRAIN, day, edge=Edge.CORPUS) for a, c in set(pairs)}
    return [PERMITTED if rulings[pair].permitted else rulings[pair].reason for pair in pairs]


def _texts(clean: pa.Table) -> list[str | None]:
    return clean["text"].to_pylist()


def _doc_ids(path: Path) -> set[str]:
    return set(pq.read_table(path, columns=["doc_id"])["doc_id"].to_pylist())
