"""The door to Great Expectations: same bytes each time, no text in a report, and Data Docs that cannot hurt it."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from latamgpt.errors import OperatorError
from latamgpt.gates.suite import Gate, Suite, critical, data_docs_folder, publish_gate, warning
from latamgpt.records import Report
from latamgpt.store import Workspace, digest_of, must_have_passed

TABLE = pa.table({"name": ["secret words", None, "b"], "size": [1, 2, 30]})
RULES = (
    critical("expect_column_values_to_not_be_null", column="name"),
    critical("expect_column_values_to_be_in_set", column="name", value_set=["b"]),
    warning("expect_column_max_to_be_between", column="size", max_value=10),
    critical("expect_column_values_to_be_between", column="missing", min_value=0),
)
GATE = Gate(stage="corpus_gate", subject="3 rows", suites=(Suite("rows", TABLE, RULES),))

IN_A_PROCESS = """
import sys
from pathlib import Path
from latamgpt.gates.suite import publish_gate
from latamgpt.store import Workspace
from tests.gates.test_suite import GATE
publish_gate(Workspace(Path(sys.argv[1])), GATE)
heavy = {"altair", "scipy.stats", "mlflow", "torch", "transformers"}
print(",".join(sorted(heavy.intersection(sys.modules))))
"""


def test_report_holds_the_outcomes_in_the_order_of_the_rules(workspace: Workspace) -> None:
    report = publish_gate(workspace, GATE)
    assert [(e.kind, e.passed, e.observed) for e in report.expectations] == [
        ("expect_column_values_to_not_be_null", False, "1 of 3 rows differ"),
        ("expect_column_values_to_be_in_set", False, "1 of 3 rows differ"),
        ("expect_column_max_to_be_between", False, "30"),
        ("expect_column_values_to_be_between", False, "could not be computed"),
    ]
    assert report.summary == "3 rows: 4 of 4 expectations failed, 3 of them critical"
    assert Report.read(workspace.read("corpus_gate")) == report


def test_report_holds_no_value_of_the_rows(workspace: Workspace) -> None:
    publish_gate(workspace, GATE)
    assert b"secret" not in (workspace.read("corpus_gate") / "report.json").read_bytes()


def test_next_stage_refuses_and_names_what_failed(workspace: Workspace) -> None:
    publish_gate(workspace, GATE)
    with pytest.raises(OperatorError, match=r"did not pass: expect_column_values_to_not_be_null \(1 of 3 rows differ\)"):
        must_have_passed(workspace, "corpus_gate")


@pytest.mark.slow
def test_two_processes_publish_the_same_bytes_and_load_nothing_heavy(tmp_path: Path) -> None:
    digests: set[str] = set()
    for seed in ("1", "2"):
        root = tmp_path / seed
        done = subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS, str(root)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.stdout.strip() == ""
        digests.add(digest_of(root / "data" / "corpus_gate"))
    assert len(digests) == 1


def test_data_docs_are_built_anew_each_time(workspace: Workspace) -> None:
    publish_gate(workspace, GATE)
    site = data_docs_folder(workspace, "corpus_gate")
    (site / "left-over.html").write_text("old")
    publish_gate(workspace, GATE)
    assert (site / "index.html").is_file()
    assert not (site / "left-over.html").exists()
    assert sorted(p.name for p in site.parent.iterdir()) == ["corpus_gate"]


def test_data_docs_need_no_network_and_show_what_failed(workspace: Workspace) -> None:
    publish_gate(workspace, GATE)
    site = data_docs_folder(workspace, "corpus_gate")
    pages = {page.relative_to(site).as_posix(): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    assert len(pages) == 3
    for text in pages.values():
        assert "<script" not in text
        assert not re.search(r'(?:src|rel="stylesheet" href)="https?:', text)
    assert "<h1>corpus_gate: failed</h1>" in pages["index.html"]
    assert pages["index.html"].count('class="failed"') == 4
    for link in re.findall(r'href="([^"]+)"', pages["index.html"]):
        assert (site / link).is_file()


def test_report_stands_where_the_data_docs_cannot_be_built(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    publish_gate(workspace, GATE)
    expected = digest_of(workspace.place("corpus_gate"))
    docs = data_docs_folder(workspace, "corpus_gate").parent
    docs.rename(docs.with_name("elsewhere"))
    docs.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING, logger="latamgpt"):
        publish_gate(workspace, GATE)
    assert digest_of(workspace.place("corpus_gate")) == expected
    assert "could not be refreshed" in caplog.text
