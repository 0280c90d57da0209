"""What is read and written in place of DVC's own way is what DVC would have read and written."""

import shutil
from pathlib import Path

import pytest
from dvc.utils.serialize import YAMLFileCorruptedError, modify_yaml, parse_yaml

from dagster_project.dvc_lockfile import modify_lock, parse_once
from tests.conftest import ROOT

ENTRY = {
    "cmd": "true",
    "deps": [{"path": "a: b", "md5": "1e5"}],
    "params": {"params.yaml": {"no": "12:30", "x": 0.0003, "z": None}},
}


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four stages of the committed lock, as DVC writes them: the whole takes it seconds."""
    path = tmp_path_factory.mktemp("lock") / "dvc.lock"
    committed = parse_once((ROOT / "dvc.lock").read_text(encoding="utf-8"), "dvc.lock")
    with modify_yaml(str(path)) as data:
        data["schema"] = committed["schema"]
        data["stages"] = {name: committed["stages"][name] for name in ("corpus", "corpus_gate", "mixture", "checkpoint")}
    return path


def test_the_committed_lock_is_parsed_as_dvc_parses_it() -> None:
    text = (ROOT / "dvc.lock").read_text(encoding="utf-8")
    assert parse_once(text, "dvc.lock") == parse_yaml(text, "dvc.lock")


def test_what_one_caller_changes_no_other_sees() -> None:
    parse_once("a: [1]", "dvc.lock")["a"] = 2
    assert parse_once("a: [1]", "dvc.lock") == {"a": [1]}


@pytest.mark.parametrize(
    "text", ["", "schema: '2.0'\n", "schema: '2.0'\nstages: {}\n", "# ours\nschema: '2.0'\nstages:\n  a:\n    cmd: b\n", "a: 1\n"]
)
def test_a_text_that_is_put_together_otherwise_is_parsed_as_dvc_parses_it(text: str) -> None:
    assert parse_once(text, "dvc.lock") == parse_yaml(text, "dvc.lock")


@pytest.mark.parametrize("text", ["schema: '2.0'\nstages:\n  a:\n    cmd: [\n", "schema: '2.0'\nstages:\n  a: 1\n  a: 2\n"])
def test_a_broken_text_is_named_as_dvc_names_it(text: str) -> None:
    with pytest.raises(YAMLFileCorruptedError) as ours:
        parse_once(text, "dvc.lock")
    with pytest.raises(YAMLFileCorruptedError) as theirs:
        parse_yaml(text, "dvc.lock")
    assert str(ours.value.__cause__) == str(theirs.value.__cause__)


@pytest.mark.parametrize("begun_as", ["", "schema: '2.0'\nstages: {}\n", "schema: '2.0'\nstages:\n  a:\n    cmd: b\n"])
def test_the_first_entries_are_written_as_dvc_writes_them(tmp_path: Path, begun_as: str) -> None:
    quick, plain = tmp_path / "quick.lock", tmp_path / "plain.lock"
    for path, modify in ((quick, modify_lock), (plain, modify_yaml)):
        path.write_text(begun_as, encoding="utf-8")
        with modify(str(path)) as data:
            data["schema"] = "2.0"
            data.setdefault("stages", {})["one"] = ENTRY
    assert quick.read_bytes() == plain.read_bytes()


def test_an_entry_in_another_order_is_written_in_it(tmp_path: Path, lock: Path) -> None:
    quick, plain = tmp_path / "quick.lock", tmp_path / "plain.lock"
    for path, modify in ((quick, modify_lock), (plain, modify_yaml)):
        shutil.copy(lock, path)
        with modify(str(path)) as data:
            data["stages"]["corpus"] = dict(sorted(data["stages"]["corpus"].items(), reverse=True))
            del data["stages"]["mixture"]
    assert quick.read_bytes() == plain.read_bytes()


@pytest.mark.parametrize("name", ["corpus", "a new stage", "12:30"])
def test_a_changed_entry_is_written_as_dvc_writes_it(tmp_path: Path, lock: Path, name: str) -> None:
    quick, plain = tmp_path / "quick.lock", tmp_path / "plain.lock"
    for path, modify in ((quick, modify_lock), (plain, modify_yaml)):
        shutil.copy(lock, path)
        with modify(str(path)) as data:
            data["stages"][name] = ENTRY
    assert quick.read_bytes() == plain.read_bytes()


def test_comments_of_any_other_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "dvc.yaml"
    path.write_text("# the graph\nstages: {}\n", encoding="utf-8")
    with modify_lock(str(path)) as data:
        data["vars"] = ["params.yaml"]
    assert path.read_text(encoding="utf-8").startswith("# the graph\n")
