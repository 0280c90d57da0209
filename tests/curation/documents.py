"""Small published folders of the stage `documents`, and rows of clean documents."""

import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from latamgpt.curation.evaluation_sets import FOLDERS
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Expectation, Report, Severity
from latamgpt.store import Workspace, rows_to_table, write_report
from latamgpt.table_format import write_table

ROOT = Path(__file__).parent.parent.parent
PARTNER = "academia-quechua"
Row = dict[str, object]

SPANISH = (
    "La abuela contaba que el río bajaba despacio en los años de sequía, y que entonces la gente del pueblo cruzaba a pie "
    "para llevar la fruta al mercado. Nadie tenía prisa, porque el camino era largo y el sol no perdonaba a los apurados."
)
PORTUGUESE = (
    "A avó contava que o rio descia devagar nos anos de seca, e que então as pessoas da vila atravessavam a pé para levar as "
    "frutas até a feira. Ninguém tinha pressa, porque o caminho era longo e o sol não perdoava os apressados daquele lugar."
)
ENGLISH = (
    "The grandmother used to say that the river ran slowly in the years of drought, and that people from the village would "
    "then walk across it to bring their fruit to the market. Nobody was in a hurry, because the road was long."
)
QUECHUA = (
    "Llapa runakunam qispisqa paqarinku, kaqlla sumaq kawsayniyuq, yuyayniyuq, sunquyuq; chaynataqmi llapanku wawqintin hina "
    "kuyanakuspa kawsananku. Sapa runapas kay pachapi hinam allin kawsayta maskan ayllunkunawan kuska."
)


def document(text: str, **changes: object) -> Row:
    """One document as intake publishes it."""
    row: Row = {
        "doc_id": sha256(f"{changes.get('partner', PARTNER)} {changes.get('delivery', 'entrega')} {text}".encode()).hexdigest(),
        "partner": PARTNER,
        "delivery": "entrega",
        "delivery_date": date(2026, 3, 1),
        "agreement": "aq-1",
        "path": "a.txt",
        "title": "",
        "country": "PE",
        "declared_language": "es",
        "licence": "CC0-1.0",
        "source": "written for this test",
        "period": "unknown",
        "kind": "unknown",
        "text": text,
    }
    return row | changes


def exclusion(**changes: object) -> Row:
    """One exclusion of intake."""
    names = ("doc_id", "partner", "delivery", "path", "stage", "reason", "detail", "language")
    row: Row = dict.fromkeys(names, "") | {"partner": PARTNER, "delivery": "vieja", "stage": "documents", "num_bytes": 7}
    return row | {"reason": "agreement_expired"} | changes


def copy_evaluation_sets(workspace: Workspace) -> None:
    """The repository's evaluation sets, where the stage `corpus` looks for them."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, workspace.root / folder, dirs_exist_ok=True)


def publish_documents(workspace: Workspace, rows: Iterable[Row], excluded: Sequence[Row] = (), partner: str = PARTNER) -> None:
    """Publish what intake would have."""
    if not (workspace.root / "sites").exists():
        shutil.copytree(ROOT / "sites", workspace.root / "sites")
    with workspace.publish("documents", partner) as folder:
        by_id = sorted(rows, key=lambda row: str(row["doc_id"]))
        write_table(folder / "documents.parquet", rows_to_table(by_id, DOCUMENT_SCHEMA))
        write_table(folder / "exclusions.parquet", rows_to_table(excluded, EXCLUSION_SCHEMA))
        write_report(folder, Report(stage="documents", key=partner, summary="as a test needs it"))


def publish_clean(workspace: Workspace, rows: Iterable[Row], partner: str, *, passed: bool = True) -> None:
    """Publish clean documents and the verdict of their gate."""
    with workspace.publish("clean_documents", partner) as folder:
        write_table(folder / "documents.parquet", rows_to_table(rows, CLEAN_DOCUMENT_SCHEMA).sort_by("doc_id"))
        write_table(folder / "exclusions.parquet", EXCLUSION_SCHEMA.empty_table())
    outcome = Expectation(kind="expect_something", severity=Severity.CRITICAL, passed=passed, observed="7")
    with workspace.publish("documents_gate", partner) as folder:
        write_report(folder, Report(stage="documents_gate", key=partner, summary="", expectations=(outcome,)))
