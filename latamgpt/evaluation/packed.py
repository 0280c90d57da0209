"""Log-likelihoods behind lm-evaluation-harness's own door, with nothing computed twice and no padding between short texts.

The harness asks for the log-likelihood of an ending behind a beginning, one row of a batch for each, and computes the chances of
the whole vocabulary at every place of it. Here the endings of one beginning share it (a tree), trees are put end to end into rows
of one length, each seeing only itself, and the vocabulary is looked at only where an ending's token is foretold.

B rows of a batch  T tokens of a row  N places where a token is foretold  V vocabulary  D width of the model
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Tree:
    """A beginning, and endings that share it; `number` is where in the answers each ending's result goes."""

    stem: tuple[int, ...]
    endings: tuple[tuple[int, ...], ...]
    numbers: tuple[int, ...]

    @property
    def num_tokens(self) -> int:
        """Tokens that the model reads: the last one of an ending foretells nothing."""
        return len(self.stem) + sum(len(ending) - 1 for ending in self.endings)


_HarnessModel: Any = HFLM  # the decorator that registers it hides its type


class PackedLM(_HarnessModel):
    """The harness's model, scored in packed rows; it tokenizes, cuts windows and generates as the harness does."""

    def __init__(self, *, row_tokens: int, batch_rows: int, **settings: object) -> None:
        """`row_tokens` is how long a row grows; a longer tree has a row to itself."""
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
        answers: dict[int, Foretold] = {}
        is_packable = self.config.model_type in PACKABLE
        trees = grow_trees(requests, self.max_length) if is_packable else one_by_one(requests, self.max_length)
        logits_of = partial(_packed_logits if is_packable else _plain_logits, self.model)
        with torch.inference_mode():
            for rows in batches(trees, self.row_tokens if is_packable else 0, self.batch_rows):
                answers |= _foretell(rows, logits_of)
        return [answers[number] for number in range(len(requests))]


def grow_trees(requests: Sequence[Request], max_length: int) -> list[Tree]:
    """Requests of the same beginning as one tree; what is longer than the model reads loses its first tokens, as there."""
    found: dict[tuple[int, ...], list[tuple[tuple[int, ...], int]]] = {}
    for number, (_, beginning, ending) in enumerate(requests):
        if not beginning or not ending or len(ending) > max_length:
            raise ValueError(f"request {number}: {len(beginning)} and {len(ending)} tokens; 1 each and {max_length} at most")
        stem = tuple(beginning[-(max_length + 1 - len(ending)) :])
        found.setdefault(stem, []).append((tuple(ending), number))
    return [
        Tree(stem, tuple(ending for ending, _ in endings), tuple(number for _, number in endings))
        for stem, endings in found.items()
    ]


def one_by_one(requests: Sequence[Request], max_length: int) -> list[Tree]:
    """A tree of one ending for each request."""
    alone = (grow_trees([request], max_length)[0] for request in requests)
    return [replace(tree, numbers=(number,)) for number, tree in enumerate(alone)]


def batches(trees: Sequence[Tree], row_tokens: int, batch_rows: int) -> Iterator[list[list[Tree]]]:
    """Rows of trees, the longest first, each tree in the first row that has room; a pure function of the trees."""
    rows: list[list[Tree]] = []
    room: list[int] = []
    for tree in sorted(trees, key=lambda tree: (-tree.num_tokens, tree.stem, tree.endings)):
        row = next((n for n, free in enumerate(room) if free >= tree.num_tokens), None)
        if row is None:
            row = len(rows)
            rows.append([])
            room.append(row_tokens)
        rows[row].append(tree)
        room[row] -= tree.num_tokens
    for first in range(0, len(rows), batch_rows):
        yield rows[first : first + batch_rows]


@dataclass
class _Row:
    tokens: list[int]
    places: list[int]  # of each token in its own text, from 0
    trees: list[int]  # which tree of the row a token is of
    endings: list[int]  # which ending of it, or -1 of the beginning that all its endings see
    foretelling: list[int]  # which tokens of the row foretell an ending's token
    targets: list[int]  # and which one


