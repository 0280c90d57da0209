"""A scorecard's columns of peers: numbers where there are some, and else the reason."""

from collections.abc import Callable

import pytest

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.evaluation.items import Task
from latamgpt.evaluation.peers.ask import ask_peer
from latamgpt.evaluation.peers.columns import join_peers
from latamgpt.evaluation.peers.config import Peer
from latamgpt.evaluation.score import ItemScore, Scored
from latamgpt.params import ScorecardParams
from latamgpt.store import Workspace
from tests.servers.openai import Served

Write = Callable[..., Peer]


@pytest.fixture
def items(workspace: Workspace, write_peer: Write, tasks: list[Task]) -> tuple[Scored, ...]:
    """What a scorecard holds before peers are joined: the candidate, always right."""
    from latamgpt.evaluation.peers.results import read_result

    ask_peer(workspace.root, write_peer(), tasks, 1, lambda _: None)
    found = read_result(workspace.root, "tiny")
    assert found is not None
    right = {row.item: {"candidate": ItemScore(value=1.0, chosen=row.answer)} for row in found[1]}
    return tuple(row.model_copy(update={"scores": right[row.item]}) for row in found[1])


def test_a_peer_by_likelihood_stands_beside_ours_item_by_item(
    workspace: Workspace, items: tuple[Scored, ...], asked: ScorecardParams
) -> None:
    joined, (column,) = join_peers(workspace.root, items, "candidate", asked)
    assert all({"candidate", "tiny"} == set(item.scores) for item in joined)
    assert (column.not_run, column.num_items, column.num_changed) == ("", len(items), 0)
    cells = {cell.group: cell for cell in column.cells if cell.measure == "probability"}
    assert cells["ability"].candidate == 1.0
    assert cells["ability"].base < 1.0
    assert column.us_dollars is not None
    assert column.us_dollars > 0


def test_a_peer_by_letter_stays_out_of_the_items_and_of_every_comparison(
    workspace: Workspace, write_peer: Write, tasks: list[Task], items: tuple[Scored, ...], asked: ScorecardParams
) -> None:
    ask_peer(workspace.root, write_peer("chat", protocol="letter"), tasks, 1, lambda _: None)
    joined, columns = join_peers(workspace.root, items, "candidate", asked)
    chat = next(column for column in columns if column.name == "chat")
    assert all("chat" not in item.scores for item in joined)
    assert chat.protocol == "letter"
    assert chat.cells == ()
    assert {share.group for share in chat.shares} >= {"ability", "ability/arithmetic"}
    assert all(0 <= share.low <= share.share <= share.high <= 1 for share in chat.shares)


def test_a_peer_that_was_not_asked_has_a_reason_and_no_number(
    workspace: Workspace, write_peer: Write, items: tuple[Scored, ...], asked: ScorecardParams
) -> None:
    write_peer("other")
    _, columns = join_peers(workspace.root, items, "candidate", asked)
    other = next(column for column in columns if column.name == "other")
    assert other.not_run == "it was not asked (`latamgpt peers run --peer other`)"
    assert (other.us_dollars, other.num_items, other.cells, other.shares) == (None, 0, (), ())


def test_answers_to_other_words_are_left_out_and_counted(
    workspace: Workspace, items: tuple[Scored, ...], asked: ScorecardParams
) -> None:
    changed = (items[0].model_copy(update={"asked": "0" * 16}), *items[1:])
    joined, (column,) = join_peers(workspace.root, changed, "candidate", asked)
    assert "tiny" not in joined[0].scores
    assert (column.num_items, column.num_changed) == (len(items) - 1, 1)
    all_changed = [item.model_copy(update={"asked": "0" * 16}) for item in items]
    _, (none,) = join_peers(workspace.root, all_changed, "candidate", asked)
    assert none.not_run == "all that it was asked is asked in other words now"
    assert none.cells == ()


def test_an_answer_of_another_model_is_none_of_the_one_in_the_file(
    workspace: Workspace, write_peer: Write, served: Served, items: tuple[Scored, ...], asked: ScorecardParams
) -> None:
    write_peer(model="larger")
    joined, (column,) = join_peers(workspace.root, items, "candidate", asked)
    assert column.not_run == "its file now says larger by likelihood, and tiny was asked by likelihood"
    assert all("tiny" not in item.scores for item in joined)


def test_a_result_that_was_changed_by_hand_is_refused(
    workspace: Workspace, items: tuple[Scored, ...], asked: ScorecardParams
) -> None:
    path = workspace.root / "peer_results" / "tiny" / "peer.json"
    path.write_text(path.read_text().replace("MIT", "CC0-1.0"))
    with pytest.raises(InputDamagedError, match="sha256"):
        join_peers(workspace.root, items, "candidate", asked)


def test_a_peer_with_the_name_of_our_model_is_refused(
    workspace: Workspace, write_peer: Write, items: tuple[Scored, ...], asked: ScorecardParams
) -> None:
    write_peer("candidate")
    with pytest.raises(OperatorError, match="nobody could tell the two apart"):
        join_peers(workspace.root, items, "candidate", asked)
