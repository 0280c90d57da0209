"""Our own measure by /completions: the log-likelihood of each choice behind the question, by echo and logprobs."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from latamgpt.errors import OperatorError
from latamgpt.evaluation.harness import score_choices
from latamgpt.evaluation.items import Item
from latamgpt.evaluation.peers.endpoint import Answer
from latamgpt.evaluation.score import Score

PATH = "completions"
DELIMITER = " "  # between question and choice, as lm-evaluation-harness puts it

Ask = Callable[[str, Mapping[str, JsonValue]], Answer]


def texts_of(item: Item) -> list[str]:
    """What is sent: the question alone, whose tokens are counted, then the question with each choice."""
    prompt = str(item.fields["prompt"])
    return [prompt.rstrip(), *(f"{prompt}{DELIMITER}{choice}" for choice in cast("Sequence[str]", item.fields["choices"]))]


def ask_likelihood(item: Item, model: str, ask: Ask) -> Score:
    """The probability of the right choice among the choices, as the harness has it for our models.

    A choice's tokens are those of the whole text from the number on that the question alone has: the cut that
    lm-evaluation-harness makes.

    Raises:
        OperatorError: the endpoint tells no log-probabilities of what it was sent.
    """
    question, *endings = [_token_logprobs(text, model, ask) for text in texts_of(item)]
    return score_choices(item, [math.fsum(cast("list[float]", tokens[len(question) :])) for tokens in endings])


def _token_logprobs(text: str, model: str, ask: Ask) -> list[float | None]:
    """Of each token of a text. One token is written, since not all servers can write none; it is cut off."""
    body: dict[str, JsonValue] = {"model": model, "prompt": text, "echo": True, "logprobs": 1, "max_tokens": 1, "temperature": 0}
    answer = ask(PATH, body)
    found = answer.choices[0].logprobs if answer.choices else None
    tokens = list(found.token_logprobs[: answer.usage.prompt_tokens]) if found else []
    if not tokens or len(tokens) < answer.usage.prompt_tokens or None in tokens[1:]:
        raise OperatorError(
            f"{model}: the endpoint told log-probabilities of {len(tokens)} of the {answer.usage.prompt_tokens} tokens that it "
            "was sent. The protocol likelihood needs them all (echo with logprobs, as vLLM gives). Use the protocol letter for "
            "this peer."
        )
    return tokens
