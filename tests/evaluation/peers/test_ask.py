"""A real server with a real model: the same figures as ours, within the budget, once, and nothing that a partner lent."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.evaluation.comparison import compare_sides, read_side
from latamgpt.evaluation.harness import measure
from latamgpt.evaluation.items import Item, Measure, Task
from latamgpt.evaluation.passages import passage_tasks
from latamgpt.evaluation.peers.ask import ask_peer
from latamgpt.evaluation.peers.config import Peer
from latamgpt.evaluation.peers.quote import quote
from latamgpt.evaluation.peers.results import read_result
from latamgpt.params import ScorecardParams
from latamgpt.store import Workspace
from tests.evaluation.conftest import TEXTS
from tests.servers.openai import FINGERPRINT, Served

Write = Callable[..., Peer]
SEED = 5


def silent(_: object) -> None:
    """Is told, and does nothing."""


def test_likelihood_equals_what_the_harness_measures(
    workspace: Workspace, write_peer: Write, tasks: list[Task], asked: ScorecardParams, model_folder: Path
) -> None:
    ask_peer(workspace.root, write_peer(), tasks, SEED, silent)
    found = read_result(workspace.root, "tiny")
    assert found is not None
    ours = measure(model_folder, tasks, asked, silent)
    for row in found[1]:
        expected = next(score for score in ours[row.task] if score.item == row.item)
        assert row.scores["tiny"].value == pytest.approx(expected.value, abs=1e-4)
        assert row.scores["tiny"].chosen == expected.chosen
    assert len(found[1]) == sum(len(task.items) for task in tasks)
    assert {row.measure for row in found[1]} == {Measure.CHOICE}


def test_cost_dates_and_what_the_endpoint_says_of_itself_are_recorded(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served
) -> None:
    peer = write_peer()
    told = ask_peer(workspace.root, peer, tasks, SEED, silent)
    assert (told.reported, told.fingerprints) == (("tiny-2026",), (FINGERPRINT,))
    assert told.first_day <= told.last_day == datetime.now(UTC).date()
    assert told.num_requests == len(served.asked) == quote(peer, tasks).num_requests
    assert told.us_dollars == pytest.approx((told.tokens_in * 1 + told.tokens_out * 2) / 1e6, abs=1e-6)


def test_letters_stand_in_other_orders_and_are_compared_with_letters_alone(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served
) -> None:
    ask_peer(workspace.root, write_peer("by-likelihood"), tasks, SEED, silent)
    ask_peer(workspace.root, write_peer("by-letter", protocol="letter", samples=3), tasks, SEED, silent)
    served.says = lambda _: "A"
    ask_peer(workspace.root, write_peer("always-a", protocol="letter", samples=3), tasks, SEED, silent)
    found = read_result(workspace.root, "always-a")
    assert found is not None
    values = [row.scores["always-a"].value for row in found[1]]
    assert 0 < sum(values) < len(values), "the right choice stands at A in some orders, and not in others"
    folder = workspace.root / "peer_results"
    sides = {name: read_side(workspace, "A", str(folder / name)) for name in ("by-likelihood", "by-letter", "always-a")}
    params = ScorecardParams.model_validate({**_params(workspace)})
    compared = compare_sides(sides["by-letter"], sides["always-a"], params)
    assert {cell.measure for cell in compared.scorecard.cells} == {"accuracy_by_letter"}
    with pytest.raises(OperatorError, match="none was asked of both"):
        compare_sides(sides["by-likelihood"], sides["by-letter"], params)


def test_answers_that_are_no_letter_count_as_wrong(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served
) -> None:
    served.says = lambda _: "I would say A, or perhaps B"
    told = ask_peer(workspace.root, write_peer(protocol="letter"), tasks, SEED, silent)
    found = read_result(workspace.root, "tiny")
    assert found is not None
    assert told.num_unread == len(found[1])
    assert {row.scores["tiny"].value for row in found[1]} == {0.0}
    assert {row.scores["tiny"].chosen for row in found[1]} == {None}


def test_no_text_of_a_partner_is_sent(
    workspace: Workspace, published: Workspace, write_peer: Write, tasks: list[Task], asked: ScorecardParams, served: Served
) -> None:
    held_out = published.place("token_shards") / "held_out"
    tokenizer = published.place("base_model") / "tokenizer.json"
    passages = passage_tasks(held_out, published.root / "samples" / "ability_text", tokenizer, asked)
    assert passages
    with pytest.raises(NotPermittedError, match="is no question of this repository under CC0-1.0"):
        ask_peer(workspace.root, write_peer(), [*tasks, *passages], SEED, silent)
    first = tasks[0].items[0]
    forged = Item(first.id, {**first.fields, "prompt": TEXTS["gug"][0]}, first.cluster, first.about)
    with pytest.raises(NotPermittedError):
        ask_peer(workspace.root, write_peer(), [Task("culture/x", Measure.CHOICE, "culture", {}, (forged,))], SEED, silent)
    assert served.asked == []
    ask_peer(workspace.root, write_peer(), tasks, SEED, silent)
    assert not any(text[:20] in served.texts for texts in TEXTS.values() for text in texts)


def test_without_a_key_nothing_is_sent_and_nothing_is_written(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = write_peer()
    monkeypatch.delenv(peer.api_key_variable)
    with pytest.raises(OperatorError, match="KEY_OF_A_TEST is not set"):
        ask_peer(workspace.root, peer, tasks, SEED, silent)
    assert served.asked == []
    assert read_result(workspace.root, "tiny") is None


def test_what_costs_too_much_is_refused_before_it_is_sent(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served
) -> None:
    cost = quote(write_peer(), tasks).us_dollars
    with pytest.raises(OperatorError, match="Nothing was sent"):
        ask_peer(workspace.root, write_peer(max_us_dollars=cost * 0.9), tasks, SEED, silent)
    assert served.asked == []


def test_a_run_stops_before_the_request_that_might_go_beyond_the_limit(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served
) -> None:
    limit = quote(write_peer(), tasks).us_dollars * 1.01  # enough by the quote, and not if each byte were a token
    with pytest.raises(OperatorError, match="the next request might go beyond"):
        ask_peer(workspace.root, write_peer(max_us_dollars=limit), tasks, SEED, silent)
    assert 0 < len(served.asked) < quote(write_peer(), tasks).num_requests
    spent = sum(len(str(one["prompt"]).encode()) for one in served.asked) / 1e6
    assert spent < limit


def test_a_run_that_ended_goes_on_at_its_task(workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served) -> None:
    peer = write_peer()
    done: list[str] = []

    def end_after_two(task: str) -> None:
        done.append(task)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_peer(workspace.root, peer, tasks, SEED, end_after_two)
    before = len(served.asked)
    assert read_result(workspace.root, "tiny") is None
    told = ask_peer(workspace.root, peer, tasks, SEED, silent)
    assert len(served.asked) - before == quote(peer, tasks[2:]).num_requests
    assert told.num_requests == quote(peer, tasks).num_requests, "what the first run paid for is counted"
    assert not (workspace.root / "var" / "resume" / "peers" / "tiny").exists()


def test_what_was_asked_otherwise_is_asked_again(
    workspace: Workspace, write_peer: Write, tasks: list[Task], served: Served
) -> None:
    def end(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_peer(workspace.root, write_peer(), tasks, SEED, end)
    before = len(served.asked)
    peer = write_peer(request={"add_special_tokens": False})
    ask_peer(workspace.root, peer, tasks, SEED, silent)
    assert len(served.asked) - before == quote(peer, tasks).num_requests
    assert all(one["add_special_tokens"] is False for one in served.asked[before:])


def _params(workspace: Workspace) -> dict[str, object]:
    from latamgpt.params import read_params

    return read_params(workspace.root).scorecard.model_dump()


@pytest.mark.slow
def test_a_person_runs_a_peer_by_a_command(
    workspace: Workspace, write_peer: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_peer(protocol="letter")
    (workspace.root / "dvc.yaml").touch()
    monkeypatch.chdir(workspace.root)
    assert main(["peers", "run", "--peer", "tiny", "--questions", "1"]) == 0
    assert "items by letter" in capsys.readouterr().out
    assert main(["peers", "list"]) == 0
    assert "until 20" in capsys.readouterr().out
