"""Everything that stands before a release candidate, published small: two partners, five documents, a model of a few weights."""

import shutil
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
import yaml

from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Expectation, Report, Severity, Table
from latamgpt.store import Workspace, rows_to_table, write_json, write_report
from latamgpt.table_format import write_table
from latamgpt.tracking.server import connect

PARTNERS = ("archivo-uno", "biblioteca-dos")
SCORECARD = Table(
    name="scorecard",
    columns=("what", "base", "candidate", "difference", "low", "high", "detectable", "result", "items"),
    rows=(
        ("bits_per_byte/en", 1.0, 1.01, 0.01, -0.01, 0.02, 0.03, "cannot tell", 9),
        ("bits_per_byte/en-replay", 1.0, 0.9, -0.1, -0.2, -0.05, 0.1, "gained", 9),
        ("bits_per_byte/es", 2.0, 1.5, -0.5, -0.6, -0.4, 0.2, "gained", 12),
        ("bits_per_byte/nah", 3.0, 2.9, -0.1, -0.3, 0.1, 0.3, "cannot tell", 2),
        ("probability/culture", 0.5, 0.4, -0.1, -0.15, -0.05, 0.07, "lost", 20),
    ),
)


@pytest.fixture
def release_params(params: Params) -> Params:
    """The parameters of the tests' run, with the two partners of these tests."""
    return params.model_copy(update={"partners": PARTNERS})


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow store; making one takes seconds, copying it none."""
    workspace = Workspace(tmp_path_factory.mktemp("store"))
    connect(workspace)
    return workspace.root / "var" / "mlflow" / "mlflow.db"


@pytest.fixture
def inputs(workspace: Workspace, fresh_store: Path) -> Workspace:
    """A workspace in which every input of release_candidate was published."""
    return publish_inputs(workspace, fresh_store)


def publish_inputs(workspace: Workspace, fresh_store: Path) -> Workspace:
    (workspace.root / "var" / "mlflow").mkdir(parents=True)
    shutil.copy(fresh_store, workspace.root / "var" / "mlflow" / "mlflow.db")
    for partner, country in zip(PARTNERS, ("PE", "PY"), strict=True):
        write_partner(workspace, partner, country)
    publish_corpus(workspace)
    publish_checkpoint(workspace)
    for stage in ("tokenizer", "token_shards"):
        publish_report(workspace, Report(stage=stage, summary="made for a test"))
    with workspace.publish("base_model") as folder:
        (folder / "LICENSE").write_text("the base model's licence\n")
        write_report(folder, Report(stage="base_model", summary="made for a test"))
    mixed = Table(name="mixture", columns=("language", "tokens"), rows=(("es", 60), ("gug", 30)))
    publish_report(workspace, Report(stage="mixture", summary="90 tokens of 2 languages", tables=(mixed,)))
    for gate in ("ability_gate", "culture_gate"):
        publish_gate(workspace, gate, passed=True)
    with workspace.publish("scorecard") as folder:
        write_json(folder / "scorecard.json", {"items": []})
        for language in Language:
            (folder / f"scorecard.{language}.html").write_text("<!doctype html><p>what was gained</p>\n", encoding="utf-8")
        write_report(
            folder,
            Report(
                stage="scorecard",
                summary="scored",
                counts={"questions": 10},
                metrics={"bits_per_byte/es/base": 2.0},
                tables=(SCORECARD,),
            ),
        )
    return workspace


def write_partner(workspace: Workspace, partner: str, country: str, **changes: object) -> None:
    agreement = {
        "id": f"{partner}-2026",
        "title": "Textos de prueba",
        "licence": "CC-BY-4.0",
        "consent": "holder",
        "purposes": ["train", "evaluate", "release"],
        "valid_from": "2026-01-01",
        "attribution": f"Texts of {partner}, under CC BY 4.0",
        **changes,
    }
    institution = {
        "id": partner,
        "name": f"Institution {partner}",
        "country": country,
        "kind": "archive",
        "contact": "the reading room",
        "data_steward": "the archivist",
        "sample": True,
        "agreements": [agreement],
    }
    (workspace.root / "partners").mkdir(exist_ok=True)
    (workspace.root / "partners" / f"{partner}.yaml").write_text(yaml.safe_dump(institution), encoding="utf-8")


def publish_corpus(workspace: Workspace) -> None:
    rows = [
        *(document(f"a{n}", "archivo-uno", "es", "es-PE") for n in range(3)),
        *(document(f"b{n}", "biblioteca-dos", "gug", "gug") for n in range(2)),
    ]
    excluded = {
        "doc_id": "c0",
        "partner": "biblioteca-dos",
        "delivery": "d",
        "path": "p",
        "stage": "corpus",
        "reason": "near_duplicate",
        "detail": "of a0",
        "language": "es",
        "num_bytes": 11,
    }
    with workspace.publish("corpus") as folder:
        write_table(folder / "documents.parquet", rows_to_table(rows, CLEAN_DOCUMENT_SCHEMA))
        write_table(folder / "exclusions.parquet", rows_to_table([excluded], EXCLUSION_SCHEMA))
        write_report(folder, Report(stage="corpus", summary="made for a test"))


def text_of(doc_id: str) -> str:
    """A hundred characters that stand nowhere else."""
    return f"Documento {doc_id}: una vez, en el puerto, la lluvia borró los nombres de las barcas.".ljust(100, ".")


def document(doc_id: str, partner: str, language: str, variety: str) -> dict[str, object]:
    return {
        "doc_id": doc_id,
        "partner": partner,
        "delivery": "d",
        "agreement": f"{partner}-2026",
        "path": f"{doc_id}.txt",
        "title": doc_id,
        "country": "PE",
        "declared_language": language,
        "licence": "CC-BY-4.0",
        "source": "written for this test",
        "period": "unknown",
        "kind": "unknown",
        "text": text_of(doc_id),
        "language": language,
        "language_confidence": 1.0,
        "variety": variety,
        "second_language": "",
        "second_language_share": 0.0,
        "has_voseo": False,
        "num_bytes": 100,
        "quality": 900,
        "num_personal_data": 1,
        "text_sha256": doc_id,
        "signature": [1],
    }


def publish_checkpoint(workspace: Workspace, doc_ids: tuple[str, ...] = ("a0", "a1", "b0", "a0")) -> None:
    """A model of 6 + 4 weights, trained on 30 tokens of each of these documents."""
    from safetensors.numpy import save_file

    order = pa.table(
        {
            "step": range(len(doc_ids)),
            "sequence": [0] * len(doc_ids),
            "doc_id": list(doc_ids),
            "start": [0] * len(doc_ids),
            "end": [30] * len(doc_ids),
        }
    )
    with workspace.publish("checkpoint") as folder:
        save_file({"a": np.zeros((2, 3), np.float32), "b": np.ones(4, np.float32)}, folder / "model.safetensors")
        config = {"architectures": ["LlamaForCausalLM"], "num_hidden_layers": 2, "hidden_size": 32}
        (folder / "config.json").write_bytes(orjson.dumps(config))
        (folder / "tokenizer.json").write_text("{}")
        (folder / "optimizer.bin").write_bytes(b"a pickle, perhaps")
        write_table(folder / "data_order.parquet", order)
        write_report(folder, Report(stage="checkpoint", summary="made for a test"))


def publish_gate(workspace: Workspace, gate: str, *, passed: bool) -> None:
    held = Expectation(kind="expect_it", severity=Severity.CRITICAL, passed=passed, observed="0.3")
    publish_report(workspace, Report(stage=gate, summary="made for a test", expectations=(held,)))


def publish_report(workspace: Workspace, report: Report) -> Path:
    with workspace.publish(report.stage) as folder:
        write_report(folder, report)
    return workspace.place(report.stage)
