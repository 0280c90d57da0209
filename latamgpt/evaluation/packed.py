"""Log-likelihoods behind lm-evaluation-harness's own door, with nothing computed twice and no padding between short texts.

The harness asks for the log-likelihood of an ending behind a beginning, one row of a batch for each, and computes the chances of
the whole vocabulary at every place of it. Here texts are sorted and put into rows of one length, what several begin with stands
in a row once (so a row is a tree, each token seeing what led to it), and the vocabulary is looked at only where an ending's token
is foretold, once for all texts that come there.

B rows of a batch  T tokens of a row  N places where a token is foretold  V vocabulary  D width of the model
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import torch
from lm_eval.models.huggingface import HFLM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from torch import Tensor

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from transformers import PreTrainedModel

PACKABLE = frozenset({"llama", "qwen2", "qwen3", "olmo2"})
"""Kinds of model of full attention whose logits are the output layer's alone: they take a mask of our own. Of any other kind each
request is a row, scored by the model's own forward pass, as the harness does."""
PLACES_AT_ONCE = 256  # logits of so many tokens lie in memory together

Request = tuple[tuple[str, str], list[int], list[int]]
"""What the harness hands over: its texts, the tokens of the beginning, and those of the ending."""


@dataclass(frozen=True)
class Foretold:
    """How a model foretells an ending: the sum of its tokens' log-probabilities, and how many it would have chosen itself
    before it first chose another (greedily: its own continuation is the same up to there).
    """

    log_likelihood: float
    num_verbatim: int
    num_tokens: int


_HarnessModel: Any = HFLM  # the decorator that registers it hides its type


class PackedLM(_HarnessModel):
    """The harness's model, scored in packed rows; it tokenizes, cuts windows and generates as the harness does."""

    def __init__(self, *, row_tokens: int, batch_rows: int, **settings: object) -> None:
        """`row_tokens` is how long a row grows, or twice as long as its longest text."""
        super().__init__(**settings)
        self.row_tokens = row_tokens
        self.batch_rows = batch_rows

    def loglikelihood_rolling(self, requests: "list[Instance]", disable_tqdm: bool = False) -> list[float]:  # noqa: FBT001, FBT002
        """Of whole texts, all windows of all of them together."""
        windows: list[Request] = []
        owners: list[int] = []
        for number, request in enumerate(requests):
            tokens = self.tok_encode(request.args[0])
            for window in get_rolling_token_windows(tokens, self.prefix_token_id, self.max_length, context_len=1):
                windows.append((("", ""), *make_disjoint_window(window)))
                owners.append(number)
        totals = [0.0] * len(requests)
        for owner, told in zip(owners, self.foretell(windows), strict=True):
            totals[owner] += told.log_likelihood
        return totals

    def _loglikelihood_tokens(
        self,
        requests: list[Request],
        disable_tqdm: bool = False,  # noqa: FBT001, FBT002
        override_bs: int | None = None,
    ) -> list[tuple[float, bool]]:
        return [(told.log_likelihood, told.num_verbatim == told.num_tokens) for told in self.foretell(requests)]

    def foretell(self, requests: Sequence[Request]) -> list[Foretold]:
        """One answer per request, in their order."""
        is_packable = self.config.model_type in PACKABLE
        texts = read_texts(requests, self.max_length)
        filled = fill_rows(texts, self.row_tokens) if is_packable else [[text] for text in texts]
        rows = sorted(map(lay_out, filled), key=lambda row: (-len(row.tokens), row.tokens))
        logits_of = partial(_packed_logits if is_packable else _plain_logits, self.model)
        answers: dict[int, Foretold] = {}
        with torch.inference_mode():
            for first in range(0, len(rows), self.batch_rows):
                answers |= _foretell(rows[first : first + self.batch_rows], logits_of)
        return [answers[number] for number in range(len(requests))]


@dataclass(frozen=True, order=True)
class Text:
    """What a model reads of a request, and the tokens that it is to foretell, the last of which it need not read."""

    read: tuple[int, ...]
    ending: tuple[int, ...]
    number: int  # of the request


@dataclass(frozen=True)
class Row:
    """Texts as one tree, in depth-first order: what several of them begin with stands once."""

    texts: Sequence[Text]
    tokens: list[int]
    depths: list[int]  # of each token, how many stand before it in its text
    ends: list[int]  # of each token, behind which token of the row nothing continues it any more
    foretelling: list[list[int]]  # of each text, which tokens of the row foretell its ending's tokens


def read_texts(requests: Sequence[Request], max_length: int) -> list[Text]:
    """Requests in the order of their tokens; what is longer than the model reads loses its first tokens, as in the harness."""
    texts: list[Text] = []
    for number, (_, beginning, ending) in enumerate(requests):
        if not beginning or not ending or len(ending) > max_length:
            raise ValueError(f"request {number}: {len(beginning)} and {len(ending)} tokens; 1 each and {max_length} at most")
        texts.append(Text((*beginning, *ending[:-1])[-max_length:], tuple(ending), number))
    return sorted(texts)


