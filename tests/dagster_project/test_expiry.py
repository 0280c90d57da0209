"""One agreement ends, on the real stages and samples: what asks for it is stale, and the next corpus holds none of it."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
import yaml

from dagster_project.definitions import build_location
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.dagster_project.small_factory import call
from tests.dagster_project.staleness import adopt_all, not_fresh_in_ui, stale_in_dvc

PARTNER, OTHER = "museo-altiplano", "colegio-nahuatl"
ENDED, STANDING = "ma-2025-01", "ma-2025-02"
STAGES = ("name_tagger", "documents", "clean_documents", "documents_gate", "corpus")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project's graph up to the corpus, with two of its partners, run through DVC; one agreement holds to the year's end."""
    root = tmp_path_factory.mktemp("to-the-corpus")
    for name in ("latamgpt", "languages", "sites", "profiles", "evaluation_sets", "samples/ability_text"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for partner in (PARTNER, OTHER):
        for name in (f"partners/{partner}.yaml", f"governance/withdrawals/{partner}.yaml"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        shutil.copytree(ROOT / "samples" / partner, root / "samples" / partner)
    end_agreement(root, "2026-12-31")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["name_tagger"] |= yaml.safe_load((ROOT / "profiles" / "tiny.yaml").read_text(encoding="utf-8"))["name_tagger"]
    left_out = tuple(set(params["partners"]) - {PARTNER, OTHER})
    (root / "params.yaml").write_text(yaml.safe_dump(params | {"partners": [OTHER, PARTNER]}), encoding="utf-8")
    graph = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    stages = {name: graph["stages"][name] for name in STAGES}
    for stage in stages.values():
        stage["deps"] = [dep for dep in stage["deps"] if Path(dep).stem not in left_out]
    (root / "dvc.yaml").write_text(yaml.safe_dump(graph | {"stages": stages}, sort_keys=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
        call(root, sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet")
        call(root, sys.executable, "-m", "dvc", "repro", "--quiet")
        yield root


@pytest.fixture
def to_the_corpus(template: Path, tmp_path: Path) -> Workspace:
    """A copy of it, to change."""
    return Workspace(shutil.copytree(template, tmp_path / "workspace", symlinks=True))


def end_agreement(root: Path, day: str) -> None:
    """Write the last day of the agreement that ends."""
    path = root / "partners" / f"{PARTNER}.yaml"
    registry = yaml.safe_load(path.read_text(encoding="utf-8"))
    (agreement,) = [one for one in registry["agreements"] if one["id"] == ENDED]
    agreement["valid_until"] = day
    path.write_text(yaml.safe_dump(registry), encoding="utf-8")


def held(workspace: Workspace) -> set[tuple[str, str, str]]:
    """Partner, agreement and document of all that the corpus holds."""
    rows = pq.read_table(workspace.place("corpus") / "documents.parquet", columns=["partner", "agreement", "doc_id"]).to_pylist()
    return {(row["partner"], row["agreement"], row["doc_id"]) for row in rows}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_ended_agreement_makes_stale_what_asks_for_it_and_takes_its_documents_out_of_the_corpus(
    to_the_corpus: Workspace,
) -> None:
    location = build_location(to_the_corpus)
    try:
        with dg.instance_for_test() as instance:
            adopt_all(location, instance)
            assert not_fresh_in_ui(location, instance) == stale_in_dvc(location) == set()
            before = held(to_the_corpus)
            gone = {one for one in before if one[1] == ENDED}
            assert gone
            assert {agreement for _, agreement, _ in before} > {ENDED, STANDING}

            end_agreement(to_the_corpus.root, "2026-06-30")
            asking = {f"documents@{PARTNER}", f"documents_gate@{PARTNER}", "corpus"}
            assert stale_in_dvc(location) == not_fresh_in_ui(location, instance) == asking

            call(to_the_corpus.root, sys.executable, "-m", "dvc", "repro", "--quiet")
            after = held(to_the_corpus)
            assert not {one for one in after if one[1] == ENDED}
            assert after >= before - gone
            excluded = pq.read_table(to_the_corpus.place("corpus") / "exclusions.parquet").to_pylist()
            ended = {(row["partner"], row["delivery"]) for row in excluded if row["reason"] == "agreement_expired"}
            named = {path.parent.name: yaml.safe_load(path.read_text())["agreement"] for path in deliveries(to_the_corpus)}
            assert ended == {(PARTNER, name) for name, under in named.items() if under == ENDED}
            adopt_all(location, instance)
            assert stale_in_dvc(location) == not_fresh_in_ui(location, instance) == set()
    finally:
        location.door.close()


def published(workspace: Workspace) -> dict[str, str]:
    """The hash of every output, as dvc.lock records it."""
    lock = yaml.safe_load((workspace.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {name: stage["outs"][0]["md5"] for name, stage in lock.items()}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_day_that_passes_has_every_partner_asked_again_and_changes_only_what_it_ended(to_the_corpus: Workspace) -> None:
    root = to_the_corpus.root
    before, texts = published(to_the_corpus), held(to_the_corpus)
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    location = build_location(to_the_corpus)
    try:
        assert stale_in_dvc(location) == set()
        params["rights"]["as_of"] = "2027-01-01"  # the day after; nothing else tells a run that it has come
        (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        asking = {f"{stage}@{partner}" for stage in ("documents", "documents_gate") for partner in (PARTNER, OTHER)}
        assert stale_in_dvc(location) == {*asking, "corpus"}
    finally:
        location.door.close()

    call(root, sys.executable, "-m", "dvc", "repro", "--quiet")
    after = published(to_the_corpus)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {f"documents@{PARTNER}", f"clean_documents@{PARTNER}", f"documents_gate@{PARTNER}", "corpus"}
    gone = texts - held(to_the_corpus)
    assert gone
    assert {agreement for _, agreement, _ in gone} == {ENDED}


def test_the_page_on_rights_names_every_stage_that_a_moved_day_makes_stale() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    asking = [name for name, stage in stages.items() if "rights" in stage.get("params", ())]
    page = (ROOT / "docs" / "rights.md").read_text(encoding="utf-8")
    (sentence,) = re.findall(r"Stale is then every stage that asks the registry on a day: (.*?)\. They", page, re.DOTALL)
    assert re.findall(r"`(\w+)`", sentence) == asking


def deliveries(workspace: Workspace) -> list[Path]:
    return sorted((workspace.root / "samples" / PARTNER).glob("*/delivery.yaml"))
