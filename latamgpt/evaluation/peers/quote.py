"""What a peer costs: told before it is asked, and held to while it is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from latamgpt.errors import OperatorError
from latamgpt.evaluation.items import Item, Task
from latamgpt.evaluation.peers.config import Peer, Protocol
from latamgpt.evaluation.peers.endpoint import KEPT, Answer, Usage
from latamgpt.evaluation.peers.letter import order_of, prompt_of
from latamgpt.evaluation.peers.likelihood import texts_of

BYTES_PER_TOKEN = 2.5  # of UTF-8: Spanish has about 4 in today's tokenizers, indigenous languages down to this
TEMPLATE_TOKENS = 32  # what a chat template puts around a message
PER_MILLION = 1e-6


@dataclass(frozen=True)
class Quote:
    """What asking would take."""

    num_items: int
    num_requests: int
    tokens_in: int
    tokens_out: int  # at most
    us_dollars: float


def price(peer: Peer, tokens_in: float, tokens_out: float) -> float:
    """In US dollars."""
    return PER_MILLION * (tokens_in * peer.us_dollars_per_million_in + tokens_out * peer.us_dollars_per_million_out)


def quote(peer: Peer, tasks: Sequence[Task]) -> Quote:
    """What asking a peer these tasks would take, without asking it: tokens by the bytes that would be sent."""
    items = [item for task in tasks for item in task.items]
    sent = [num_bytes for item in items for num_bytes in _bytes_of(peer, item)]
    is_chat = peer.protocol is Protocol.LETTER
    tokens_in = round(sum(sent) / BYTES_PER_TOKEN) + (TEMPLATE_TOKENS * len(sent) if is_chat else 0)
    tokens_out = len(sent) * (peer.max_answer_tokens if is_chat else 1)
    return Quote(len(items), len(sent), tokens_in, tokens_out, price(peer, tokens_in, tokens_out))


def must_afford(peer: Peer, asked: Quote, spent: float = 0.0) -> None:
    """Refuse what would cost more than the peer's file allows, with what a killed run spent.

    Raises:
        OperatorError: it would.
    """
    if asked.us_dollars + spent > peer.max_us_dollars:
        before = f", after US$ {spent:,.2f} that a run before this one spent" if spent else ""
        raise OperatorError(
            f"{peer.name}: asking {asked.num_items:,} items would cost up to US$ {asked.us_dollars:,.2f}{before}, and its file "
            f"allows {peer.max_us_dollars:,.2f} (max_us_dollars). Nothing was sent. Ask fewer (--questions), or raise the limit."
        )


@dataclass
class Purse:
    """Holds a run to `max_us_dollars`: what a request may cost at most is set aside before it is sent."""

    peer: Peer
    spent: float = 0.0
    _aside: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def pay(self, num_bytes: int, send: Callable[[], Answer]) -> Answer:
        """Send a request whose cost is allowed, and count what it took. A token has one byte at least.

        Raises:
            OperatorError: it might cost more than is left; it was not sent.
        """
        worst = price(self.peer, num_bytes + TEMPLATE_TOKENS, self.peer.max_answer_tokens)
        with self._lock:
            if worst and self.spent + self._aside + worst > self.peer.max_us_dollars:
                raise OperatorError(
                    f"{self.peer.name}: US$ {self.spent:,.4f} are spent, and the next request might go beyond the "
                    f"{self.peer.max_us_dollars:,.2f} that its file allows (max_us_dollars). It was not sent. {KEPT} Raise "
                    "the limit first."
                )
            self._aside += worst
        usage = Usage(prompt_tokens=0)
        try:
            answer = send()
            usage = answer.usage
            return answer
        finally:
            with self._lock:
                self._aside -= worst
                self.spent += price(self.peer, usage.prompt_tokens, usage.completion_tokens)


def _bytes_of(peer: Peer, item: Item) -> list[int]:
    if peer.protocol is Protocol.LIKELIHOOD:
        return [len(text.encode()) for text in texts_of(item)]
    return [len(prompt_of(item, order_of(item, 0, 0)).encode())] * peer.samples