def _foretell(rows: Sequence[Sequence[Tree]], logits_of: "Callable[[list[_Row]], Iterator[Tensor]]") -> dict[int, Foretold]:
    laid = [_lay_out(row) for row in rows]
    targets = [token for row in laid for token in row.targets]
    logs: list[float] = []
    hits: list[bool] = []
    for logits_NV in logits_of(laid):
        targets_N = torch.tensor(targets[len(logs) : len(logs) + len(logits_NV)], device=logits_NV.device)
        chosen_N = logits_NV.gather(1, targets_N[:, None])[:, 0]
        hits += (logits_NV.argmax(-1) == targets_N).tolist()
        logs += (chosen_N.double() - logits_NV.logsumexp(-1).double()).tolist()
    answers: dict[int, Foretold] = {}
    first = 0
    for number, ending in ((n, e) for row in rows for tree in row for n, e in zip(tree.numbers, tree.endings, strict=True)):
        behind = first + len(ending)
        verbatim = next((n for n, hit in enumerate(hits[first:behind]) if not hit), len(ending))
        answers[number] = Foretold(sum(logs[first:behind]), verbatim, len(ending))
        first = behind
    return answers


def _lay_out(trees: Sequence[Tree]) -> _Row:
    row = _Row([], [], [], [], [], [])
    for number, tree in enumerate(trees):
        row.tokens += tree.stem
        row.places += range(len(tree.stem))
        row.endings += [-1] * len(tree.stem)
        last_of_stem = len(row.tokens) - 1
        for which, ending in enumerate(tree.endings):
            row.foretelling += [last_of_stem, *range(len(row.tokens), len(row.tokens) + len(ending) - 1)]
            row.targets += ending
            row.tokens += ending[:-1]
            row.places += range(len(tree.stem), len(tree.stem) + len(ending) - 1)
            row.endings += [which] * (len(ending) - 1)
        row.trees += [number] * tree.num_tokens
    return row


def _packed_logits(model: "PreTrainedModel", rows: list[_Row]) -> Iterator[Tensor]:
    """Of the places that foretell, a few hundred at once: a token sees what came before it in its own text."""
    trees_BT, endings_BT = _stack([row.trees for row in rows], -1), _stack([row.endings for row in rows], -1)
    width = trees_BT.shape[1]
    earlier_TT = torch.ones(width, width, dtype=torch.bool).tril()
    same_tree_BTT = trees_BT[:, :, None] == trees_BT[:, None, :]
    same_text_BTT = (endings_BT[:, None, :] == -1) | (endings_BT[:, :, None] == endings_BT[:, None, :])
    mask_B1TT = (earlier_TT & same_tree_BTT & same_text_BTT)[:, None]
    hidden_BTD = model.base_model(
        input_ids=_stack([row.tokens for row in rows], 0).to(model.device),
        attention_mask=mask_B1TT.to(model.device),
        position_ids=_stack([row.places for row in rows], 0).to(model.device),
        use_cache=False,
    ).last_hidden_state
    where_N = torch.tensor([n * width + place for n, row in enumerate(rows) for place in row.foretelling], device=model.device)
    output = cast("Callable[[Tensor], Tensor]", model.get_output_embeddings())
    for part_N in where_N.split(PLACES_AT_ONCE):
        yield output(hidden_BTD.flatten(0, 1)[part_N]).float()


def _plain_logits(model: "PreTrainedModel", rows: list[_Row]) -> Iterator[Tensor]:
    """The same of rows that are one text each: what stands behind it as padding is seen by none of its tokens."""
    logits_BTV = model(input_ids=_stack([row.tokens for row in rows], 0).to(model.device), use_cache=False).logits
    for row, logits_TV in zip(rows, logits_BTV, strict=True):
        yield logits_TV[torch.tensor(row.foretelling, device=model.device)].float()


def _stack(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])
