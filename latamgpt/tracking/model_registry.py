"""MLflow's model registry: a version for each published folder, and the aliases that point at them."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.links import find_link
from latamgpt.tracking.runs import find_run, revision_tags
from latamgpt.tracking.sending import DIGEST_TAG
from latamgpt.tracking.server import connect, find_experiment, tracking_uri


@dataclass(frozen=True)
class ModelVersionInfo:
    """A version in the model registry."""

    version: str
    tags: dict[str, str]
    run_id: str


def register_model_version(workspace: Workspace, name: str, source_folder: Path, tags: Mapping[str, str]) -> str:
    """A version of a registered model for a published folder, without copying its weights into MLflow.

    The same folder (by its manifest's sha256) gets one version, however often it is registered; its tags are brought up to date.
    """
    client = connect(workspace)
    import mlflow

    digest = digest_of(source_folder)
    root, where = workspace.root.resolve(), source_folder.resolve()
    shown = where.relative_to(root).as_posix() if where.is_relative_to(root) else str(where)
    all_tags = {**revision_tags(workspace), **tags, DIGEST_TAG: digest, "folder": shown}
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    for known in client.search_model_versions(f"name = '{name}'"):
        if known.tags.get(DIGEST_TAG) == digest:
            for key, value in sorted(all_tags.items()):
                client.set_model_version_tag(name, str(known.version), key, value)
            return str(known.version)
    run = find_run(client, find_link(workspace, "checkpoint").get("mlflow_run_id", ""))
    run_id = run.info.run_id if run else None
    with _as_default_store(tracking_uri(workspace)):
        model = mlflow.create_external_model(
            name=name, source_run_id=run_id, tags=all_tags, model_type="causal-lm", experiment_id=find_experiment(client)
        )
        made = client.create_model_version(
            name, source=f"models:/{model.model_id}", run_id=run_id, tags={**all_tags, "mlflow_model_id": model.model_id}
        )
    return str(made.version)


def set_alias(workspace: Workspace, name: str, alias: str, version: str) -> None:
    """Point an alias such as 'candidate' or 'approved' at a version."""
    connect(workspace).set_registered_model_alias(name, alias, version)


def version_by_alias(workspace: Workspace, name: str, alias: str) -> ModelVersionInfo | None:
    """The version that an alias points at; None where there is no such model or alias."""
    client = connect(workspace)
    if not client.search_registered_models(f"name = '{name}'"):
        return None
    version = client.get_registered_model(name).aliases.get(alias)
    if version is None:
        return None
    found = client.get_model_version(name, str(version))
    return ModelVersionInfo(str(found.version), dict(found.tags), found.run_id or "")


@contextmanager
def _as_default_store(uri: str) -> Generator[None]:
    """MLflow's functions for external models know no client; its global setting would outlive us, in an environment variable."""
    import mlflow

    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before or "")
        if before is None:
            os.environ.pop("MLFLOW_TRACKING_URI", None)
