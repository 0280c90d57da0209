"""A chat model is asked for a letter: the choices stand in an order drawn by hash, and the answer is read strictly."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import cast

from pydantic import JsonValue

from latamgpt.evaluation.items import Item
from latamgpt.evaluation.peers.config import Peer
from latamgpt.evaluation.peers.endpoint import Answer
from latamgpt.evaluation.peers.likelihood import Ask
from latamgpt.evaluation.score import DECIMALS, Score

PATH = "chat/completions"
LETTERS = "ABCDE"
ANSWER = re.compile(r"[*_(\[]*(?P<letter>[A-E])[*_)\].:]*(?:\s+(?P<text>.+?))?[.*_]*")
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "es": ("Elija la opción que responde o completa correctamente:", "Responda solo con la letra de la opción."),
        "pt": ("Escolha a opção que responde ou completa corretamente:", "Responda apenas com a letra da opção."),
        "en": ("Choose the option that answers or completes this correctly:", "Answer with the letter of the option only."),
    }
)
"""What stands before and behind a question, by its language; Spanish for all others, which are asked about in Spanish."""


@dataclass(frozen=True)
class Told:
    """What a model chose in each sample: the number of a choice, or None for what is no letter."""

    chosen: tuple[int | None, ...]

    @property
    def num_unread(self) -> int:
        """Answers that were no letter; they count as wrong."""
        return self.chosen.count(None)


def order_of(item: Item, sample: int, seed: int) -> list[int]:
    """The numbers of the choices in the order of their letters: another in each sample, and the same on every machine."""
    numbers = range(len(cast("Sequence[str]", item.fields["choices"])))
    return sorted(numbers, key=lambda number: sha256(f"{seed} {item.id} {sample} {number}".encode()).digest())


def prompt_of(item: Item, order: Sequence[int]) -> str:
    """What a chat model is sent."""
    choices = cast("Sequence[str]", item.fields["choices"])
    before, behind = WORDS.get(item.about.get("language", ""), WORDS["es"])
    options = [f"{letter}. {choices[number]}" for letter, number in zip(LETTERS, order, strict=False)]
    return "\n".join([before, "", str(item.fields["prompt"]), "", *options, "", behind])


def read_letter(text: str, item: Item, order: Sequence[int]) -> int | None:
    """The choice that an answer names: its letter alone, or its letter with that choice's own words; else None."""
    found = ANSWER.fullmatch(text.strip())
    if not found or (place := LETTERS.index(found["letter"])) >= len(order):
        return None
    number = order[place]
    words = cast("Sequence[str]", item.fields["choices"])[number]
    is_right = found["text"] is None or found["text"].casefold() == words.strip(" .*_").casefold()
    return number if is_right else None


def ask_letter(item: Item, peer: Peer, seed: int, ask: Ask) -> tuple[Score, Told]:
    """The share of samples with the right letter; `chosen` is what was answered most, None where that is no letter or a tie."""
    chosen: list[int | None] = []
    for sample in range(peer.samples):
        order = order_of(item, sample, seed)
        answer = ask(PATH, body_of(peer, prompt_of(item, order)))
        chosen.append(read_letter(_content(answer), item, order))
    counted = Counter(chosen).most_common(2)
    is_tie = len(counted) > 1 and counted[0][1] == counted[1][1]
    share = chosen.count(cast("int", item.fields["answer"])) / len(chosen)
    return Score(item.id, round(share, DECIMALS), 1.0, None if is_tie else counted[0][0]), Told(tuple(chosen))


def body_of(peer: Peer, prompt: str) -> dict[str, JsonValue]:
    """The request: one message, temperature 0."""
    messages: list[JsonValue] = [{"role": "user", "content": prompt}]
    return {"model": peer.model, "messages": messages, "temperature": 0, "max_tokens": peer.max_answer_tokens}


def _content(answer: Answer) -> str:
    message = answer.choices[0].message if answer.choices else None
    return (message.content or "") if message else ""
