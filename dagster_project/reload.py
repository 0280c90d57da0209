"""Lets a Dagster that stays open read the graph again when it is edited.

What is stale is judged by params.yaml, dvc.yaml and the program as they were when Dagster loaded them: after an edit it would
call stale what was just built, and fresh what is not.
"""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from dagster_project.dvc_graph import load_graph
from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.store import Workspace

LOCATION = "latamgpt"  # as workspace.yaml names it
WATCHED = ("params.yaml", "dvc.yaml", "latamgpt", "assets", "dagster_project")
SECONDS_FOR_ANSWER = 120
SHOWN_BYTES = 200
LOADED, LOCATION_TYPE = "WorkspaceLocationEntry", "RepositoryLocation"
QUERY = f"""mutation {{
  reloadRepositoryLocation(repositoryLocationName: "{LOCATION}") {{
    __typename
    ... on WorkspaceLocationEntry {{ locationOrLoadError {{ __typename ... on PythonError {{ message }} }} }}
    ... on PythonError {{ message }}
    ... on RepositoryLocationNotFound {{ message }}
    ... on ReloadNotSupported {{ message }}
    ... on UnauthorizedError {{ message }}
  }}
}}"""

Seen = dict[str, tuple[int, int]]  # path -> when it was changed last, its size


@dataclass
class Watch:
    """What Dagster has loaded, and what lies there now."""

    workspace: Workspace
    url: str
    loaded: Seen
    last: Seen = field(default_factory=dict[str, tuple[int, int]])

    def look(self) -> str:
        """Have Dagster load an edit that has come to rest since the last look; what a person should hear of it, if anything."""
        now, before = seen(self.workspace), self.last
        self.last = now
        if now == self.loaded or now != before:
            return ""
        try:
            read_params(self.workspace.root)
            load_graph(self.workspace)
        except OperatorError as error:
            self.loaded = now
            return f"an edit was seen that Dagster has not loaded, it shows the graph as it was: {error}"
        try:
            ask_for_reload(self.url)
        except NotJustNowError:
            return ""  # asked again at the next look
        except OperatorError as error:
            self.loaded = now
            return f"an edit was seen that Dagster could not load: {error}"
        self.loaded = now
        return "an edit was seen: Dagster has loaded the graph again"


def seen(workspace: Workspace) -> Seen:
    """When each file that Dagster loads was changed last, and its size."""
    places = [workspace.root / name for name in WATCHED]
    files = [path for place in places for path in ((place,) if place.is_file() else sorted(place.rglob("*")))]
    found: Seen = {}
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            state = path.stat()
            found[str(path)] = (state.st_mtime_ns, state.st_size)
    return found


class NotJustNowError(Exception):
    """Dagster's webserver does not answer just now."""


def ask_for_reload(url: str) -> None:
    """Have Dagster's webserver load the code location again.

    Raises:
        NotJustNowError: it does not answer.
        OperatorError: it answers that it did not load it, and why.
    """
    request = urllib.request.Request(
        f"{url}/graphql", json.dumps({"query": QUERY}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_FOR_ANSWER) as response:
            answer = response.read()
    except urllib.error.HTTPError as error:  # GraphQL answers 400 to what it does not understand
        answer = error.read()
    except OSError as error:
        raise NotJustNowError from error
    if words := _refusal(answer):
        raise OperatorError(f"{words}. It shows the graph as it was. Mend the file that it names, and it is loaded again.")


def _refusal(answer: bytes) -> str:
    """Why Dagster did not load the location, as its answer has it; '' where it did."""
    try:
        said = json.loads(answer)
    except ValueError:
        return f"its answer is not of GraphQL: {answer[:SHOWN_BYTES]!r}"
    if said.get("errors"):
        return "; ".join(str(error.get("message", error)) for error in said["errors"])
    outcome = (said.get("data") or {}).get("reloadRepositoryLocation") or {}
    if outcome.get("__typename") != LOADED:
        return str(outcome.get("message") or f"it answers {outcome.get('__typename') or answer[:SHOWN_BYTES]}").strip()
    entry = outcome.get("locationOrLoadError") or {}
    return (
        ""
        if entry.get("__typename") == LOCATION_TYPE
        else str(entry.get("message") or "it does not say whether it was loaded").strip()
    )
