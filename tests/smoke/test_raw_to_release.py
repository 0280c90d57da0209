"""`make run` on a fresh clone with an empty home: raw deliveries to a release, and no work the second time."""

import json
import re
from collections import Counter

import pyarrow.parquet as pq
import pytest

from assets.lifecycle import SHOWN
from assets.report_view import report_metadata
from latamgpt.records import Report
from latamgpt.store import Workspace, digest_of, list_files
from tests.release.partner_text import shared_runs
from tests.smoke.conftest import FinishedRun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_it_ends_by_saying_where_the_release_lies_how_it_scored_and_how_to_look(tiny_run: FinishedRun) -> None:
    assert "data/release" in tiny_run.printed
    assert "bits_per_byte/gug" in tiny_run.printed
    assert "make ui" in tiny_run.printed


def test_the_release_is_whole_and_names_its_sample_reviewer(tiny_run: FinishedRun) -> None:
    workspace = Workspace(tiny_run.clone.root)
    folder = workspace.read("release")
    assert (folder / "model.safetensors").is_file()
    assert "Sample Reviewer" in (said := (folder / "RELEASE.md").read_text(encoding="utf-8"))
    assert "a sample approval" in said
    approval = tiny_run.clone.read("approvals/approval.yaml")
    assert digest_of(workspace.place("release_candidate")) in approval
    assert "sample: true" in approval
    assert tiny_run.clone.call("latamgpt", "verify", "data/release").returncode == 0


def test_the_release_holds_no_run_of_text_that_a_partner_gave(tiny_run: FinishedRun) -> None:
    workspace = Workspace(tiny_run.clone.root)
    documents = pq.read_table(workspace.read("corpus") / "documents.parquet").column("text").to_pylist()
    folder = workspace.read("release")
    assert len(documents) > 500
    assert shared_runs([folder / name for name in list_files(folder)], documents) == []


def test_what_was_faulty_on_purpose_was_set_aside_with_its_reason(tiny_run: FinishedRun) -> None:
    exclusions = pq.read_table(tiny_run.clone.root / "data" / "corpus" / "exclusions.parquet").to_pylist()
    reasons = Counter((row["partner"], row["reason"]) for row in exclusions)
    assert reasons["hemeroteca-oriental", "agreement_expired"]
    assert reasons["archivo-litoral", "licence_contradiction"]
    assert any(partner == "biblioteca-araucania" and reason.startswith("fixity") for partner, reason in reasons)
    assert reasons["ateneo-guarani", "language_disputed"]
    assert reasons["archivo-cauca", "label_forbids"]
    assert reasons["archivo-litoral", "ocr_low_confidence"]
    assert {"exact_duplicate", "near_duplicate"} <= {reason for _, reason in reasons}
    assert all(row["detail"] for row in exclusions)


def test_personal_data_of_a_delivery_is_masked_by_its_kind(tiny_run: FinishedRun) -> None:
    table = pq.read_table(tiny_run.clone.root / "data" / "corpus" / "documents.parquet").to_pylist()
    minutes = "\n".join(row["text"] for row in table if row["delivery"] == "atas-da-catedra")
    assert "[CPF]" in minutes
    assert not re.search(r"\d{3}\.\d{3}\.\d{3}-\d{2}", minutes)


def test_the_corpus_speaks_the_regions_languages(tiny_run: FinishedRun) -> None:
    table = pq.read_table(tiny_run.clone.root / "data" / "corpus" / "documents.parquet").to_pydict()
    assert len(set(table["language"])) >= 7
    assert len(set(table["country"])) >= 6
    assert {"es-AR", "es-CL", "es-MX"} <= set(table["variety"])
    assert any(table["has_voseo"])


def test_the_second_run_does_no_work_and_says_so(tiny_run: FinishedRun) -> None:
    before = tiny_run.clone.read("dvc.lock")
    newest = max(p.stat().st_mtime_ns for p in (tiny_run.clone.root / "data").rglob("*"))
    again = tiny_run.clone.call("make", "run")
    assert "nothing changed: all 46 stages are as dvc.lock records them" in again.stderr
    assert "data/release" in again.stdout
    assert tiny_run.clone.read("dvc.lock") == before
    assert max(p.stat().st_mtime_ns for p in (tiny_run.clone.root / "data").rglob("*")) == newest


def test_every_plot_that_assets_ask_for_is_drawn(tiny_run: FinishedRun) -> None:
    workspace = Workspace(tiny_run.clone.root)
    for name, shown in SHOWN.items():
        folder = workspace.place(name)
        folder = folder if (folder / "report.json").exists() else workspace.place(name, "archivo-litoral")
        report = Report.read(folder)
        known = {table.name: table for table in report.tables}
        for table, *columns in shown.bars:
            assert set(columns) <= set(known[table].columns), (name, table)
        view = report_metadata(report, shown)
        assert all(f"plot/{table}" in view for table, *_ in shown.bars if known[table].rows), name


def test_the_terminal_sees_the_same_state_as_dagster(tiny_run: FinishedRun) -> None:
    assert json.loads(tiny_run.clone.call("dvc", "status", "--json").stdout) == {}
