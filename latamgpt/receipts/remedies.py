"""What can be done about texts that a training saw, with the price of each: retrain, drop an adapter, filter what is answered."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from latamgpt.budget.need import need_of
from latamgpt.budget.quote import quote
from latamgpt.launch.site import read_site
from latamgpt.params import Params
from latamgpt.receipts.use import DocumentUse
from latamgpt.records import Frozen
from latamgpt.shards import read_shard
from latamgpt.store import Workspace

RUN_TOKENS = 13
"""The length of a run that a filter looks for: as in Brown et al. 2020, appendix C (https://arxiv.org/abs/2005.14165)."""

HASH_BYTES = 8  # of a run in the filter's list
ADAPTER_CONFIG = "adapter_config.json"


class Remedy(Frozen):
    """One way; the numbers are 0 where it costs nothing or is not possible."""

    name: str
    possible: bool
    num_steps: int = 0
    num_tokens: int = 0
    accelerator_hours: float = 0.0
    us_dollars: float = 0.0
    explanation: str


def remedies_for(workspace: Workspace, params: Params, uses: Sequence[DocumentUse], num_steps: int) -> tuple[Remedy, ...]:
    """The three ways, for documents that at least one step saw."""
    first = min(step for use in uses for step in use.steps)
    return (
        roll_back(workspace, params, first, num_steps),
        drop_adapter(workspace),
        output_filter(workspace, uses),
    )


def roll_back(workspace: Workspace, params: Params, first: int, num_steps: int) -> Remedy:
    """Go back to the last weights that had not seen the documents, and train again without them.

    The states of a training are deleted when it ends, so that the last such weights are the base model's: every step is paid
    for again. How many would be, had the states been kept, is said beside it.
    """
    counts = workspace.report("checkpoint").counts
    site = read_site(workspace.root)
    need = need_of(params, counts["num_parameters"], num_steps)
    quoted = quote(params, need, site) if site.cost else None  # a withdrawal is answered also where no price is known
    priced = f"on one {quoted.rates.accelerator}" if quoted else f"at a price that sites/{site.name}.yaml does not say"
    every = params.checkpoint.save_every_steps
    kept = first // every * every
    return Remedy(
        name="roll_back_and_retrain",
        possible=True,
        num_steps=num_steps,
        num_tokens=counts["num_tokens"],
        accelerator_hours=quoted.amounts.accelerator_hours if quoted else 0.0,
        us_dollars=quoted.amounts.us_dollars if quoted else 0.0,
        explanation=f"step {first + 1} is the first that saw them. No state from before it is kept, so all {num_steps} steps are "
        f"trained again from the base model on a corpus without them, {priced}. From states "
        f"kept every {every} steps, {num_steps - kept} would be",
    )


def drop_adapter(workspace: Workspace) -> Remedy:
    """Take away a part of the weights that alone saw the documents; there is one only where an adapter was trained."""
    has_adapter = (workspace.place("checkpoint") / ADAPTER_CONFIG).is_file()
    return Remedy(
        name="drop_adapter",
        possible=has_adapter,
        explanation="the adapter alone was trained on them: without it the model is the base"
        if has_adapter
        else "all weights were trained together; there is no adapter that could be taken away",
    )


def output_filter(workspace: Workspace, uses: Sequence[DocumentUse]) -> Remedy:
    """Hold back answers that repeat a run of the documents' tokens."""
    runs = set(_runs(workspace, uses))
    return Remedy(
        name="output_filter",
        possible=bool(runs),
        explanation=f"{len(runs):,} runs of {RUN_TOKENS} tokens ({len(runs) * HASH_BYTES:,} bytes) are refused where a release "
        "is served. No training. The weights still hold what was learned: paraphrase, translation and shorter quotations pass, "
        "other texts that share a run are held back, and whoever has the weights can leave the filter out",
    )


def _runs(workspace: Workspace, uses: Sequence[DocumentUse]) -> Iterator[bytes]:
    shards = workspace.read("token_shards")
    wanted: dict[str, set[int]] = {}
    for use in uses:
        for sight in use.sights:
            wanted.setdefault(sight.shard, set()).add(sight.row)
    for name, rows in sorted(wanted.items()):
        shard = read_shard(shards / name)
        for row in sorted(rows):
            tokens = shard.piece(row).astype("<u4")
            for start in range(len(tokens) - RUN_TOKENS + 1):
                yield sha256(tokens[start : start + RUN_TOKENS].tobytes()).digest()[:HASH_BYTES]
