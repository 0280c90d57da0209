"""Ask a peer every question: within its budget, task by task, so that what was paid for is not paid for again."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from threading import Lock

import orjson
from pydantic import JsonValue, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.evaluation.items import Item, Measure, Task, digest_of_fields
from latamgpt.evaluation.peers.config import Peer, Protocol
from latamgpt.evaluation.peers.endpoint import Answer, Endpoint, opened
from latamgpt.evaluation.peers.letter import ask_letter
from latamgpt.evaluation.peers.likelihood import ask_likelihood
from latamgpt.evaluation.peers.own_questions import must_be_own
from latamgpt.evaluation.peers.quote import Purse, must_afford, price, quote
from latamgpt.evaluation.peers.results import PeerRun, publish_result
from latamgpt.evaluation.score import ItemScore, Score, Scored
from latamgpt.records import Frozen
from latamgpt.store import held, replace_json

MEASURES = {Protocol.LIKELIHOOD: Measure.CHOICE, Protocol.LETTER: Measure.LETTER}
ANSWERS_MATTER = {"model", "base_url", "protocol", "samples", "max_answer_tokens", "request"}  # of a peer's fields


class _Answered(Frozen):
    """What a peer answered to one task: kept until all are answered."""

    asked: str  # a digest of the task, and of how the peer is asked
    scores: tuple[tuple[float, int | None], ...]  # value and choice, in the items' order
    num_unread: int
    num_requests: int
    tokens_in: int
    tokens_out: int
    reported: tuple[str, ...]
    fingerprints: tuple[str, ...]
    day: date


@dataclass
class _Heard:
    """What the endpoint told of itself and counted, over the requests of one task."""

    endpoint: Endpoint
    purse: Purse
    num_requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    reported: set[str] = field(default_factory=set[str])
    fingerprints: set[str] = field(default_factory=set[str])
    _lock: Lock = field(default_factory=Lock)

    def ask(self, path: str, body: Mapping[str, JsonValue]) -> Answer:
        answer = self.purse.pay(len(orjson.dumps(body)), lambda: self.endpoint.ask(path, body))
        with self._lock:
            self.num_requests += 1
            self.tokens_in += answer.usage.prompt_tokens
            self.tokens_out += answer.usage.completion_tokens
            self.reported |= {answer.model} - {""}
            self.fingerprints |= {answer.system_fingerprint or ""} - {""}
        return answer


def ask_peer(
    root: Path,
    peer: Peer,
    tasks: Sequence[Task],
    seed: int,
    after_task: Callable[[str], None],
    wait: Callable[[float], None] = time.sleep,
) -> PeerRun:
    """Ask a peer every item of every task, and publish what it answered below peer_results/.

    Steps: refuse what may not be sent; refuse what costs too much; ask task by task, taking up those that an earlier run was
    answered; publish; forget what was kept. Cost: the quote's, once, however often it is killed.

    Raises:
        NotPermittedError: a task holds what is not the repository's own.
        OperatorError: there is no key, it costs too much, or the endpoint does not answer.
    """
    must_be_own(tasks)
    if peer.why_not:
        raise OperatorError(
            f"{peer.name} was not run: {peer.why_not}. Its column stays without numbers. Set the key, and run again."
        )
    with held(root, f"peer-{peer.name}"):
        kept = {task.name: _read(_place(root, peer, task), _digest(peer, task, seed)) for task in tasks}
        spent = sum(price(peer, one.tokens_in, one.tokens_out) for one in kept.values() if one)
        must_afford(peer, quote(peer, [task for task in tasks if kept[task.name] is None]), spent)
        purse = Purse(peer, spent)
        answered: dict[str, _Answered] = {}
        with opened(peer, wait) as endpoint:
            for task in tasks:
                found = kept[task.name] or _ask_task(endpoint, task, seed, purse)
                if kept[task.name] is None:
                    _place(root, peer, task).parent.mkdir(parents=True, exist_ok=True)
                    replace_json(_place(root, peer, task), found)
                answered[task.name] = found
                after_task(task.name)
        told = _summary(peer, list(answered.values()))
        publish_result(root, told, tuple(row for task in tasks for row in _rows(peer, task, answered[task.name])))
        rmtree(_folder(root, peer))
    return told


def _ask_task(endpoint: Endpoint, task: Task, seed: int, purse: Purse) -> _Answered:
    peer, heard = endpoint.peer, _Heard(endpoint, purse)

    def ask_item(item: Item) -> tuple[Score, int]:
        if peer.protocol is Protocol.LIKELIHOOD:
            return ask_likelihood(item, peer.model, heard.ask), 0
        score, told = ask_letter(item, peer, seed, heard.ask)
        return score, told.num_unread

    with ThreadPoolExecutor(peer.parallel) as threads:
        futures = [threads.submit(ask_item, item) for item in task.items]
        try:
            found = [future.result() for future in futures]
        except BaseException:
            threads.shutdown(cancel_futures=True)  # nothing more is sent, or paid for
            raise
    return _Answered(
        asked=_digest(peer, task, seed),
        scores=tuple((score.value, score.chosen) for score, _ in found),
        num_unread=sum(num_unread for _, num_unread in found),
        num_requests=heard.num_requests,
        tokens_in=heard.tokens_in,
        tokens_out=heard.tokens_out,
        reported=tuple(sorted(heard.reported)),
        fingerprints=tuple(sorted(heard.fingerprints)),
        day=datetime.now(UTC).date(),
    )


def _summary(peer: Peer, answered: Sequence[_Answered]) -> PeerRun:
    tokens_in, tokens_out = sum(one.tokens_in for one in answered), sum(one.tokens_out for one in answered)
    same = {"name", "licence", "terms", "us_dollars_per_million_in", "us_dollars_per_million_out", *ANSWERS_MATTER}
    return PeerRun.model_validate(
        {
            **peer.model_dump(include=same),
            "reported": sorted({name for one in answered for name in one.reported}),
            "fingerprints": sorted({name for one in answered for name in one.fingerprints}),
            "first_day": min(one.day for one in answered),
            "last_day": max(one.day for one in answered),
            "num_requests": sum(one.num_requests for one in answered),
            "num_unread": sum(one.num_unread for one in answered),
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "us_dollars": round(price(peer, tokens_in, tokens_out), 6),
        }
    )


def _rows(peer: Peer, task: Task, answered: _Answered) -> list[Scored]:
    return [
        Scored.model_validate(
            {
                "task": task.name,
                "battery": task.battery,
                "measure": MEASURES[peer.protocol],
                "item": item.id,
                "asked": digest_of_fields(item.fields),
                "cluster": item.cluster,
                "weight": 1.0,
                "scores": {peer.name: ItemScore(value=value, chosen=chosen)},
                **{name: item.fields[name] for name in ("answer", "abstain", "stereotype") if name in item.fields},
                **item.about,
            }
        )
        for item, (value, chosen) in zip(task.items, answered.scores, strict=True)
    ]


def _folder(root: Path, peer: Peer) -> Path:
    return root / "var" / "resume" / "peers" / peer.name


def _place(root: Path, peer: Peer, task: Task) -> Path:
    return _folder(root, peer) / f"{task.name.replace('/', '+')}.json"


def _digest(peer: Peer, task: Task, seed: int) -> str:
    asked = {"task": asdict(task), "seed": seed, "peer": peer.model_dump(mode="json", include=ANSWERS_MATTER)}
    return sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _read(path: Path, asked: str) -> _Answered | None:
    """What was kept, if it was asked so."""
    try:
        found = _Answered.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return found if found.asked == asked else None