def fill_rows(texts: Sequence[Text], row_tokens: int) -> list[list[Text]]:
    """Sorted texts one behind the other, each in the last row if what it adds finds room there; a pure function of the texts.

    A row is as long as `row_tokens`, or as twice its longest text: so that the choices of a long beginning find it there.
    """
    rows: list[list[Text]] = []
    taken = longest = 0
    for text in texts:
        longest = max(longest, len(text.read))
        added = len(text.read) - (_num_shared(rows[-1][-1].read, text.read) if rows else 0)
        if not rows or taken + added > max(row_tokens, 2 * longest):
            rows.append([])
            taken, added, longest = 0, len(text.read), len(text.read)
        rows[-1].append(text)
        taken += added
    return rows


def lay_out(texts: Sequence[Text]) -> Row:
    """Sorted texts as one tree."""
    tokens: list[int] = []
    depths: list[int] = []
    ends: list[int] = []
    foretelling: list[list[int]] = []
    before: tuple[int, ...] = ()
    path: list[int] = []  # where in the row each token of the text stands
    for text in texts:
        shared = _num_shared(before, text.read)
        for left in path[shared:]:
            ends[left] = len(tokens)
        path = [*path[:shared], *range(len(tokens), len(tokens) + len(text.read) - shared)]
        tokens += text.read[shared:]
        depths += range(shared, len(text.read))
        ends += [0] * (len(text.read) - shared)
        foretelling.append(path[-len(text.ending) :])
        before = text.read
    for left in path:
        ends[left] = len(tokens)
    return Row(texts, tokens, depths, ends, foretelling)


def _num_shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two texts have in common before they part."""
    parting = (n for n, (one, other) in enumerate(zip(first, second, strict=False)) if one != other)
    return next(parting, min(len(first), len(second)))


LogitsOf = Callable[[Sequence[Row], Sequence[tuple[int, int]]], Iterator[Tensor]]
"""Logits at some places of rows (which row, which token of it), in their order, in parts."""


def _foretell(rows: Sequence[Row], logits_of: LogitsOf) -> dict[int, Foretold]:
    asked: dict[tuple[int, int], set[int]] = {}  # which tokens are foretold at which place
    for number, row in enumerate(rows):
        for text, places in zip(row.texts, row.foretelling, strict=True):
            for place, token in zip(places, text.ending, strict=True):
                asked.setdefault((number, place), set()).add(token)
    where = sorted(asked)
    told: dict[tuple[int, int, int], tuple[float, bool]] = {}
    first = 0
    for logits_NV in logits_of(rows, where):
        here = [(n, *where[first + n], token) for n in range(len(logits_NV)) for token in sorted(asked[where[first + n]])]
        which, tokens = (torch.tensor([one[part] for one in here], device=logits_NV.device) for part in (0, 3))
        logs = logits_NV[which, tokens].double() - logits_NV.logsumexp(-1).double()[which]
        hits = logits_NV.argmax(-1)[which] == tokens
        told |= {one[1:]: found for one, found in zip(here, zip(logs.tolist(), hits.tolist(), strict=True), strict=True)}
        first += len(logits_NV)
    return {
        text.number: _of_ending([told[number, place, token] for place, token in zip(places, text.ending, strict=True)])
        for number, row in enumerate(rows)
        for text, places in zip(row.texts, row.foretelling, strict=True)
    }


def _of_ending(tokens: Sequence[tuple[float, bool]]) -> Foretold:
    verbatim = next((n for n, (_, is_hit) in enumerate(tokens) if not is_hit), len(tokens))
    return Foretold(sum(log for log, _ in tokens), verbatim, len(tokens))


def _packed_logits(model: "PreTrainedModel", rows: Sequence[Row], where: Sequence[tuple[int, int]]) -> Iterator[Tensor]:
    """A few hundred places at once: a token sees those before it in the row that it continues."""
    width = max(len(row.tokens) for row in rows)
    earlier_TT = torch.ones(width, width, dtype=torch.bool).tril()
    ends_BT = _stack([row.ends for row in rows], width)  # padding sees itself: a row of a mask that sees nothing has no softmax
    mask_B1TT = (earlier_TT & (torch.arange(width)[:, None] < ends_BT[:, None, :]))[:, None]
    hidden_BTD = model.base_model(
        input_ids=_stack([row.tokens for row in rows], 0).to(model.device),
        attention_mask=mask_B1TT.to(model.device),
        position_ids=_stack([row.depths for row in rows], 0).to(model.device),
        use_cache=False,
    ).last_hidden_state
    where_N = torch.tensor([number * width + place for number, place in where], device=model.device)
    output = cast("Callable[[Tensor], Tensor]", model.get_output_embeddings())
    for part_N in where_N.split(PLACES_AT_ONCE):
        yield output(hidden_BTD.flatten(0, 1)[part_N]).float()


def _plain_logits(model: "PreTrainedModel", rows: Sequence[Row], where: Sequence[tuple[int, int]]) -> Iterator[Tensor]:
    """The same of rows that are one text each: what stands behind it as padding is seen by none of its tokens."""
    logits_BTV = model(input_ids=_stack([row.tokens for row in rows], 0).to(model.device), use_cache=False).logits
    for part_N2 in torch.tensor(where, device=model.device).split(PLACES_AT_ONCE):
        yield logits_BTV[part_N2[:, 0], part_N2[:, 1]].float()


def _stack(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])
