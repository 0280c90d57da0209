"""Peers side by side with ours: what each of them answered to the items of a scorecard, or why there is nothing to say."""

from collections.abc import Sequence
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.evaluation.items import Measure
from latamgpt.evaluation.peers.config import Peer, Protocol, read_peers
from latamgpt.evaluation.peers.results import read_result
from latamgpt.evaluation.score import DECIMALS, LetterShare, PeerColumn, Scored
from latamgpt.evaluation.statistics.cells import FEWEST_CLUSTERS, compare_all
from latamgpt.evaluation.statistics.groups import groups_of
from latamgpt.evaluation.statistics.paired import by_cluster, standard_error
from latamgpt.evaluation.statistics.student import half_width
from latamgpt.params import ScorecardParams


def join_peers(
    root: Path, items: Sequence[Scored], candidate: str, params: ScorecardParams
) -> tuple[tuple[Scored, ...], tuple[PeerColumn, ...]]:
    """The items with what peers got on them by likelihood, and a column for every peer of the workspace.

    An answer counts only where the peer was asked the same words. Answers by letter stay out of the items: they are of another
    measure, and stand in the peer's column alone.

    Raises:
        OperatorError: a peer has the name of one of our models, or its result is damaged.
    """
    columns: list[PeerColumn] = []
    joined = tuple(items)
    for peer in read_peers(root):
        if any(peer.name in item.scores for item in items):
            raise OperatorError(
                f"evaluation_peers/{peer.name}.yaml: one of our own models is called {peer.name!r}, and nobody could tell the "
                "two apart. Give the file another name."
            )
        column, joined = _column(root, peer, joined, candidate, params)
        columns.append(column)
    return joined, tuple(columns)


def _column(
    root: Path, peer: Peer, items: tuple[Scored, ...], candidate: str, params: ScorecardParams
) -> tuple[PeerColumn, tuple[Scored, ...]]:
    facts = PeerColumn(name=peer.name, model=peer.model, protocol=peer.protocol.value, licence=peer.licence)
    found = read_result(root, peer.name)
    if found is None:
        reason = f"it was not asked (`latamgpt peers run --peer {peer.name}`)"
        return facts.model_copy(update={"not_run": reason}), items
    told, answered = found
    if (told.model, told.protocol) != (peer.model, peer.protocol):
        reason = f"its file now says {peer.model} by {peer.protocol.value}, and {told.model} was asked by {told.protocol.value}"
        return facts.model_copy(update={"not_run": reason}), items
    asked_now = {(item.task, item.item): item for item in items}
    same = {key: row for row in answered if (key := (row.task, row.item)) in asked_now and row.asked == asked_now[key].asked}
    facts = facts.model_copy(
        update={
            "reported": told.reported,
            "first_day": told.first_day.isoformat(),
            "last_day": told.last_day.isoformat(),
            "us_dollars": told.us_dollars,
            "num_items": len(same),
            "num_changed": len(answered) - len(same),
            "num_unread": told.num_unread,
        }
    )
    if not same:
        return facts.model_copy(update={"not_run": "all that it was asked is asked in other words now"}), items
    if told.protocol is Protocol.LETTER:
        return facts.model_copy(update={"shares": _shares(peer.name, list(same.values()), params)}), items
    joined = tuple(
        item.model_copy(update={"scores": {**item.scores, peer.name: row.scores[peer.name]}})
        if (row := same.get((item.task, item.item))) and item.measure is Measure.CHOICE
        else item
        for item in items
    )
    return facts.model_copy(update={"cells": compare_all(joined, peer.name, candidate, params)}), joined


def _shares(name: str, rows: Sequence[Scored], params: ScorecardParams) -> tuple[LetterShare, ...]:
    """The share of right letters in each group, with items counted by cluster."""
    groups: dict[str, list[Scored]] = {}
    for row in sorted(rows, key=lambda row: (row.task, row.item)):
        for group in groups_of(row):
            groups.setdefault(group, []).append(row)
    found: list[LetterShare] = []
    for group, of_group in sorted(groups.items()):
        clusters = [row.cluster or f"{row.task} {row.item}" for row in of_group]
        if len(set(clusters)) < FEWEST_CLUSTERS:
            continue
        nothing = [0.0] * len(of_group)
        sums = by_cluster(clusters, nothing, [row.scores[name].value for row in of_group], [1.0] * len(of_group))
        width = half_width(standard_error(sums), sums.degrees, params.confidence)
        found.append(
            LetterShare(
                group=group,
                num_items=len(of_group),
                num_clusters=sums.degrees + 1,
                share=round(sums.difference, DECIMALS),
                low=round(max(sums.difference - width, 0.0), DECIMALS),
                high=round(min(sums.difference + width, 1.0), DECIMALS),
            )
        )
    return tuple(found)
