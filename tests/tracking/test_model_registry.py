"""The model registry: one version for a folder, found by its alias, with the run that trained it."""

from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.links import seal_link
from latamgpt.tracking.model_registry import register_model_version, set_alias, version_by_alias
from latamgpt.tracking.runs import start_run
from tests.builders import publish_text


def test_model_version_is_one_per_folder_and_found_by_alias(workspace: Workspace) -> None:
    folder = publish_text(workspace, "release_candidate")
    assert version_by_alias(workspace, "latam-gpt", "candidate") is None
    version = register_model_version(workspace, "latam-gpt", folder, {"country": "CL"})
    assert register_model_version(workspace, "latam-gpt", folder, {"country": "PE"}) == version
    set_alias(workspace, "latam-gpt", "candidate", version)
    found = version_by_alias(workspace, "latam-gpt", "candidate")
    assert found is not None
    assert found.version == version
    assert found.tags["country"] == "PE"
    assert found.tags["manifest_sha256"] == digest_of(folder)
    assert found.tags["folder"] == "data/release_candidate"
    assert version_by_alias(workspace, "latam-gpt", "approved") is None


def test_model_version_names_the_run_that_trained_it(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
        pass
    publish_text(workspace, "checkpoint")
    seal_link(workspace, "checkpoint")
    folder = publish_text(workspace, "release_candidate")
    set_alias(workspace, "latam-gpt", "candidate", register_model_version(workspace, "latam-gpt", folder, {}))
    found = version_by_alias(workspace, "latam-gpt", "candidate")
    assert found is not None
    assert found.run_id == run_log.run_id
