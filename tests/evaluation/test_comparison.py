"""`latamgpt compare`: two measured models on what both were asked, and what is said of what they were not."""

import json
from pathlib import Path

import orjson
import pytest

from latamgpt.cli import main
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.evaluation.comparison import compare_sides, read_side
from latamgpt.evaluation.page.publish import write_pages
from latamgpt.evaluation.score import SCORECARD_NAME, Made, Scorecard
from latamgpt.evaluation.tracked import COLUMNS, ITEMS_NAME, track
from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.store import Workspace, write_json, write_report
from latamgpt.tracking.server import connect, find_experiment
from tests.evaluation.scorecards import BASE, CANDIDATE, passages, planted_items, questions, scorecard_of


def write(path: Path, card: Scorecard) -> str:
    path.write_bytes(orjson.dumps(card.model_dump(mode="json", exclude_none=True)))
    return str(path)


@pytest.fixture
def card(params: Params) -> Scorecard:
    return scorecard_of(planted_items(), params.scorecard)


def test_two_models_of_one_scorecard_give_its_own_statistics(workspace: Workspace, card: Scorecard, params: Params) -> None:
    place = write(workspace.root / "s.json", card)
    found = compare_sides(read_side(workspace, "A", place, BASE), read_side(workspace, "B", place), params.scorecard)
    assert found.scorecard.cells == card.cells
    assert (found.num_both, found.num_only_a, found.num_only_b, found.num_changed) == (len(card.items), 0, 0, 0)
    assert found.differences == ()


def test_only_items_of_both_in_the_same_words_are_compared_and_the_rest_is_counted(workspace: Workspace, params: Params) -> None:
    shared, changed = passages("gug", 0.3), questions("culture/ar", "AR", 0.1)
    otherwise = [item.model_copy(update={"asked": "otherwise"}) for item in changed]
    a = write(workspace.root / "a.json", scorecard_of([*shared, *changed, *passages("es", 0.1)], params.scorecard))
    b = write(workspace.root / "b.json", scorecard_of([*shared, *otherwise, *passages("pt", 0.1, num=5)], params.scorecard))
    found = compare_sides(read_side(workspace, "A", a), read_side(workspace, "B", b), params.scorecard)
    assert (found.num_both, found.num_only_a, found.num_only_b, found.num_changed) == (12, 12, 5, 20)
    [cell] = found.scorecard.cells
    assert (cell.group, cell.difference) == ("gug", 0.0)


def test_nothing_in_common_is_refused_with_the_numbers_of_both(workspace: Workspace, params: Params) -> None:
    a = write(workspace.root / "a.json", scorecard_of(passages("es", 0.1), params.scorecard))
    b = write(workspace.root / "b.json", scorecard_of(passages("pt", 0.1, num=5), params.scorecard))
    sides = read_side(workspace, "A", a), read_side(workspace, "B", b)
    with pytest.raises(OperatorError, match=r"has 12 items and B: .* 5, and none was asked of both"):
        compare_sides(*sides, params.scorecard)


def test_other_code_and_parameters_are_told_by_name(workspace: Workspace, card: Scorecard, params: Params) -> None:
    other = card.made.model_copy(update={"code": "0ther", "settings": {"seed": "20"}})
    a = write(workspace.root / "a.json", card)
    b = write(workspace.root / "b.json", card.model_copy(update={"made": other}))
    c = write(workspace.root / "c.json", card.model_copy(update={"made": Made()}))
    found = compare_sides(read_side(workspace, "A", a), read_side(workspace, "B", b), params.scorecard)
    assert found.differences == (
        "measured with other code: c0de in A, 0ther in B",
        "measured with other parameters: seed is 19 in A and 20 in B",
        "A and B are the same weights: what differs is how they were measured",
    )
    found = compare_sides(read_side(workspace, "A", a), read_side(workspace, "B", c), params.scorecard)
    assert found.differences == ("B does not say with which code and parameters it was measured",)


