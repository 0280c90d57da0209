"""params.yaml: read as one typed object; a mistake stops the run by the key's name."""

from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.params import read_params, use_profile
from latamgpt.store import Workspace
from tests.conftest import ROOT

PROFILES = sorted(p.stem for p in (ROOT / "profiles").glob("*.yaml"))


def edit(root: Path, old: str, new: str) -> None:
    path = root / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_committed_params_are_valid() -> None:
    assert read_params(ROOT).partners


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_valid(profile: str) -> None:
    assert read_params(ROOT, profile) != read_params(ROOT)


@pytest.mark.parametrize("second", ["llama-3.1-8b", "llama-3.1-70b"])
def test_a_profile_over_another_is_refused_and_changes_nothing(workspace: Workspace, second: str) -> None:
    use_profile(workspace.root, "tiny")
    before = (workspace.root / "params.yaml").read_bytes()
    for act in (use_profile, read_params):
        with pytest.raises(OperatorError, match=r"follows profiles/tiny.yaml already.*git checkout params.yaml"):
            act(workspace.root, second)
    assert (workspace.root / "params.yaml").read_bytes() == before
    assert use_profile(workspace.root, "tiny") == 0


def test_a_misspelt_key_is_named(workspace: Workspace) -> None:
    edit(workspace.root, "  learning_rate: 0.000008", "  lerning_rate: 0.000008")
    with pytest.raises(OperatorError) as error:
        read_params(workspace.root)
    assert "checkpoint.lerning_rate: there is no such key" in str(error.value)
    assert "checkpoint.learning_rate: is missing" in str(error.value)


def test_a_value_out_of_bounds_is_shown(workspace: Workspace) -> None:
    edit(workspace.root, "replay_share: 0.25", "replay_share: 25")
    with pytest.raises(OperatorError, match=r"mixture.replay_share: .*1.0 or less, found 25"):
        read_params(workspace.root)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("num_bands: 28", "num_bands: 30", "corpus.num_bands is 30, which does not divide clean_documents.num_permutations, 112"),
        ("  - archivo-cauca\n", "  - academia-quechua\n", "partners names academia-quechua twice"),
        ("kind: package", "kind: tiny", "base_model.tiny is there if, and only if, base_model.kind is tiny"),
        ("max_document_tokens: 512", "max_document_tokens: 1", "2 or more, found 1"),
        ("min_page_confidence: 0.9", "min_page_confidence: 90", "documents.min_page_confidence: "),
    ],
)
def test_values_that_do_not_fit_together_are_refused(workspace: Workspace, old: str, new: str, message: str) -> None:
    edit(workspace.root, old, new)
    with pytest.raises(OperatorError) as error:
        read_params(workspace.root)
    assert message in str(error.value)


def test_broken_yaml_names_the_line(workspace: Workspace) -> None:
    edit(workspace.root, "rights:", "rights: [")
    with pytest.raises(OperatorError, match=r"(?s)not valid YAML.*line \d+"):
        read_params(workspace.root)


def test_a_missing_file_says_how_to_get_it_back(workspace: Workspace) -> None:
    (workspace.root / "params.yaml").unlink()
    with pytest.raises(OperatorError, match="git checkout params.yaml"):
        read_params(workspace.root)


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(OperatorError, match=r"no profile 'tyny'.*tiny"):
        read_params(ROOT, "tyny")


@pytest.mark.parametrize("profile", PROFILES)
def test_using_a_profile_gives_what_reading_it_gives(workspace: Workspace, profile: str) -> None:
    wanted = read_params(workspace.root, profile)
    changed = use_profile(workspace.root, profile)
    assert changed > 0
    assert read_params(workspace.root) == wanted
    assert "# What a run is." in (workspace.root / "params.yaml").read_text(encoding="utf-8")
    assert use_profile(workspace.root, profile) == 0
