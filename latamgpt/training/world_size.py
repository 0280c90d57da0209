"""Going on with another number of ranks: what N ranks saved, cut anew as one of M ranks would have saved it.

A part is what one rank saved: tensors named KIND.NUMBER for each of its masters, laid flat (master, exp_avg, exp_avg_sq, and
average where there is one; step is one number), and a layout that says which run of which parameter stands where. So no rank
ever holds the whole model, and a rank reads only those parts that hold something of its own.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from latamgpt.errors import InputDamagedError
from latamgpt.training.masters import runs_of
from latamgpt.training.resume import Cursor, SavedState, read_state
from latamgpt.training.state_files import PART_NAME, read_part

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

LAYOUT = "layout"
"""Its name in a part: (R, 5) of int64, a row for each run: parameter (its place in the model), first, master, start, length."""
log = logging.getLogger(__name__)

GOES_ON_ELSEWHERE = (
    "%s processes saved this state and %s go on from it: the same data in the same order, added up in another, so that from here "
    "on the last bits are those of neither"
)
NUMBERED = re.compile(r"(\w+)\.(\d{5})")


class Copy(NamedTuple):
    """Numbers that go from a saved part into this rank's."""

    rank: int
    from_master: int
    from_start: int
    to_master: int
    to_start: int
    length: int


def layout_of(model: "PreTrainedModel", optimizer: Any) -> "Tensor":
    """Which run of which parameter this rank's masters hold; optimizer is DeepSpeed's."""
    import torch

    place_of = {name: place for place, (name, _) in enumerate(model.named_parameters())}
    rows = [(place_of[run.parameter], run.first, run.master, run.start, run.length) for run in runs_of(model, optimizer)]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, 5)


def plan_copies(saved: "Sequence[Tensor]", here: "Tensor") -> list[Copy]:
    """From where each number of this rank comes, given the layouts of all saved parts and its own.

    Raises:
        InputDamagedError: a number is in none of the saved parts.
    """
    runs_of_parameter: defaultdict[int, list[tuple[int, int, int, int, int]]] = defaultdict(list)
    for rank, layout in enumerate(saved):
        for parameter, first, master, start, length in layout.tolist():
            runs_of_parameter[parameter].append((first, length, rank, master, start))
    copies: list[Copy] = []
    for parameter, first, master, start, length in here.tolist():
        at, end = first, first + length
        for saved_first, saved_length, rank, saved_master, saved_start in sorted(runs_of_parameter[parameter]):
            upto = min(end, saved_first + saved_length)
            if saved_first <= at < upto:
                copies.append(Copy(rank, saved_master, saved_start + at - saved_first, master, start + at - first, upto - at))
                at = upto
        if at < end:
            raise InputDamagedError(
                f"the saved state lacks {end - at:,} of the {length:,} numbers of parameter {parameter} that this rank needs: it "
                "is of another model, or a rank's part is missing. Going on would train on made-up weights. Run the command "
                "again: it takes the state before, or begins anew."
            )
    return copies


def repartition(
    here: "Mapping[str, Tensor]", saved: "Sequence[Tensor]", read_part: "Callable[[int], Mapping[str, Tensor]]"
) -> "dict[str, Tensor]":
    """The part of a state for this rank, from what another number of ranks saved.

    `here` is the part that the rank would save now, at its start: its masters' shapes and layout are taken, none of its numbers.
    `saved` are the layouts of the saved parts, and `read_part` reads one of them. What is no master's (the random state,
    counters) stays as it is here: random numbers belong to a rank, and a new one has none to go on from.

    Raises:
        InputDamagedError: the saved parts do not hold all of this rank's numbers.
    """
    copies_from: defaultdict[int, list[Copy]] = defaultdict(list)
    for copy in plan_copies(saved, here[LAYOUT]):
        copies_from[copy.rank].append(copy)
    masters = {name.removeprefix("master."): tensor for name, tensor in here.items() if name.startswith("master.")}
    part = {name: tensor for name, tensor in here.items() if not NUMBERED.fullmatch(name)}
    for rank, copies in sorted(copies_from.items()):
        read = read_part(rank)
        for name, values in read.items():
            if not (found := NUMBERED.fullmatch(name)):
                continue
            kind, of = found.groups()
            if values.shape != read[f"master.{of}"].shape:  # one number for all of a master, such as how many steps it took
                part |= {f"{kind}.{each}": values.clone() for each in masters}
                continue
            for each, master in masters.items():
                part.setdefault(f"{kind}.{each}", values.new_zeros(master.shape))
            for copy in (copy for copy in copies if copy.from_master == int(of)):
                into = part[f"{kind}.{copy.to_master:05}"].view(-1)[copy.to_start : copy.to_start + copy.length]
                into.copy_(values.flatten()[copy.from_start : copy.from_start + copy.length])
    return part


def read_repartitioned(state: Path, num_ranks: int, here: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """The part for this rank of a state that `num_ranks` saved; of their files only those are read whole that hold some of it.

    Raises:
        InputDamagedError: such a file is not as it was written, or they lack something.
    """
    import torch

    layouts = [_read_layout(state / PART_NAME.format(rank=rank)) for rank in range(num_ranks)]

    def read(rank: int) -> "dict[str, Tensor]":
        part = read_part(state, rank)
        if not torch.equal(part[LAYOUT], layouts[rank]):
            raise InputDamagedError(f"{state}: what rank {rank} saved changed while it was read.")
        return part

    return repartition(here, layouts, read)


def _read_layout(path: Path) -> "Tensor":
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415

    try:
        with safe_open(path, "pt") as stream:
            return stream.get_tensor(LAYOUT)
    except (SafetensorError, FileNotFoundError) as error:
        raise InputDamagedError(f"{path} is missing or holds no layout: {error}.") from error


def read_own(
    state: Path, cursor: Cursor, rank: int, here: "Callable[[], Mapping[str, Tensor]]"
) -> "tuple[SavedState, dict[str, Tensor]] | None":
    """What this rank needs of a state, whoever saved it; None where it is damaged, and the log says how.

    `here` gives this rank's tensors as they are now, asked for only where another number of ranks saved the state.
    """
    try:
        saved = read_state(state, cursor)
        if saved.cursor.num_ranks == cursor.num_ranks:
            return saved, read_part(state, rank)
        log.warning(GOES_ON_ELSEWHERE, saved.cursor.num_ranks, cursor.num_ranks)
        return saved, read_repartitioned(state, saved.cursor.num_ranks, here())
    except InputDamagedError as error:
        log.warning("%s", error)
        return None
