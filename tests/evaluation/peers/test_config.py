"""Files of peers: where a model is, what it costs, and no key."""

import re
from collections.abc import Callable

import pytest

from latamgpt.errors import OperatorError
from latamgpt.evaluation.peers.config import Peer, read_peer, read_peers
from latamgpt.store import Workspace
from tests.conftest import ROOT

Write = Callable[..., Peer]


def test_the_shipped_peers_can_be_read_and_cost_what_they_say() -> None:
    found = {peer.name: peer for peer in read_peers(ROOT)}
    assert set(found) == {"base-instruct", "gemini-2.5-pro", "gpt-4.1"}
    assert all(peer.us_dollars_per_million_in > 0 for peer in found.values() if peer.api_key_variable)


def test_without_its_key_a_peer_says_why_it_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert read_peer(ROOT, "gpt-4.1").why_not == "no key: the environment variable OPENAI_API_KEY is not set"
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert read_peer(ROOT, "gpt-4.1").why_not == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"base_url": "http://api.example.com/v1"}, "reads the key"),
        ({"base_url": "https://user:secret@api.example.com/v1"}, "without a user or a password"),
        ({"base_url": "api.example.com"}, "is no address"),
        ({"api_key_variable": "sk-abc"}, "api_key_variable"),
        ({"api_key": "sk-abc"}, "api_key: there is no such key"),
        ({"samples": 3}, "samples: a likelihood is no sample"),
        ({"protocol": "guess"}, "protocol"),
        ({"max_us_dollars": -1}, "max_us_dollars"),
    ],
)
def test_a_file_that_could_do_harm_is_refused(write_peer: Write, fields: dict[str, object], said: str) -> None:
    with pytest.raises(OperatorError, match=re.escape(said)):
        write_peer(**fields)


def test_an_unknown_peer_is_told_with_those_that_are_there(workspace: Workspace, write_peer: Write) -> None:
    write_peer()
    with pytest.raises(OperatorError, match=r"there is no peer 'other': evaluation_peers/ has tiny"):
        read_peer(workspace.root, "other")
