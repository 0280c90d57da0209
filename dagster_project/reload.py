"""Lets a Dagster that stays open read the graph again when it is edited.

What is stale is judged by params.yaml, dvc.yaml and the program as they were when Dagster loaded them: after an edit it would
call stale what was just built, and fresh what is not.
"""

import json
import urllib.request
from dataclasses import dataclass, field

from dagster_project.dvc_graph import load_graph
from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.store import Workspace

LOCATION = "latamgpt"  # as workspace.yaml names it
WATCHED = ("params.yaml", "dvc.yaml", "latamgpt", "assets", "dagster_project")
SECONDS_FOR_ANSWER = 120
QUERY = f'mutation {{ reloadRepositoryLocation(repositoryLocationName: "{LOCATION}") {{ __typename }} }}'

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
        if not ask_for_reload(self.url):
            return ""  # asked again at the next look
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


def ask_for_reload(url: str) -> bool:
    """Ask Dagster's webserver to load the code location again; False where it does not answer just now."""
    request = urllib.request.Request(
        f"{url}/graphql", json.dumps({"query": QUERY}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_FOR_ANSWER):
            return True
    except OSError:
        return False
