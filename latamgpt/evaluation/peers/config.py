"""Other models that are asked what ours are asked: evaluation_peers/NAME.yaml says where each is and what it costs."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, model_validator

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import read_named

FOLDER = "evaluation_peers"
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


class Protocol(StrEnum):
    """How an endpoint is asked. What one of them yields is compared with nothing that the other yields."""

    LIKELIHOOD = "likelihood"  # /completions with echo and logprobs: the measure of our own models
    LETTER = "letter"  # /chat/completions: the choices are lettered, and the answer has to be a letter


class Peer(Frozen):
    """An OpenAI-compatible endpoint and one model behind it."""

    name: str = Field(default="", pattern=r"^[a-z0-9][a-z0-9._-]*$")  # of its file
    base_url: str  # with its version, such as https://api.example.com/v1
    model: str = Field(min_length=1)  # as the endpoint calls it
    protocol: Protocol
    api_key_variable: str = Field(default="", pattern=r"^([A-Z][A-Z0-9_]*)?$")  # holds the key; '' where none is needed
    us_dollars_per_million_in: float = Field(ge=0)  # of tokens that are read
    us_dollars_per_million_out: float = Field(ge=0)  # of tokens that are written
    max_us_dollars: float = Field(ge=0)  # of one run; more is refused before it is spent
    licence: str = Field(min_length=1)  # of the model
    terms: str = Field(min_length=1)  # what the provider may do with what it is sent, and with its answers
    samples: int = Field(default=1, ge=1, le=32)  # of each item, by letter, each with the choices in another order
    max_answer_tokens: int = Field(default=16, ge=1)  # by letter; a model that reasons first needs thousands
    parallel: int = Field(default=4, ge=1, le=64)  # requests at a time
    timeout_seconds: float = Field(default=60, gt=0)  # of one request
    request: Mapping[str, JsonValue] = {}  # what else is sent with each request; null takes one of ours away

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        address = urlsplit(self.base_url)
        if address.scheme not in ("http", "https") or not address.hostname or address.username or address.password:
            raise ValueError("base_url: is no address such as https://api.example.com/v1, without a user or a password in it")
        if address.scheme == "http" and self.api_key_variable and address.hostname not in OWN_MACHINE:
            raise ValueError("base_url: by http everybody on the way reads the key; use https, or leave api_key_variable out")
        if self.samples > 1 and self.protocol is not Protocol.LETTER:
            raise ValueError("samples: a likelihood is no sample; only the protocol letter has several")
        return self

    @property
    def key(self) -> str:
        """The key, from the environment alone; '' where none is needed or none is set."""
        return os.environ.get(self.api_key_variable, "") if self.api_key_variable else ""

    @property
    def why_not(self) -> str:
        """Why it cannot be asked now; '' if it can."""
        missing = self.api_key_variable and not self.key
        return f"no key: the environment variable {self.api_key_variable} is not set" if missing else ""


def read_peers(root: Path) -> list[Peer]:
    """Every peer of the workspace, by name."""
    return [read_named(path, Peer) for path in sorted((root / FOLDER).glob("*.yaml"))]


def read_peer(root: Path, name: str) -> Peer:
    """The peer of that name.

    Raises:
        OperatorError: there is none, or a field of its file is unknown or wrong.
    """
    path = root / FOLDER / f"{name}.yaml"
    known = sorted(path.stem for path in path.parent.glob("*.yaml"))
    if name not in known:
        raise OperatorError(
            f"there is no peer {name!r}: {FOLDER}/ has {', '.join(known) or 'none'}. Its file says where the model is and what "
            "it costs. Choose one of these, or add a file: docs/peers.md lists its fields."
        )
    return read_named(path, Peer)
