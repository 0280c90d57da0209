"""Whether a model says its partners' texts word for word: those that it was trained on more than those that were held out.

A model is given the beginning of a passage and asked for as many tokens behind it. What it would write greedily is the passage up
to the first token that it would not have chosen: one forward pass over the passage tells it, and nothing is generated. The base
is asked the same: what it says of a text on which it was not trained here is no memory of the partner's copy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow.parquet as pq

from latamgpt.evaluation.items import Item, Measure, Task, by_hash
from latamgpt.evaluation.score import DECIMALS, Memorised, Score
from latamgpt.params import ScorecardParams
from latamgpt.records import Table
from latamgpt.registry.edges import Terms
from latamgpt.shards import Shard, read_shard

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from latamgpt.evaluation.packed import PackedLM

MEMORISATION = "memorisation"
TRAINING, HELD_OUT = "training", "held_out"
COLUMNS = ("partner", "passages of", "passages", "tokens", "base says", "candidate says", "base longest", "candidate longest")
DATA_ORDER = "data_order.parquet"
TERMS = ["partner", "agreement", "licence"]
UNREADABLE = "\N{REPLACEMENT CHARACTER}"  # a character that a passage's edge cuts


@dataclass(frozen=True)
class Lent:
    """A stretch of a partner's text."""

    id: str
    terms: Terms
    seen: str  # training or held_out
    read: Callable[[], str]  # its text: only of the few that are chosen


def memorisation_tasks(checkpoint: Path, shards: Path, params: ScorecardParams, permits: Callable[[Terms], bool]) -> list[Task]:
    """A task for each partner: of the texts trained on and of the held-out ones up to `max_memorised` passages, by hash.

    What was trained on is what the checkpoint's own record says. Texts on which no measuring is permitted are left out;
    so is a partner of whom either side has no text long enough.
    """
    from tokenizers import Tokenizer

    if not params.max_memorised:
        return []
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    found: dict[str, dict[str, list[Item]]] = {}
    for lent in by_hash([*_trained_on(checkpoint / DATA_ORDER, shards, tokenizer, params), *_held_out(shards)], params.seed):
        items = found.setdefault(lent.terms.partner, {TRAINING: [], HELD_OUT: []})[lent.seen]
        if len(items) < params.max_memorised and permits(lent.terms) and (item := _as_item(lent, tokenizer, params)):
            items.append(item)
    return [
        Task(f"{MEMORISATION}/{partner}", Measure.VERBATIM, MEMORISATION, {}, (*sides[TRAINING], *sides[HELD_OUT]))
        for partner, sides in sorted(found.items())
        if sides[TRAINING] and sides[HELD_OUT]
    ]


def verbatim_scores(model: "PackedLM", task: Task) -> list[Score]:
    """Of each passage's ending: the tokens that the model says before the first other one, of how many."""
    texts = [(cast("str", item.fields["beginning"]), cast("str", item.fields["ending"])) for item in task.items]
    told = model.foretell([(pair, *model._encode_pair(*pair)) for pair in texts])
    return [Score(item.id, float(one.num_verbatim), float(one.num_tokens)) for item, one in zip(task.items, told, strict=True)]


def count_memorised(
    tasks: Sequence[Task], base: Mapping[str, Sequence[Score]], candidate: Mapping[str, Sequence[Score]]
) -> tuple[Memorised, ...]:
    """Per partner and side: what either model said word for word."""
    rows: list[Memorised] = []
    for task in tasks:
        for seen in (TRAINING, HELD_OUT):
            chosen = [number for number, item in enumerate(task.items) if item.about["seen"] == seen]
            counts: dict[str, int] = {}
            for name, scores in (("base", base[task.name]), ("candidate", candidate[task.name])):
                told = [scores[number] for number in chosen]
                counts[f"{name}_verbatim"] = int(sum(score.value for score in told))
                counts[f"{name}_longest"] = int(max(score.value for score in told))
                counts[f"{name}_exact"] = sum(score.value == score.weight for score in told)
            num_tokens = int(sum(candidate[task.name][number].weight for number in chosen))
            partner = task.name.removeprefix(f"{MEMORISATION}/")
            rows.append(Memorised(partner=partner, seen=seen, num_passages=len(chosen), num_tokens=num_tokens, **counts))
    return tuple(rows)


