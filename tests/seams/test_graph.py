"""What is written by hand in several places must stay equal: stages.py, dvc.yaml, params.yaml, assets/, partners/, samples/."""

from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from assets.graph import Graph, is_code
from assets.lifecycle import SHOWN
from dagster_project.dvc_graph import parse_graph
from latamgpt.params import Params, read_params
from latamgpt.stages import STAGES
from tests.conftest import ROOT

SHARED_SECTIONS = {"rights", "partners"}
WITHOUT_STAGE = {"sweep"}  # proposes to a person, beside the graph
WITHOUT_SECTION = {"release"}  # reads release_candidate's
NOT_PARTNERS = {"base_text", "ability_text", "licenses"}  # folders of samples/ that no partner sent
ROOMS_OF_ONE_STAGE = {("documents", "latamgpt/intake")}  # a folder all of which one stage per partner uses: dvc.lock stays short


@pytest.fixture(scope="module")
def graph() -> Graph:
    return parse_graph(ROOT)


@pytest.fixture(scope="module")
def real() -> Params:
    return read_params(ROOT)


def test_dvc_yaml_has_the_stages_of_stages_py_and_assets_shows_them(graph: Graph) -> None:
    names = {stage.name for stage in STAGES}
    assert {node.name for node in graph.stages} == names
    assert set(SHOWN) == names


def test_stages_per_partner_are_a_matrix_over_all_partners(graph: Graph, real: Params) -> None:
    keys: dict[str, set[str]] = defaultdict(set)
    for node in graph.stages:
        keys[node.name].add(node.key)
    for stage in STAGES:
        assert keys[stage.name] == (set(real.partners) if stage.per_partner else {""}), stage.name


def test_every_command_and_output_follows_from_the_name(graph: Graph) -> None:
    for node in graph.stages:
        assert node.cmd == f"latamgpt stage {node.name} {node.key}".strip()
        assert node.outs == (f"data/{node.name}/{node.key}".rstrip("/"),)


def test_every_stage_depends_on_its_own_section_of_params(graph: Graph) -> None:
    sections = set(Params.model_fields)
    for node in graph.stages:
        assert {section.partition(".")[0] for section in node.params} <= sections, node.address
        if node.name not in WITHOUT_SECTION:
            assert node.name in node.params, node.address


def test_every_section_of_params_is_read_by_a_stage(graph: Graph) -> None:
    assert {section.partition(".")[0] for node in graph.stages for section in node.params} == set(
        Params.model_fields
    ) - WITHOUT_STAGE


def test_another_least_confidence_of_a_page_makes_only_documents_stale(graph: Graph, real: Params) -> None:
    reading = {node.address for node in graph.stages if any(one.partition(".")[0] == "documents" for one in node.params)}
    assert reading == {f"documents@{partner}" for partner in real.partners}


def test_literal_fan_in_lists_name_every_partner_once(graph: Graph, real: Params) -> None:
    for node in (node for node in graph.stages if not node.key):
        listed: dict[str, list[str]] = defaultdict(list)
        for dep in node.deps:
            folder, _, last = dep.rpartition("/")
            if folder in ("partners", "governance/withdrawals") or dep.startswith("data/") and dep.count("/") == 2:
                listed[folder].append(last.removesuffix(".yaml"))
        for folder, partners in listed.items():
            assert partners == sorted(real.partners), f"{node.address}: {folder}"


def test_a_stage_reads_no_parent_folder_of_an_output(graph: Graph) -> None:
    outs = graph.outs
    for node in graph.stages:
        for dep in node.deps:
            assert dep in outs or not dep.startswith("data"), f"{node.address} reads {dep}, which no stage publishes"


def test_program_text_exists_and_is_named_file_by_file_but_for_a_room_of_one_stage(graph: Graph) -> None:
    for node in graph.stages:
        for dep in filter(is_code, node.deps):
            place = ROOT / dep
            assert place.exists(), f"{node.address} depends on {dep}, which is not there"
            if (node.name, dep) not in ROOMS_OF_ONE_STAGE:
                assert not any(place.glob("**/*.py")), f"{node.address} depends on all of {dep}: name its files"


def test_registry_samples_and_params_know_the_same_partners(real: Params) -> None:
    assert sorted(path.stem for path in (ROOT / "partners").glob("*.yaml")) == sorted(real.partners)
    folders = {path.name for path in (ROOT / "samples").iterdir() if path.is_dir()}
    assert folders - NOT_PARTNERS == set(real.partners)


def test_partners_are_sorted_so_that_a_new_one_moves_no_other(real: Params) -> None:
    assert list(real.partners) == sorted(set(real.partners))


def test_gates_judge_stages_that_exist_and_what_follows_reads_their_verdict(graph: Graph) -> None:
    read = {dep for node in graph.stages for dep in node.deps}
    for name, shown in SHOWN.items():
        if shown.gate_of:
            assert shown.gate_of in SHOWN
            gates = [node for node in graph.stages if node.name == name]
            assert all(gate.outs[0] in read for gate in gates), f"nobody reads the verdict of {name}"
            assert all(f"data/{shown.gate_of}/{gate.key}".rstrip("/") in gate.deps for gate in gates)


def test_what_counts_another_stage_s_output_reads_it(graph: Graph) -> None:
    (later,) = (node for node in graph.stages if SHOWN[node.name].counts_of)
    assert (later.name, SHOWN[later.name].counts_of) == ("token_shards", "corpus")
    assert "data/corpus" in later.deps


def test_dvc_keeps_no_remote_secret_and_no_telemetry() -> None:
    config = (ROOT / ".dvc" / "config").read_text()
    assert "analytics = false" in config
    assert "secret" not in config
    assert not (ROOT / "workspace.yaml").read_text().count("/work")


def test_workspace_yaml_points_at_the_definitions() -> None:
    loaded = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    assert loaded["load_from"][0]["python_module"]["module_name"] == "dagster_project.definitions"
    assert Path(ROOT / "dagster_project" / "definitions.py").is_file()
