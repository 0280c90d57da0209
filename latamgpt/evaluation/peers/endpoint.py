"""One request to an OpenAI-compatible endpoint: tried again where that helps, and explained where it does not."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from latamgpt.errors import OperatorError, harmless
from latamgpt.evaluation.peers.config import Peer

ATTEMPTS = 6
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0
LONGEST_RETRY_AFTER_SECONDS = 600.0
RETRIED = (408, 429)  # and all from 500 on
KEPT = "What was answered so far is kept by task: the same command goes on from there."


class _Lenient(BaseModel):
    """What others write: fields that we do not read are let be."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Usage(_Lenient):
    """What the endpoint counted, and bills."""

    prompt_tokens: int
    completion_tokens: int = 0


class Logprobs(_Lenient):
    """Of each token of the prompt and of what follows it; the first has none."""

    token_logprobs: tuple[float | None, ...]


class Message(_Lenient):
    """What a chat model said."""

    content: str | None = None


class Choice(_Lenient):
    """One answer."""

    logprobs: Logprobs | None = None
    message: Message | None = None


class Answer(_Lenient):
    """The answer to /completions or /chat/completions, as far as it is read."""

    choices: tuple[Choice, ...]
    usage: Usage
    model: str = ""
    system_fingerprint: str | None = None


@dataclass(frozen=True)
class Endpoint:
    """A peer that can be asked."""

    peer: Peer
    client: httpx.Client
    wait: Callable[[float], None] = field(default=time.sleep)

    def ask(self, path: str, body: Mapping[str, JsonValue]) -> Answer:
        """Send one request, with what the peer's file adds to each.

        It is sent again, up to six times in all, after 429, 408, any 5xx and a cut or silent connection: after as long as
        Retry-After says, else after 1, 2, 4... seconds.

        Raises:
            OperatorError: the endpoint refuses, is not there, or answers what is no answer.
        """
        sent = {name: value for name, value in {**body, **self.peer.request}.items() if value is not None}
        trouble = ""
        for attempt in range(ATTEMPTS):
            pause = min(FIRST_WAIT_SECONDS * 2**attempt, LONGEST_WAIT_SECONDS)
            try:
                reply = self.client.post(path, json=sent)
            except httpx.TimeoutException:
                trouble = f"it did not answer within {self.peer.timeout_seconds:g} s"
            except httpx.TransportError as error:
                trouble = f"the connection failed ({harmless(str(error), 120) or type(error).__name__})"
            else:
                if reply.status_code not in RETRIED and reply.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return self._read(reply)
                trouble = f"it answered {reply.status_code} {reply.reason_phrase}"
                pause = self._pause(reply.headers.get("Retry-After", ""), pause)
            if attempt + 1 < ATTEMPTS:
                self.wait(pause)
        raise OperatorError(
            f"{self.peer.name}: {trouble}, {ATTEMPTS} times in a row, at {self.peer.base_url}. The peer has no result yet. {KEPT}"
        )

    def _pause(self, retry_after: str, pause: float) -> float:
        seconds = _seconds(retry_after)
        if seconds > LONGEST_RETRY_AFTER_SECONDS:
            raise OperatorError(
                f"{self.peer.name}: the endpoint asks to come back in {seconds:,.0f} seconds (Retry-After). Longer than "
                f"{LONGEST_RETRY_AFTER_SECONDS:.0f} is not waited for. {KEPT}"
            )
        return max(seconds, pause)

    def _read(self, reply: httpx.Response) -> Answer:
        if not reply.is_success:
            raise OperatorError(
                f"{self.peer.name}: {self._refusal(reply.status_code)} It said: {_said(reply.text, self.peer.key)}"
            )
        try:
            return Answer.model_validate_json(reply.content)
        except ValidationError as error:
            raise OperatorError(
                f"{self.peer.name}: what {self.peer.base_url} answered is no answer of an OpenAI-compatible endpoint "
                f"({error.error_count()} fields are missing or wrong). Look at base_url in the peer's file."
            ) from error

    def _refusal(self, status: int) -> str:
        peer = self.peer
        if status in (401, 403):
            variable = peer.api_key_variable
            what = f"the key in {variable}" if variable else "a request without a key (api_key_variable is not given)"
            return f"{peer.base_url} refused {what} ({status}), so nothing was asked. Look at the key and at what it may use."
        if status == 404:
            return f"{peer.base_url} has no model {peer.model!r}, or no such path (404). Look at base_url and model in its file."
        return f"{peer.base_url} refused the request ({status}). Look at `request` and `protocol` in the peer's file. {KEPT}"


@contextmanager
def opened(peer: Peer, wait: Callable[[float], None] = time.sleep) -> Generator[Endpoint]:
    """The peer's endpoint, for as long as the block runs. No redirect is followed: a key goes where its file says."""
    headers = {"Authorization": f"Bearer {peer.key}"} if peer.key else {}
    address = f"{peer.base_url.rstrip('/')}/"
    limits = httpx.Limits(max_connections=peer.parallel)
    with httpx.Client(base_url=address, headers=headers, timeout=peer.timeout_seconds, limits=limits) as client:
        yield Endpoint(peer, client, wait)


def _seconds(retry_after: str) -> float:
    """What a Retry-After header asks for: seconds, or a date."""
    try:
        return max(float(retry_after), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


def _said(text: str, key: str) -> str:
    """The endpoint's words on one line; some quote the key."""
    return harmless(text.replace(key, "KEY") if key else text, 200) or "nothing"
