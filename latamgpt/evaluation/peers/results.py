"""What a peer answered, as a file: peer_results/NAME, in the repository, since it cost money and holds no text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import JsonValue, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.evaluation.peers.config import Protocol
from latamgpt.evaluation.score import SCORECARD_NAME, Made, Scorecard, Scored
from latamgpt.records import Frozen
from latamgpt.store import Workspace, verify, write_json

FOLDER = "peer_results"
PEER_NAME = "peer.json"


class PeerRun(Frozen):
    """Who was asked, how, when, and what it took."""

    name: str
    base_url: str
    model: str
    protocol: Protocol
    licence: str
    terms: str
    samples: int
    max_answer_tokens: int
    request: Mapping[str, JsonValue]
    reported: tuple[str, ...]  # the model's names in the endpoint's answers
    fingerprints: tuple[str, ...]  # of the system, where the endpoint tells them
    first_day: date  # in UTC
    last_day: date
    num_requests: int
    num_unread: int  # answers that were no letter; they count as wrong
    tokens_in: int
    tokens_out: int
    us_dollars: float  # tokens by the prices of the peer's file on that day
    us_dollars_per_million_in: float
    us_dollars_per_million_out: float


@dataclass(frozen=True)
class _Shelf(Workspace):
    """Publishes whole or not at all, as stages do, into the repository."""

    def place(self, stage: str, key: str = "") -> Path:
        return self.root / stage / key if key else self.root / stage


def publish_result(root: Path, told: PeerRun, items: tuple[Scored, ...]) -> Path:
    """Write scorecard.json, which `latamgpt compare` reads, and peer.json, in place of an earlier result of this peer."""
    settings = {"protocol": told.protocol.value, "samples": str(told.samples), "model": told.model}
    scorecard = Scorecard(base=told.name, candidate=told.name, made=Made(settings=settings), items=items, cells=())
    shelf = _Shelf(root)
    with shelf.publish(FOLDER, told.name) as folder:
        write_json(folder / SCORECARD_NAME, scorecard.model_dump(mode="json", exclude_none=True))
        write_json(folder / PEER_NAME, told)
    return shelf.place(FOLDER, told.name)


def read_result(root: Path, name: str) -> tuple[PeerRun, tuple[Scored, ...]] | None:
    """What that peer answered, or None where it was never asked.

    Raises:
        InputDamagedError: a file is not the one that was written.
        OperatorError: it is of another version of this program.
    """
    folder = root / FOLDER / name
    if not folder.is_dir():
        return None
    verify(folder)
    try:
        told = PeerRun.model_validate_json((folder / PEER_NAME).read_bytes())
        scorecard = Scorecard.model_validate_json((folder / SCORECARD_NAME).read_bytes())
    except ValidationError as error:
        raise OperatorError(
            f"{folder} is of another version ({error.error_count()} values do not fit). Its numbers cannot be told apart. Remove "
            f"the folder, or ask again: `latamgpt peers run --peer {name}`."
        ) from error
    return told, scorecard.items
