"""A killed evaluation goes on at the task that it was at, and a new one asks only what it has no answers to."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from latamgpt.cache import KEY_NAME, cache_place, hand_on, keep
from latamgpt.evaluation import resume
from latamgpt.evaluation.items import Task
from latamgpt.evaluation.packed import PackedLM
from latamgpt.evaluation.resume import MEASURING, NO_PART_OF_A_SCORE, SHELF, drop_other_scores, measure_or_resume
from latamgpt.evaluation.score import Score
from latamgpt.params import Params
from latamgpt.store import Workspace, digest_of
from tests.conftest import ROOT
from tests.evaluation.conftest import TEXTS, publish_model
from tests.evaluation.test_packed import TASKS


class PowerCutError(Exception):
    """Stands for a kill between two tasks."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were scored, in turn."""
    names: list[str] = []
    score = resume.score_task

    def watched(model: PackedLM, task: Task) -> list[Score]:
        names.append(task.name)
        return score(model, task)

    monkeypatch.setattr(resume, "score_task", watched)
    return names


def stop_after(tasks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = resume.keep
    kept: list[object] = []

    def cut(*arguments: object) -> None:
        keep(*arguments)  # pyright: ignore[reportArgumentType]
        kept.append(arguments)
        if len(kept) == tasks:
            raise PowerCutError

    monkeypatch.setattr(resume, "keep", cut)


def measured(workspace: Workspace, params: Params) -> dict[str, dict[str, list[Score]]]:
    models = {"base": workspace.place("base_model"), "candidate": workspace.place("checkpoint")}
    return measure_or_resume(workspace.root, models, TASKS, params.scorecard, lambda _: None)


@pytest.fixture
def stopped(published: Workspace, micro_params: Params, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which an evaluation was stopped at the second model's second task."""
    with monkeypatch.context() as patch:
        stop_after(3, patch)
        with pytest.raises(PowerCutError):
            measured(published, micro_params)
    assert asked == [TASKS[0].name, TASKS[1].name, TASKS[0].name]
    asked.clear()
    return published


def test_stopped_evaluation_goes_on_at_the_task_that_it_was_at(
    stopped: Workspace, micro_params: Params, asked: list[str]
) -> None:
    resumed = measured(stopped, micro_params)
    assert asked == [TASKS[1].name]
    shutil.rmtree(cache_place(stopped.root, SHELF, ""))
    assert measured(stopped, micro_params) == resumed
    assert len(asked) == 1 + 4


def test_scores_of_other_parameters_are_not_taken(stopped: Workspace, micro_params: Params, asked: list[str]) -> None:
    other = micro_params.scorecard.model_copy(update={"batch_rows": 3})
    measured(stopped, micro_params.model_copy(update={"scorecard": other}))
    assert len(asked) == 4


def test_scores_of_other_items_are_not_taken(
    stopped: Workspace, micro_params: Params, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.TASKS", [replace(TASKS[0], items=TASKS[0].items[1:]), TASKS[1]])
    measured(stopped, micro_params)
    assert asked == [TASKS[0].name, TASKS[0].name, TASKS[1].name]


def test_scores_of_another_model_are_not_taken(stopped: Workspace, micro_params: Params, asked: list[str]) -> None:
    publish_model(stopped, "base_model", seed=7)
    measured(stopped, micro_params)
    assert asked == [TASKS[0].name, TASKS[1].name, TASKS[1].name]


def test_retraining_asks_its_base_nothing_that_it_was_asked_before(
    published: Workspace, micro_params: Params, asked: list[str]
) -> None:
    before = measured(published, micro_params)
    asked.clear()
    publish_model(published, "checkpoint", seed=7)
    again = measured(published, micro_params)
    assert asked == [TASKS[0].name, TASKS[1].name]
    assert again["base"] == before["base"]
    assert again["candidate"] != before["candidate"]


def test_other_statistics_and_another_choice_of_questions_ask_nothing_again(
    published: Workspace, micro_params: Params, asked: list[str]
) -> None:
    before = measured(published, micro_params)
    asked.clear()
    now = micro_params.scorecard
    other = {name: getattr(now, name) + (0.01 if name == "confidence" else 1) for name in NO_PART_OF_A_SCORE}
    assert measured(published, micro_params.model_copy(update={"scorecard": now.model_copy(update=other)})) == before
    assert asked == []


def test_code_that_measures_is_all_that_measuring_imports_of_the_evaluation() -> None:
    script = textwrap.dedent("""
        import sys
        import latamgpt.evaluation.packed, latamgpt.evaluation.resume
        print(*(name.rpartition(".")[2] for name in sys.modules if name.startswith("latamgpt.evaluation.")))
    """)
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(found.split()) == set(MEASURING)


def test_code_that_measures_is_part_of_what_scores_came_from(
    published: Workspace, micro_params: Params, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(published, micro_params)
    asked.clear()
    monkeypatch.setattr(resume, "CODE", (*resume.CODE, "evaluation/rights.py"))  # another digest, as after a change
    measured(published, micro_params)
    assert len(asked) == 4


def test_scores_of_tasks_that_are_asked_no_more_are_taken_away(published: Workspace, micro_params: Params) -> None:
    measured(published, micro_params)
    drop_other_scores(published.root, ["base", "candidate"], TASKS[1:])
    left = {place.name for place in cache_place(published.root, SHELF, "").iterdir()}
    assert left == {"base@bits_per_byte+xx", "candidate@bits_per_byte+xx"}


def test_another_checkout_is_handed_what_is_kept(
    published: Workspace, micro_params: Params, asked: list[str], tmp_path: Path
) -> None:
    before = measured(published, micro_params)
    asked.clear()
    shutil.copytree(published.root / "data", tmp_path / "other" / "data")
    hand_on(published.root, tmp_path / "other", SHELF)
    assert measured(Workspace(tmp_path / "other"), micro_params) == before
    assert asked == []


def test_scores_that_lie_in_the_place_of_another_model_are_not_taken(
    published: Workspace, micro_params: Params, asked: list[str]
) -> None:
    before = measured(published, micro_params)
    asked.clear()
    [own] = cache_place(published.root, SHELF, "").glob("base@bits*")
    [foreign] = cache_place(published.root, SHELF, "").glob("candidate@bits*")
    shutil.rmtree(own)
    shutil.copytree(foreign, own)
    assert measured(published, micro_params) == before
    assert asked == [TASKS[1].name]


@pytest.mark.parametrize("rows", ["[[1.0, 2.0, null]]", '[["much", 1.0, null]]', "[[null, 1.0, null]]", "{}", "["])
def test_what_is_kept_and_holds_no_score_for_each_item_is_measured_again(
    published: Workspace, micro_params: Params, asked: list[str], rows: str
) -> None:
    before = measured(published, micro_params)
    asked.clear()
    [place] = cache_place(published.root, SHELF, "").glob("base@bits*")
    keep(published.root, SHELF, place.name, (place / KEY_NAME).read_text(), lambda folder: write(folder, rows))
    assert measured(published, micro_params) == before
    assert asked == [TASKS[1].name]


def write(folder: Path, rows: str) -> None:
    (folder / resume.FILE).write_text(rows)


def test_damaged_scores_are_measured_again(stopped: Workspace, micro_params: Params, asked: list[str]) -> None:
    [path] = cache_place(stopped.root, SHELF, "").glob("base@bits*/scores.json")
    path.write_text("[[1.0, 2.0, null]]")
    measured(stopped, micro_params)
    assert sorted(asked) == sorted([TASKS[1].name, TASKS[1].name])


def test_what_is_kept_holds_no_text_and_no_document(stopped: Workspace) -> None:
    folders = list(cache_place(stopped.root, SHELF, "").iterdir())
    assert len(folders) == 3
    kept = "".join(path.read_text() for folder in folders for path in folder.iterdir())
    assert not any(item.id in kept for task in TASKS for item in task.items)
    assert not any(word in kept for texts in TEXTS.values() for text in texts for word in text.split() if len(word) > 5)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_evaluation_goes_on_to_the_same_bytes(published: Workspace, micro_params: Params, tmp_path: Path) -> None:
    """Each time in a process of its own, as a stage is: how torch computes is settled by what a process asks of it first."""
    params = tmp_path / "params.json"
    params.write_bytes(orjson.dumps(micro_params.model_dump(mode="json")))
    script = textwrap.dedent(f"""
        from pathlib import Path
        from latamgpt.evaluation.scorecard import run
        from latamgpt.params import Params
        from latamgpt.store import Workspace
        run(Workspace(Path({str(published.root)!r})), Params.model_validate_json(Path({str(params)!r}).read_bytes()))
    """)

    def begun() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})

    def digest_of_run() -> str:
        assert begun().wait() == 0
        return digest_of(published.place("scorecard"))

    shelf = cache_place(published.root, SHELF, "")
    process = begun()
    try:
        until = time.monotonic() + 100
        while len(list(shelf.glob("*"))) < 3 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not published.place("scorecard").exists()
    assert len(list(shelf.iterdir())) >= 3
    resumed = digest_of_run()
    shutil.rmtree(shelf)
    assert digest_of_run() == resumed