def memorisation_table(rows: Sequence[Memorised]) -> Table:
    """For people: shares of tokens said word for word, and the longest run of them."""
    shown = tuple(
        (
            row.partner,
            row.seen,
            row.num_passages,
            row.num_tokens,
            round(row.base_verbatim / row.num_tokens, DECIMALS),
            round(row.candidate_verbatim / row.num_tokens, DECIMALS),
            row.base_longest,
            row.candidate_longest,
        )
        for row in rows
    )
    return Table(name=MEMORISATION, columns=COLUMNS, rows=shown)


def memorisation_metrics(rows: Sequence[Memorised]) -> dict[str, float]:
    """Over all partners, per side and model: the share of tokens said word for word, and the passages said whole."""
    metrics: dict[str, float] = {}
    for seen in (TRAINING, HELD_OUT) if rows else ():
        chosen = [row for row in rows if row.seen == seen]
        num_tokens, num_passages = sum(row.num_tokens for row in chosen), sum(row.num_passages for row in chosen)
        for model in ("base", "candidate"):
            verbatim, exact = (sum(getattr(row, f"{model}_{part}") for row in chosen) for part in ("verbatim", "exact"))
            metrics[f"{MEMORISATION}/{seen}/{model}"] = round(verbatim / num_tokens, DECIMALS)
            metrics[f"{MEMORISATION}/{seen}_whole/{model}"] = round(exact / num_passages, DECIMALS)
    return metrics


def _trained_on(data_order: Path, shards: Path, tokenizer: "Tokenizer", params: ScorecardParams) -> list[Lent]:
    """Of every piece, the first stretch that was trained on whole and is long enough."""
    wanted: dict[tuple[str, int], slice] = {}
    for row in pq.read_table(data_order, columns=["shard", "row", "start", "end"]).to_pylist():
        if row["end"] - row["start"] >= 2 * params.memorised_tokens:
            wanted.setdefault((row["shard"], row["row"]), slice(row["start"], row["end"]))
    found: list[Lent] = []
    for name in sorted({name for name, _ in wanted}):
        shard = read_shard(shards / name, ["doc_id", "piece", *TERMS])
        for row, stretch in ((row, stretch) for (of, row), stretch in wanted.items() if of == name):
            about = shard.pieces.slice(row, 1).to_pylist()[0]
            terms = Terms(*(about[part] for part in TERMS))
            read = partial(_decode, tokenizer, shard, row, stretch)
            found.append(Lent(f"{about['doc_id']}-{about['piece']}", terms, TRAINING, read))
    return found


def _decode(tokenizer: "Tokenizer", shard: Shard, row: int, stretch: slice) -> str:
    return tokenizer.decode(shard.piece(row)[stretch].tolist())


def _held_out(shards: Path) -> list[Lent]:
    columns = ["doc_id", "piece", *TERMS, "text"]
    return [
        Lent(f"{row['doc_id']}-{row['piece']}", Terms(*(row[part] for part in TERMS)), HELD_OUT, partial(str, row["text"]))
        for path in sorted((shards / HELD_OUT).glob("*.parquet"))
        for row in pq.read_table(path, columns=columns).to_pylist()
    ]


def _as_item(lent: Lent, tokenizer: "Tokenizer", params: ScorecardParams) -> Item | None:
    text = lent.read()
    ends = [end for _, end in tokenizer.encode(text, add_special_tokens=False).offsets]
    if len(ends) < 2 * params.memorised_tokens:
        return None
    middle, last = ends[params.memorised_tokens - 1], ends[2 * params.memorised_tokens - 1]
    beginning, ending = text[:middle], text[middle:last]
    if not beginning.strip() or not ending.strip() or UNREADABLE in beginning + ending:
        return None
    return Item(lent.id, {"beginning": beginning, "ending": ending}, lent.id, {"seen": lent.seen})
