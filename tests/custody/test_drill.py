"""The drill: drawn by the day, done with the real code in a copy, and it fails where a withdrawal would not hold."""

import json
from datetime import date

import pytest
import yaml

from latamgpt.cli import main
from latamgpt.commands.drill import FAILED
from latamgpt.curation import corpus
from latamgpt.custody import drill
from latamgpt.custody.drill import draw, rehearse
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.governance.withdrawals import NOTHING_WITHDRAWN, withdrawals_path
from latamgpt.params import Params
from latamgpt.store import Workspace, rows_to_table
from latamgpt.table_format import write_table
from latamgpt.training.checkpoint import DATA_ORDER_SCHEMA
from tests.curation.documents import SPANISH
from tests.custody.files import state
from tests.custody.test_withdraw import OTHER, PARTNER, in_the_corpus, run_to_corpus, small
from tests.intake.deliveries import deliver

__all__ = ["small"]

DAY = date(2026, 12, 7)
BOTH = (PARTNER, OTHER)


@pytest.fixture
def shown(small: tuple[Workspace, Params]) -> Workspace:
    """The two partners taken through to a corpus, and a graph that lists them."""
    path = small[0].root / "dvc.yaml"
    text = path.read_text(encoding="utf-8").replace("/academia-quechua", f"/{PARTNER}").replace("/archivo-cauca", f"/{OTHER}")
    path.write_text(text, encoding="utf-8")
    return small[0]


def day_of(workspace: Workspace, path: str) -> date:
    """A day by which this document is drawn."""
    days = (date.fromordinal(DAY.toordinal() + number) for number in range(100))
    return next(day for day in days if draw(workspace, BOTH, day).path == path)


def test_the_document_is_drawn_by_the_day_alone(small: tuple[Workspace, Params]) -> None:
    workspace, _ = small
    drawn = [draw(workspace, BOTH, date(2026, 12, number)) for number in range(1, 29)]
    assert [draw(workspace, BOTH, date(2026, 12, number)) for number in range(1, 29)] == drawn
    assert {(one.partner, one.delivery, one.path) for one in drawn} == in_the_corpus(workspace)


def test_a_document_that_training_saw_is_preferred(small: tuple[Workspace, Params]) -> None:
    workspace, _ = small
    trained = draw(workspace, BOTH, DAY).doc_id
    place = {"step": 0, "sequence": 0, "shard": "train/00000.parquet", "row": 0, "epoch": 0, "start": 0, "end": 9}
    with workspace.publish("checkpoint") as folder:
        write_table(folder / "data_order.parquet", rows_to_table([{"doc_id": trained, **place}], DATA_ORDER_SCHEMA))
    for number in range(1, 9):
        drawn = draw(workspace, BOTH, date(2026, 12, number))
        assert (drawn.doc_id, drawn.num_documents, drawn.shipped) == (trained, 1, True)


