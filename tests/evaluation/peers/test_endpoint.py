"""What endpoints do to those who ask: each fault is waited out, or told in plain words."""

from collections.abc import Callable

import pytest

from latamgpt.errors import OperatorError
from latamgpt.evaluation.items import Task
from latamgpt.evaluation.peers.ask import ask_peer
from latamgpt.evaluation.peers.config import Peer
from latamgpt.evaluation.peers.endpoint import ATTEMPTS, opened
from latamgpt.store import Workspace
from tests.servers.openai import KEY, MODEL, Served

Write = Callable[..., Peer]
BODY = {"model": MODEL, "prompt": "El río", "echo": True, "logprobs": 1, "max_tokens": 1}


@pytest.mark.parametrize(
    ("faults", "waits"),
    [
        (["429 7"], [7.0]),
        (["429", "429"], [1.0, 2.0]),
        (["500", "cut", "500 3"], [1.0, 2.0, 4.0]),
        (["429 Wed, 21 Oct 2015 07:28:00 GMT"], [1.0]),
    ],
)
def test_passing_faults_are_waited_out(write_peer: Write, served: Served, faults: list[str], waits: list[float]) -> None:
    served.faults = list(faults)
    waited: list[float] = []
    with opened(write_peer(), waited.append) as endpoint:
        assert endpoint.ask("completions", BODY).usage.prompt_tokens > 0
    assert waited == waits
    assert len(served.asked) == len(faults) + 1


def test_a_slow_endpoint_is_asked_again(write_peer: Write, served: Served) -> None:
    served.faults = ["slow"]
    waited: list[float] = []
    with opened(write_peer(timeout_seconds=3), waited.append) as endpoint:
        assert endpoint.ask("completions", BODY).choices
    assert waited == [1.0]


@pytest.mark.parametrize(
    ("fault", "said"), [("500", "answered 500"), ("cut", "the connection failed"), ("429", "answered 429 Too Many Requests")]
)
def test_a_fault_that_stays_is_told(write_peer: Write, served: Served, fault: str, said: str) -> None:
    served.faults = [fault] * ATTEMPTS
    with opened(write_peer(), lambda _: None) as endpoint, pytest.raises(OperatorError, match=f"{said}.*6 times in a row"):
        endpoint.ask("completions", BODY)
    assert len(served.asked) == ATTEMPTS


def test_an_endpoint_that_asks_for_an_hour_is_not_waited_for(write_peer: Write, served: Served) -> None:
    served.faults = ["429 3600"]
    with opened(write_peer(), lambda _: None) as endpoint, pytest.raises(OperatorError, match="come back in 3,600 seconds"):
        endpoint.ask("completions", BODY)


def test_a_wrong_key_is_told_without_the_key(write_peer: Write, served: Served) -> None:
    served.key = "another"
    with opened(write_peer()) as endpoint, pytest.raises(OperatorError, match="refused the key in KEY_OF_A_TEST") as told:
        endpoint.ask("completions", BODY)
    assert KEY not in str(told.value)
    assert len(served.asked) == 1


def test_an_unknown_model_is_told(write_peer: Write, served: Served) -> None:
    with opened(write_peer(model="other")) as endpoint, pytest.raises(OperatorError, match="no model 'other'"):
        endpoint.ask("completions", {**BODY, "model": "other"})


def test_an_endpoint_without_logprobs_is_told_to_be_asked_by_letter(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served
) -> None:
    served.faults = ["no logprobs"] * 10
    with pytest.raises(OperatorError, match="Use the protocol letter"):
        ask_peer(workspace.root, write_peer(), tasks, 1, lambda _: None)


def test_what_the_file_adds_is_sent_and_null_takes_away(write_peer: Write, served: Served) -> None:
    peer = write_peer(request={"temperature": None, "reasoning_effort": "low"})
    with opened(peer) as endpoint:
        endpoint.ask("completions", {**BODY, "temperature": 0})
    assert "temperature" not in served.asked[0]
    assert served.asked[0]["reasoning_effort"] == "low"
