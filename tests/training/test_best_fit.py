"""Best-fit packing: every token once, nothing cut that fits, little room left."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.training.best_fit import IntArray, best_fit, pack


def runs_of(lengths: list[int], width: int, window: int) -> list[list[tuple[int, int, int]]]:
    packed = pack(np.array(lengths, np.int64), width, window)
    runs = list(zip(packed.positions.tolist(), packed.starts.tolist(), packed.ends.tolist(), strict=True))
    edges = packed.edges.tolist()
    return [runs[first:last] for first, last in zip(edges, edges[1:], strict=False)]


def sample_lengths() -> IntArray:
    """Documents of 725 tokens on average with a long tail: 5% are longer than 2,048, 0.6% than 4,096, 0.04% than 8,192."""
    spread = 0.83
    draws = np.random.default_rng(1).lognormal(np.log(725) - spread**2 / 2, spread, 60_000)
    return np.maximum(2, draws).astype(np.int64)


LENGTHS = st.lists(st.integers(1, 60), max_size=60)


@given(lengths=LENGTHS, width=st.integers(2, 20), window=st.integers(1, 8))
def test_every_token_of_every_piece_stands_in_one_place(lengths: list[int], width: int, window: int) -> None:
    sequences = runs_of(lengths, width, window)
    seen = [(position, at) for runs in sequences for position, start, end in runs for at in range(start, end)]
    assert sorted(seen) == [(position, at) for position, length in enumerate(lengths) for at in range(length)]
    for runs in sequences:
        assert 0 < sum(end - start for _, start, end in runs) <= width
        assert all(start < end for _, start, end in runs)
        assert runs == sorted(runs)


@given(lengths=LENGTHS, width=st.integers(2, 20), window=st.integers(1, 8))
def test_only_what_is_longer_than_a_sequence_is_cut(lengths: list[int], width: int, window: int) -> None:
    times = np.zeros(len(lengths), int)
    for position, start, end in (run for runs in runs_of(lengths, width, window) for run in runs):
        times[position] += 1
        assert end - start == width or end == lengths[position]
    assert times.tolist() == [-(-length // width) for length in lengths]


@given(lengths=LENGTHS, width=st.integers(2, 20), window=st.integers(1, 8))
def test_a_window_holds_only_what_the_mixture_put_there(lengths: list[int], width: int, window: int) -> None:
    begins = np.cumsum([0, *lengths])
    last = 0
    for runs in runs_of(lengths, width, window):
        windows = {int(begins[position]) // (width * window) for position, _, _ in runs}
        assert len(windows) == 1
        assert windows.pop() >= last
        last = int(begins[runs[0][0]]) // (width * window)


@given(lengths=st.lists(st.integers(1, 20), max_size=40))
def test_a_row_is_the_tightest_that_has_room_and_a_new_one_only_where_none_has(lengths: list[int]) -> None:
    left: dict[int, int] = {}
    for length, row in zip(lengths, best_fit(lengths, 20), strict=True):
        fitting = [room for room in left.values() if room >= length]
        assert (row in left) == bool(fitting)
        assert left.get(row, 20) == min(fitting, default=20)
        left[row] = left.get(row, 20) - length
    assert sorted(left) == list(range(len(left)))


def test_sequences_follow_the_place_of_their_longest_piece() -> None:
    whole = [[(3, 0, 10)], [(3, 10, 20)]]
    shared = [[(2, 0, 2), (3, 20, 25)], [(0, 0, 3), (4, 0, 6), (5, 0, 1)]]
    assert runs_of([3, 9, 2, 25, 6, 1], 10, 8) == [[(1, 0, 9)], *whole, *shared]


def test_hardly_a_position_is_left_free_and_hardly_a_document_cut_at_4096() -> None:
    lengths = sample_lengths()
    packed = pack(lengths, 4096, 1024)
    positions_used = lengths.sum() / ((len(packed.edges) - 1) * 4096)
    fits = lengths <= 4096
    times = np.bincount(packed.positions, minlength=len(lengths))
    assert positions_used > 0.998
    assert (times[fits] == 1).all()
    assert (times > 1).mean() < 0.01
    ends = np.cumsum(lengths)
    cut_by_concatenation = ((ends - 1) // 4096 != (ends - lengths) // 4096)[fits]
    assert cut_by_concatenation.mean() > 0.15
