"""Profiles name tasks that the installed harness has, run where there is a hub, and say so where there is none."""

from importlib.util import find_spec
from pathlib import Path

import orjson
import pytest
import yaml

from latamgpt.errors import OperatorError
from latamgpt.evaluation.comparison import compare_sides, read_side
from latamgpt.evaluation.items import Measure
from latamgpt.evaluation.profiles.profile import FOLDER, read_profile
from latamgpt.evaluation.profiles.run import rows_of, run_profile
from latamgpt.evaluation.score import Scorecard
from latamgpt.params import Params
from latamgpt.store import Workspace, write_json
from tests.evaluation.conftest import publish_model

PROFILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
FOLDERS = (
    *("belebele", "spanish_bench", "portuguese_bench", "openai-mmmlu", "global_mmlu", "include/default/Spanish"),
    *(
        "include/default/Portuguese",
        "mmlu_prox/es",
        "mmlu_prox/pt",
        "headqa",
        "xstorycloze",
        "xcopa",
        "multiblimp",
        "global_piqa",
    ),
    *("mgsm", "eq_bench", "esbbq", "truthfulqa-multi", "okapi/truthfulqa_multilingual"),
)
"""Where the profiles' tasks lie in the harness: reading all of it takes a minute."""


@pytest.fixture(scope="module")
def known() -> set[str]:
    from lm_eval.tasks import TaskManager

    spec = find_spec("lm_eval")
    assert spec
    assert spec.submodule_search_locations
    tasks = Path(spec.submodule_search_locations[0]) / "tasks"
    return set(TaskManager(include_path=[tasks / folder for folder in FOLDERS], include_defaults=False).all_tasks)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROFILES)
def test_every_task_of_a_profile_is_one_of_the_installed_harness(name: str, known: set[str]) -> None:
    named = [task for tasks in read_profile(name).groups.values() for task in tasks]
    assert len(named) == len(set(named))
    assert set(named) - known == set()


def test_what_the_issue_asks_for_is_named() -> None:
    named = {task for name in PROFILES for tasks in read_profile(name).groups.values() for task in tasks}
    piqa = {f"global_piqa_{kind}_{place}" for kind in ("parallel_cloze", "nonparallel_cloze") for place in PIQA}
    assert named >= {*ASKED_FOR, *piqa}


PIQA = ("spa_latn_mexi", "spa_latn_peru", "por_latn_braz")
ASKED_FOR = (
    *("spanish_bench", "portuguese_bench", "belebele_spa_Latn", "belebele_por_Latn", "belebele_grn_Latn", "mmmlu_es_la"),
    *("mmmlu_pt_br", "global_mmlu_es", "global_mmlu_pt", "include_base_44_spanish", "include_base_44_portuguese", "mmlu_prox_es"),
    *("mmlu_prox_pt", "mgsm_direct_es", "eqbench_es", "esbbq", "truthfulqa-multi_mc2_es", "multiblimp_spa", "multiblimp_por"),
    *("xcopa_qu", "multiblimp_yrl", "multiblimp_quc", "multiblimp_nhi"),
)


def test_an_unknown_profile_is_told_with_those_that_there_are() -> None:
    with pytest.raises(OperatorError, match="Choose one of indigenous, portuguese, spanish"):
        read_profile("french")


def test_without_a_hub_nothing_is_measured_and_the_reason_is_plain(
    tmp_path: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(OperatorError, match=r"http://127.0.0.1:9 cannot be reached from here .* Nothing was measured"):
        run_profile(tmp_path, "base", read_profile("spanish"), params.scorecard, 1, lambda _: None)


@pytest.mark.slow
def test_a_profile_is_run_by_the_harness_and_compared_item_by_item(workspace: Workspace, params: Params) -> None:
    asked = params.scorecard.model_copy(update={"passage_tokens": 32})
    profile = read_profile(str(_own_profile(workspace.root)))
    sides = []
    for seed, stage in enumerate(("base_model", "checkpoint"), 1):
        publish_model(workspace, stage, seed)
        ran = run_profile(workspace.place(stage), stage, profile, asked, None, lambda _: None)
        assert {item.task for item in ran.items} == {"grammar/of_a_test"}
        assert (len(ran.items), ran.metrics, ran.left_out) == (6, {"of_a_test": "acc"}, ())
        assert {item.scores[stage].value for item in ran.items} <= {0.0, 1.0}
        path = workspace.root / f"{stage}.json"
        write_json(path, Scorecard(base=stage, candidate=stage, items=ran.items, cells=()).model_dump(exclude_none=True))
        sides.append(read_side(workspace, "A", str(path)))
    cells = compare_sides(sides[0], sides[1], asked).scorecard.cells
    assert [(cell.measure, cell.group, cell.num_items) for cell in cells] == [("task_metric", "of_a_test", 6)]


def test_a_task_without_figures_by_item_is_left_out() -> None:
    corpus = {"doc_id": 0, "doc_hash": "a", "filter": "none", "metrics": ["bleu"], "bleu": ("said", "meant")}
    assert rows_of("bench/translated", [corpus], "base", "es") == ("", [])
    assert rows_of("bench/nothing", [], "base", "es") == ("", [])


def test_of_several_filters_the_first_counts() -> None:
    strict = {"doc_id": 0, "doc_hash": "a", "filter": "strict", "metrics": ["exact_match"], "exact_match": 0.0}
    metric, rows = rows_of("mathematics/m", [strict, {**strict, "filter": "flexible", "exact_match": 1.0}], "base", "es")
    assert (metric, [row.scores["base"].value for row in rows]) == ("exact_match", [0.0])
    assert rows[0].measure is Measure.TASK_METRIC


def _own_profile(folder: Path) -> Path:
    lines = [{"good": f"La casa {n} está junto al río.", "bad": f"La casa {n} están junto al río."} for n in range(6)]
    data = folder / "pairs.jsonl"
    data.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    task = {
        "task": "of_a_test",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"train": str(data)}, "cache_dir": str(folder / "cache")},
        "output_type": "multiple_choice",
        "test_split": "train",
        "doc_to_text": "",
        "target_delimiter": "",
        "doc_to_target": 0,
        "doc_to_choice": "{{[good, bad]}}",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    (folder / "own").mkdir()
    (folder / "own" / "of_a_test.yaml").write_text(yaml.safe_dump(task))
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump({"language": "es", "groups": {"grammar": ["of_a_test"]}, "include": "own"}))
    return path
