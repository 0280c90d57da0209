"""A peer that is asked for real: a tiny Llama behind a server of this machine, and a few of the repository's questions."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from latamgpt.evaluation.items import Task
from latamgpt.evaluation.peers.config import Peer, read_peer
from latamgpt.evaluation.questions import question_tasks
from latamgpt.params import Params, ScorecardParams
from latamgpt.store import Workspace
from tests.evaluation.conftest import publish_model
from tests.servers.openai import KEY, MODEL, Served, openai_server

VARIABLE = "KEY_OF_A_TEST"


@pytest.fixture(scope="package")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = Workspace(tmp_path_factory.mktemp("peer"))
    publish_model(workspace, "base_model", seed=1)
    folder = workspace.place("base_model")
    config = orjson.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_bytes(orjson.dumps({**config, "max_position_embeddings": 1024}))  # no question is cut
    return folder


@pytest.fixture
def served(model_folder: Path) -> Generator[Served]:
    with openai_server(model_folder) as found:
        yield found


@pytest.fixture
def asked(params: Params) -> ScorecardParams:
    return params.scorecard.model_copy(update={"max_items": 2, "max_ability_items": 2, "passage_tokens": 512})


@pytest.fixture
def tasks(asked: ScorecardParams) -> list[Task]:
    return question_tasks(asked)[:3]


@pytest.fixture
def write_peer(workspace: Workspace, served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Peer]:
    """Write a peer's file and read it, with the key set."""
    monkeypatch.setenv(VARIABLE, KEY)

    def write(name: str = "tiny", **fields: Any) -> Peer:
        content = {
            "base_url": served.url,
            "model": MODEL,
            "protocol": "likelihood",
            "api_key_variable": VARIABLE,
            "us_dollars_per_million_in": 1,
            "us_dollars_per_million_out": 2,
            "max_us_dollars": 1,
            "parallel": 2,
            "licence": "MIT",
            "terms": "of a test",
            **fields,
        }
        folder = workspace.root / "evaluation_peers"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
        return read_peer(workspace.root, name)

    return write
