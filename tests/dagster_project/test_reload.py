"""A Dagster that stays open loads the graph again after an edit, once the edit has come to rest and makes sense."""

import http.server
import json
import threading
from collections.abc import Iterator

import pytest
from graphql import parse, validate

from dagster_project.reload import QUERY, Watch, seen
from latamgpt.store import Workspace

asked: list[str] = []
LOADED = {"__typename": "WorkspaceLocationEntry", "locationOrLoadError": {"__typename": "RepositoryLocation"}}
BROKEN = {"__typename": "PythonError", "message": "NameError: name 'stage' is not defined\n"}
answers: list[tuple[int, bytes]] = []  # the next ones; LOADED where there is none


class Webserver(http.server.BaseHTTPRequestHandler):
    """Answers GraphQL as Dagster's webserver would, and notes what it was asked."""

    def do_POST(self) -> None:
        asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"])
        status, body = answers.pop(0) if answers else (200, said(LOADED))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def said(outcome: object) -> bytes:
    return json.dumps({"data": {"reloadRepositoryLocation": outcome}}).encode()


@pytest.fixture
def url() -> Iterator[str]:
    asked.clear()
    answers.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webserver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def watch(workspace: Workspace, url: str) -> Watch:
    (workspace.root / ".dvc").mkdir()
    (workspace.root / ".dvc" / "config").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
    return Watch(workspace, url, seen(workspace))


def edit(workspace: Workspace, before: str, after: str) -> None:
    path = workspace.root / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def test_an_edit_that_has_come_to_rest_is_loaded_once(watch: Watch) -> None:
    assert [watch.look(), watch.look()] == ["", ""]
    edit(watch.workspace, "version: 0.1.0", "version: 0.1.1")
    assert watch.look() == ""
    edit(watch.workspace, "version: 0.1.1", "version: 0.1.10")
    assert [watch.look(), watch.look(), watch.look()] == ["", "an edit was seen: Dagster has loaded the graph again", ""]
    (query,) = asked
    assert 'reloadRepositoryLocation(repositoryLocationName: "latamgpt")' in query


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [("min_similarity", "min_similarty", "min_similarty"), ("corpus:\n", "corpus: [\n", "not valid YAML")],
)
def test_an_edit_with_a_mistake_is_told_and_not_loaded(watch: Watch, before: str, after: str, why: str) -> None:
    edit(watch.workspace, before, after)
    assert watch.look() == ""
    said = watch.look()
    assert said.startswith("an edit was seen that Dagster has not loaded, it shows the graph as it was: ")
    assert why in said
    assert [watch.look(), asked] == ["", []]
    edit(watch.workspace, after, before)
    assert [watch.look(), watch.look()] == ["", "an edit was seen: Dagster has loaded the graph again"]


def test_a_dagster_that_does_not_answer_is_asked_again(watch: Watch, url: str) -> None:
    watch.url = "http://127.0.0.1:9"  # the port of 'discard': nobody listens
    edit(watch.workspace, "version: 0.1.0", "version: 0.1.1")
    assert [watch.look(), watch.look()] == ["", ""]
    watch.url = url
    assert watch.look() == "an edit was seen: Dagster has loaded the graph again"


def test_what_is_compiled_beside_the_program_is_no_edit(watch: Watch) -> None:
    cache = watch.workspace.root / "latamgpt" / "__pycache__"
    cache.mkdir(parents=True)
    (cache / "stages.cpython-311.pyc").write_bytes(b"")
    assert seen(watch.workspace) == watch.loaded


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, said({**LOADED, "locationOrLoadError": BROKEN}), "NameError: name 'stage' is not defined. It shows the graph as"),
        (200, said(BROKEN), "NameError: name 'stage' is not defined"),
        (200, said({"__typename": "RepositoryLocationNotFound", "message": "Location latamgpt not found"}), "latamgpt not found"),
        (200, said({"__typename": "UnauthorizedError"}), "it answers UnauthorizedError"),
        (200, json.dumps({"data": None, "errors": [{"message": "it broke"}]}).encode(), "it broke"),
        (400, json.dumps({"errors": [{"message": "Cannot query field"}]}).encode(), "Cannot query field"),
        (200, b"{}", "it answers b"),
        (200, b"<html>a proxy</html>", "not of GraphQL"),
    ],
)
def test_a_refusal_is_told_once_and_never_called_loaded(watch: Watch, status: int, body: bytes, why: str) -> None:
    answers.append((status, body))
    edit(watch.workspace, "version: 0.1.0", "version: 0.1.1")
    assert watch.look() == ""
    told = watch.look()
    assert told.startswith("an edit was seen that Dagster could not load: ")
    assert why in told
    assert [watch.look(), len(asked)] == ["", 1]
    edit(watch.workspace, "version: 0.1.1", "version: 0.1.2")
    assert [watch.look(), watch.look()] == ["", "an edit was seen: Dagster has loaded the graph again"]


def test_dagster_understands_what_it_is_asked() -> None:
    from dagster_graphql.schema import create_schema

    assert validate(create_schema().graphql_schema, parse(QUERY)) == []
