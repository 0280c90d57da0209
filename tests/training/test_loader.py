"""The loader: the same batches as one made token by token, and every token once whatever the ranks and kills."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latamgpt.errors import InputDamagedError
from latamgpt.params import CheckpointParams, read_params
from latamgpt.records import MIXTURE_SCHEMA, TOKEN_SHARD_SCHEMA
from latamgpt.shards import token_type, write_shard
from latamgpt.store import rows_to_table
from latamgpt.table_format import write_table
from latamgpt.training.batches import Batch
from latamgpt.training.loader import Loader
from latamgpt.training.packing import PackedOrder, count_steps
from latamgpt.training.passes import micro_batch_size, passes_of
from tests.builders import shard_row
from tests.conftest import ROOT

PIECES_PER_SHARD = 5
WIDTH, BATCH = 16, 12

Place = tuple[int, int, int, bool]
"""Token, position in its document, segment of the row, whether it is predicted."""


def write_inputs(folder: Path, lengths: Sequence[int]) -> list[range]:
    """Shards of pieces, no two tokens of which are the same, and a mixture that jumps between them; the pieces in its order."""
    ends = np.cumsum(lengths).tolist()
    tokens = [range(end - length + 1, end + 1) for end, length in zip(ends, lengths, strict=True)]
    order = list(range(len(lengths)))
    Random(7).shuffle(order)
    for first in range(0, len(lengths), PIECES_PER_SHARD):
        rows = [shard_row(f"d{n}", list(tokens[n])) for n in range(first, min(first + PIECES_PER_SHARD, len(lengths)))]
        table = folder / "train" / f"{first // PIECES_PER_SHARD:05}.parquet"
        write_shard(table, rows, TOKEN_SHARD_SCHEMA, token_type(ends[-1] + 1))
    drawn = [
        {
            "position": position,
            "doc_id": f"d{n}",
            "language": "es",
            "shard": f"train/{n // PIECES_PER_SHARD:05}.parquet",
            "row": n % PIECES_PER_SHARD,
            "epoch": 0,
            "is_replay": False,
            "num_tokens": lengths[n],
        }
        for position, n in enumerate(order)
    ]
    write_table(folder / "mixture.parquet", rows_to_table(drawn, MIXTURE_SCHEMA))
    return [tokens[n] for n in order]


def params_of(width: int, window: int = 4) -> CheckpointParams:
    sizes = {"seq_len_tokens": width, "packing_window_sequences": window, "batch_sequences": BATCH, "micro_batch_sequences": 2}
    return read_params(ROOT, "tiny").checkpoint.model_copy(update=sizes)


def plain(order: PackedOrder, pieces: list[range], index: int, width: int) -> list[Place]:
    """Each place of a sequence, one after the other."""
    row: list[Place] = []
    segments = order.segments(index)
    for number, (position, start, end) in enumerate(segments):
        for at, token in enumerate(pieces[position][start:end]):
            row.append((token, at, number, at > 0))
    return row + [(0, at, len(segments), False) for at in range(width - len(row))]


def places(batch: Batch) -> list[list[Place]]:
    """The same of each row of a batch."""
    segments_BT = batch.segments_BT - batch.segments_BT[:, :1]
    columns = (batch.input_ids_BT, batch.position_ids_BT, segments_BT, batch.is_target_BT)
    return [list(zip(*(column[b].tolist() for column in columns), strict=True)) for b in range(len(segments_BT))]


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    width=st.integers(2, 16),
    cut=st.tuples(*[st.integers(0, 60)] * 2),
)
def test_loader_gives_what_is_made_token_by_token(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], width: int, cut: tuple[int, int]
) -> None:
    folder = tmp_path_factory.mktemp("m")
    pieces = write_inputs(folder, lengths)
    order = PackedOrder(folder, params_of(width))
    first, last = min(cut), max(cut) + 1
    batch = Loader(order, folder, width).batch(first, last)
    expected = [plain(order, pieces, index, width) for index in range(first, last)]
    assert places(batch) == expected
    assert batch.num_targets == sum(is_target for row in expected for *_, is_target in row)
    assert batch.num_targets == order.num_targets(first, last)
    assert batch.input_ids_BT.dtype == np.uint16


def steps_of(loader: Loader, params: CheckpointParams, steps: range, num_ranks: int) -> dict[int, list[tuple[int, ...]]]:
    """What so many ranks train on in each step: their rows that are not empty, in any order."""
    size = params.batch_sequences
    micro = micro_batch_size(size, num_ranks, params.micro_batch_sequences)
    seen: dict[int, list[tuple[int, ...]]] = {}
    for step in steps:
        first, end = step * size, (step + 1) * size
        passes = [passes_of(rank, num_ranks, size, micro) for rank in range(num_ranks)]
        assert len({len(mine) for mine in passes}) == 1
        batches = [loader.batch(first + p.start, first + p.stop, end) for mine in passes for p in mine]
        rows = [row for b in batches for row in zip(b.input_ids_BT, b.num_tokens_B.tolist(), strict=True)]
        assert sum(b.num_targets for b in batches) == sum(int(b.is_target_BT.sum()) for b in batches)
        seen[step] = sorted(tuple(row[:num_tokens].tolist()) for row, num_tokens in rows if num_tokens)
    return seen


@pytest.mark.parametrize("batch", [BATCH, BATCH + 1])
@pytest.mark.parametrize(("num_ranks", "then"), [(1, 1), (2, 2), (3, 3), (4, 4), (6, 6), (6, 1), (1, 4), (4, 3), (2, 6), (3, 2)])
def test_every_token_is_trained_on_once_at_any_number_of_ranks_and_after_a_kill(
    tmp_path: Path, num_ranks: int, then: int, batch: int
) -> None:
    random = Random(3)
    lengths = [random.randint(1, 40) for _ in range(150)]
    write_inputs(tmp_path, lengths)
    params = params_of(WIDTH).model_copy(update={"batch_sequences": batch})
    order = PackedOrder(tmp_path, params)
    loader, num_steps = Loader(order, tmp_path, WIDTH), count_steps(order, params)
    assert order.num_sequences % batch, "the last step must be one that is not full"
    alone = steps_of(loader, params, range(num_steps), 1)
    saved, killed = num_steps // 3, num_steps // 2
    before = steps_of(loader, params, range(killed), num_ranks)
    again = Loader(PackedOrder(tmp_path, params), tmp_path, WIDTH)  # another process, which knows the saved step and no more
    after = steps_of(again, params, range(saved, num_steps), then)
    assert {step: before[step] for step in range(saved, killed)} == {step: after[step] for step in range(saved, killed)}
    assert before | after == alone
    trained = sorted(token for rows in (before | after).values() for row in rows for token in row)
    assert trained == list(range(1, sum(lengths) + 1))


@given(st.integers(1, 200), st.integers(1, 12), st.integers(1, 16))
def test_ranks_take_every_row_of_a_batch_once_in_passes_of_one_shape(batch: int, num_ranks: int, wanted: int) -> None:
    num_ranks = min(num_ranks, batch)
    micro = micro_batch_size(batch, num_ranks, wanted)
    passes = [passes_of(rank, num_ranks, batch, micro) for rank in range(num_ranks)]
    assert len({len(mine) for mine in passes}) == 1
    rows = sorted(row for mine in passes for each in mine for row in each)
    assert rows == list(range(num_ranks * micro * len(passes[0])))
    assert len(rows) - batch < num_ranks <= len(rows), "no rank has more than one row too many"


def test_shards_of_two_vocabularies_are_refused(tmp_path: Path) -> None:
    write_inputs(tmp_path, [5, 9, 3, 8, 2, 4])
    write_shard(tmp_path / "train" / "00001.parquet", [shard_row("d5", [70_000] * 4)], TOKEN_SHARD_SCHEMA, token_type(70_001))
    (tmp_path / "train" / "00001.uint16").unlink()
    with pytest.raises(InputDamagedError, match="two bytes a token and some four"):
        Loader(PackedOrder(tmp_path, params_of(WIDTH)), tmp_path, WIDTH)


def test_shards_that_are_published_anew_leave_a_loader_what_it_had(tmp_path: Path) -> None:
    old = tmp_path / "old"
    write_inputs(old, [5, 9, 3])
    loader = Loader(PackedOrder(old, params_of(WIDTH)), old, WIDTH)
    old.rename(tmp_path / "aside")
    write_inputs(old, [9, 3, 5])
    for path in (tmp_path / "aside" / "train").iterdir():
        path.unlink()
    batch = loader.batch(0, 2)
    assert sorted(batch.input_ids_BT[batch.is_target_BT].tolist()) == [*range(2, 6), *range(7, 15), 16, 17]