def test_a_place_without_a_scorecard_and_a_model_that_is_not_in_it_are_explained(workspace: Workspace, card: Scorecard) -> None:
    with pytest.raises(OperatorError, match="there is no scorecard to read"):
        read_side(workspace, "A", "nowhere")
    (workspace.root / "notes.json").write_text('{"items": []}')
    with pytest.raises(OperatorError, match="is no scorecard of this version"):
        read_side(workspace, "A", str(workspace.root / "notes.json"))
    with pytest.raises(OperatorError, match=r"no model 'gpt' was measured there.*base, candidate: choose .*--model-b"):
        read_side(workspace, "B", write(workspace.root / "s.json", card), "gpt")


def test_a_published_scorecard_that_was_edited_is_refused(workspace: Workspace, card: Scorecard) -> None:
    publish(workspace, card)
    place = workspace.place("scorecard")
    assert read_side(workspace, "A", str(place)).model == CANDIDATE
    write(place / SCORECARD_NAME, card.model_copy(update={"confidence": 0.9}))
    with pytest.raises(InputDamagedError, match="is not the file that was published"):
        read_side(workspace, "A", str(place))


def test_command_prints_a_table_json_and_writes_the_page(
    workspace: Workspace, card: Scorecard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    monkeypatch.setattr("latamgpt.commands.compare.terminal_width", lambda: 0)
    write(workspace.root / "s.json", card)
    compare = ["compare", "s.json", "s.json", "--model-a", "base"]
    assert main([*compare, "--html", "page.html", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert f"{len(card.items)} items in both; 0 only in A, 0 only in B" in out
    [line] = [line for line in out.splitlines() if line.startswith("bits_per_byte  gug")]
    assert line.endswith("gained")
    page = (workspace.root / "page.html").read_text(encoding="utf-8")
    assert "Two models on the same questions" in page
    assert "“B: candidate, s.json” gained in" in page
    assert main([*compare, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["num_both"] == len(card.items)
    assert [cell["group"] for cell in told["scorecard"]["cells"]] == [cell.group for cell in card.cells]
    assert "items" not in told["scorecard"]


def test_runs_hold_scorecard_pages_and_a_table_of_items_and_are_compared_by_their_ids(
    workspace: Workspace, card: Scorecard, params: Params, tmp_path: Path
) -> None:
    publish(workspace, card)
    track(workspace, params.scorecard, card, {name: workspace.place("base_model") for name in (BASE, CANDIDATE)})
    client = connect(workspace)
    runs = {run.data.tags["model.role"]: run for run in client.search_runs([find_experiment(client)])}
    assert runs[BASE].data.metrics["bits_per_byte/gug"] == next(c.base for c in card.cells if c.group == "gug")
    assert set(runs[BASE].data.metrics) == set(runs[CANDIDATE].data.metrics) == {f"{c.measure}/{c.group}" for c in card.cells}
    ids = {name: run.info.run_id for name, run in runs.items()}
    kept = {artifact.path for artifact in client.list_artifacts(ids[BASE])}
    assert kept == {SCORECARD_NAME, ITEMS_NAME, "scorecard.es.html", "scorecard.pt.html", "scorecard.en.html"}
    table = json.loads(Path(client.download_artifacts(ids[CANDIDATE], ITEMS_NAME, str(tmp_path))).read_bytes())
    assert table["columns"][: len(COLUMNS)] == list(COLUMNS)
    assert len(table["data"]) == len(card.items)
    sides = read_side(workspace, "A", ids[BASE]), read_side(workspace, "B", ids[CANDIDATE])
    assert compare_sides(*sides, params.scorecard).scorecard.cells == card.cells
    with pytest.raises(OperatorError, match="MLflow knows no run"):
        read_side(workspace, "A", "0" * 32)


def publish(workspace: Workspace, card: Scorecard) -> None:
    """A scorecard as its stage leaves it, and what its runs say that they read."""
    with workspace.publish("scorecard") as folder:
        write_json(folder / SCORECARD_NAME, card.model_dump(mode="json", exclude_none=True))
        write_pages(folder, card)
        write_report(folder, Report(stage="scorecard", summary="made for a test"))
    for stage in ("base_model", "token_shards"):
        with workspace.publish(stage) as folder:
            write_report(folder, Report(stage=stage, summary="made for a test"))