def test_a_rehearsal_makes_the_next_corpus_and_leaves_everything_here(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    day = day_of(workspace, "rio.txt")
    before = state(workspace.root)
    found = rehearse(workspace, params, draw(workspace, BOTH, day), day)
    assert state(workspace.root) == before
    assert list((workspace.root / "var" / "unpublished").iterdir()) == []
    assert (found.left_intake, len(found.left_corpus), found.num_before, found.num_after) == (1, 1, 3, 3)
    assert (found.num_returning, len(found.copies_elsewhere)) == (1, 1)  # the other partner's copy takes its place
    assert OTHER in found.copies_elsewhere[0]
    assert found.ids_left_over == found.texts_left_over == found.unexplained == found.changed_here == ()
    assert f"documents@{PARTNER}" in found.stale


def test_the_command_prints_the_checks_and_keeps_the_report(shown: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = shown
    assert main(["drill", "--day", "2026-12-07"]) == 0
    printed = capsys.readouterr().out
    drawn = draw(workspace, BOTH, DAY)
    assert printed.startswith(f"Drill of 2026-12-07: withdrawing {drawn.doc_id[:12]} of {drawn.partner}/{drawn.delivery} ")
    assert "it would hold" in printed
    assert printed.count("  held  ") == 6
    kept = json.loads((workspace.root / "var/drills/2026-12-07.json").read_bytes())
    assert (kept["document"], kept["report"]["counts"]["documents_leaving_corpus"]) == (drawn.doc_id, 1)
    assert kept["seconds"]["all"] >= kept["seconds"]["corpus"] > 0


def test_a_near_copy_of_the_partner_is_told_and_fails_no_drill(
    shown: Workspace, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(shown, {"rio-2.txt": f"{SPANISH} Así fue."}, PARTNER, id="segunda", language="und", date="2026-04-01")
    run_to_corpus(shown, params.model_copy(update={"partners": BOTH}))
    assert main(["drill", "--day", day_of(shown, "rio.txt").isoformat()]) == 0
    printed = capsys.readouterr().out
    assert "have it; 1 documents of the partner that say nearly the same stay." in printed
    [kept] = (shown.root / "var" / "drills").iterdir()
    tables = {table["name"]: table["rows"] for table in json.loads(kept.read_bytes())["report"]["tables"]}
    [[named]] = tables["near copies of the partner that stay"]
    assert named.endswith("(segunda, rio-2.txt)")


def test_a_corpus_that_forgets_tombstones_fails_the_drill(
    shown: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(corpus, "read_withdrawn", lambda *_: NOTHING_WITHDRAWN)
    assert main(["drill", "--day", "2026-12-07"]) == FAILED
    printed = capsys.readouterr().out
    assert "it would NOT hold: expect_no_withdrawn_id_in_the_next_corpus: 1 documents" in printed
    assert printed.count("  FAILED  ") == 3  # its id, its text, and no reason


def test_a_drill_that_changes_something_here_fails(
    shown: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = shown
    withdraw = drill.withdraw

    def astray(scratch: Workspace, order: object) -> str:
        path = workspace.root / withdrawals_path(PARTNER)
        path.write_text(path.read_text(encoding="utf-8") + "# astray\n", encoding="utf-8")
        return withdraw(scratch, order)  # type: ignore[arg-type]

    monkeypatch.setattr(drill, "withdraw", astray)
    assert main(["drill", "--day", "2026-12-07"]) == FAILED
    assert "FAILED  expect nothing here to change: 1 changed: governance" in capsys.readouterr().out


def test_without_a_corpus_there_is_nothing_to_rehearse(office: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill"]) == 2
    assert "has not been published here" in capsys.readouterr().err


def test_a_partner_that_was_entered_and_not_run_yet_is_named(small: tuple[Workspace, Params]) -> None:
    with pytest.raises(OperatorError, match="museo-nuevo: in the run, and not taken through the stages here yet"):
        draw(small[0], [*BOTH, "museo-nuevo"], DAY)


def test_a_graph_that_would_not_make_the_corpus_anew_fails_the_drill(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drill", "--day", "2026-12-07"]) == FAILED  # its dvc.yaml does not list the partner for the corpus
    printed = capsys.readouterr().out
    assert "FAILED  expect what holds the text to become stale: 5 stages stay fresh: checkpoint, corpus, mixture" in printed


def test_what_is_withdrawn_already_or_left_the_run_is_not_drawn(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, _ = small
    assert main(["withdraw", "--partner", PARTNER, "--delivery", "relatos", "--reason", "porque sí", "--on", "2026-11-20"]) == 0
    days = [date(2026, 12, number) for number in range(1, 9)]
    assert {draw(workspace, BOTH, day).delivery for day in days} == {"cartas"}
    with pytest.raises(OperatorError, match="the corpus holds 3 documents, and none of a partner in the run"):
        draw(workspace, (OTHER,), DAY)


def test_a_drill_reads_no_texts_that_may_not_be_read_on_this_machine(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    path = workspace.root / "partners" / f"{PARTNER}.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    for agreement in values["agreements"]:
        agreement["residency"] = ["BR"]
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    with pytest.raises(NotPermittedError, match="drill: .* lie in BR, not at"):
        rehearse(workspace, params, draw(workspace, BOTH, DAY), DAY)
