"""A small corpus of two partners: the first permits excerpts, the second does not."""

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from latamgpt.curation import corpus
from latamgpt.params import Params, read_params
from latamgpt.records import DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, ORTHOGRAPHY_SCHEMA
from latamgpt.store import Workspace
from tests.builders import Row, publish_rows, publish_verdict
from tests.conftest import ROOT
from tests.curation.documents import PORTUGUESE, QUECHUA, SPANISH, copy_evaluation_sets, exclusion, publish_clean
from tests.curation.test_corpus import register
from tests.curation.test_duplicates import clean

OPEN, CLOSED = "academia-quechua", "colegio-nahuatl"
QUOTABLE = {"purposes": ["train", "publish_excerpts"]}
GUARANI = (
    "Pe yvyrá ijyvate ha hovy porã, ha umi guyra oguapy hese. Mba’e piko ojehu ko'ápe, he'i pe karai tuja; "
    "ndaipóri avave oikuaáva ñandu rehegua 'mombe'u' ymaguare."
)


def of(partner: str, text: str, **changes: object) -> Row:
    """One clean document, its title the beginning of its text."""
    return clean(text, partner=partner, title=f"Título {text[:12]}") | changes


ASIDE = (
    exclusion(path="f.txt", detail="holds 'palabra secreta'"),
    exclusion(delivery="ida", reason="agreement_withdrawn"),
)
ROWS = {
    OPEN: [
        of(OPEN, SPANISH),
        of(OPEN, GUARANI, language="gug", variety="gug", country="PY", path="b.txt", period="1890s", kind="press"),
    ],
    CLOSED: [
        of(CLOSED, SPANISH, delivery_date=date(2026, 6, 1), country="MX", path="c.txt"),
        of(CLOSED, PORTUGUESE, country="MX", language="pt", path="d.txt"),
        of(CLOSED, QUECHUA, country="MX", language="que", delivery_date=date(2025, 6, 1), path="e.txt"),
    ],
}


@pytest.fixture(scope="session")
def shelf_to_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with that corpus, published once."""
    workspace = Workspace(tmp_path_factory.mktemp("shelf"))
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, workspace.root / name)
    shutil.copytree(ROOT / "sites", workspace.root / "sites")
    copy_evaluation_sets(workspace)
    for partner, rows in ROWS.items():
        register(workspace, partner, **(QUOTABLE if partner == OPEN else {}))
        aside = [one | {"partner": partner} for one in ASIDE]
        files = {
            "documents.parquet": (rows, DOCUMENT_SCHEMA),
            "orthographies.parquet": ([], ORTHOGRAPHY_SCHEMA),
            "exclusions.parquet": (aside, EXCLUSION_SCHEMA),
        }
        publish_rows(workspace, "documents", partner, files)
        publish_clean(workspace, rows, partner)
        describe_delivery(workspace, partner)
    publish_corpus(workspace, read_params(ROOT, "tiny"))
    publish_verdict(workspace, "corpus_gate")
    return workspace.root


@pytest.fixture
def shelf(shelf_to_copy: Path, tmp_path: Path) -> Workspace:
    """A copy of it for one test."""
    shutil.copytree(shelf_to_copy, tmp_path / "shelf")
    return Workspace(tmp_path / "shelf")


def publish_corpus(workspace: Workspace, params: Params) -> None:
    """Run the corpus' stage on both partners."""
    corpus.run(workspace, params.model_copy(update={"partners": (OPEN, CLOSED)}))


def describe_delivery(workspace: Workspace, partner: str, **changes: object) -> None:
    """The delivery.yaml of a partner's one delivery."""
    said = {"id": "entrega", "agreement": "aq-1", "date": "2026-03-01", "format": "text", "licence": "CC0-1.0"}
    folder = workspace.root / "samples" / partner / "entrega"
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(said | {"source": "written for this test", "notice": "none"} | changes)
    (folder / "delivery.yaml").write_text(text, encoding="utf-8")


def withdraw(workspace: Workspace, partner: str, **tombstone: object) -> None:
    """Enter a withdrawal, as `latamgpt withdraw` does."""
    said = {"withdrawn_on": "2026-11-01", "reason": "asked for", "delivery": "entrega", "contents": []} | tombstone
    folder = workspace.root / "governance" / "withdrawals"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{partner}.yaml").write_text(yaml.safe_dump({"withdrawals": [said]}), encoding="utf-8")
