"""Best-fit decreasing: which pieces share a sequence, so that little room is left and none is cut that fits.

After Ding et al. 2024, 'Fewer Truncations Improve Language Modeling' (https://arxiv.org/abs/2404.10830). Here the pieces are
packed window by window of the mixture's order, so that a sequence holds only what the mixture put close together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Packed:
    """Runs of tokens, sequence by sequence: run k is tokens `starts[k]` to `ends[k]` of piece `positions[k]`.

    Sequence i is runs `edges[i]` to `edges[i + 1]`.
    """

    positions: IntArray
    starts: IntArray
    ends: IntArray
    edges: IntArray


def pack(lengths: IntArray, width: int, window_sequences: int) -> Packed:
    """Put pieces of these lengths, in the mixture's order, into sequences of `width` tokens; a pure function of its arguments.

    Steps: a window is the pieces that begin within `window_sequences` times `width` tokens of the order; its pieces are packed
    among themselves. A piece longer than a sequence gives whole sequences first, and only its rest is packed. The sequences of a
    window follow the place of the longest run in each. Cost: about 1.5 µs a piece.
    """
    windows = (np.cumsum(lengths) - lengths) // (width * window_sequences)
    none = np.zeros(0, np.int64)
    packed = [Packed(none, none, none, np.zeros(1, np.int64))]
    first = 0
    for num_pieces in np.unique(windows, return_counts=True)[1].tolist():
        packed.append(_pack_window(lengths[first : first + num_pieces], first, width))
        first += num_pieces
    return Packed(
        positions=np.concatenate([window.positions for window in packed]),
        starts=np.concatenate([window.starts for window in packed]),
        ends=np.concatenate([window.ends for window in packed]),
        edges=np.concatenate([[0], np.cumsum(np.concatenate([np.diff(window.edges) for window in packed]))]),
    )


def _pack_window(lengths: IntArray, first: int, width: int) -> Packed:
    num_whole, rests = lengths // width, lengths % width
    whole = np.repeat(np.arange(len(lengths)), num_whole)
    whole_starts = width * (np.arange(len(whole)) - np.repeat(np.cumsum(num_whole) - num_whole, num_whole))
    by_length = np.argsort(-rests, kind="stable")[: np.count_nonzero(rests)]
    rows = np.asarray(best_fit(rests[by_length].tolist(), width), np.int64)

    positions = np.concatenate([whole, by_length])
    starts = np.concatenate([whole_starts, (lengths - rests)[by_length]])
    ends = np.concatenate([whole_starts + width, lengths[by_length]])
    rows = np.concatenate([np.arange(len(whole)), len(whole) + rows])
    _, longest, sizes = np.unique(rows, return_index=True, return_counts=True)  # the first run of a row is its longest
    order = np.lexsort((starts[longest], positions[longest]))
    place = np.argsort(order)  # of each row among the sequences
    runs = np.lexsort((positions, place[rows]))
    return Packed(positions[runs] + first, starts[runs], ends[runs], np.concatenate([[0], np.cumsum(sizes[order])]))


def best_fit(lengths: Sequence[int], width: int) -> list[int]:
    """For each length, in the order given, the row it goes to: of those with enough room the one with the least; else a new one.

    Of rows with the same room, the one that came to it last. Bit n of `rooms` says that some row has room for just n tokens, so
    that the least room that is enough is found in one step.
    """
    rows: list[int] = []
    with_room: list[list[int]] = [[] for _ in range(width + 1)]
    rooms = num_rows = 0
    for length in lengths:
        enough = rooms >> length
        if enough:
            room = length + (enough & -enough).bit_length() - 1
            row = with_room[room].pop()
            if not with_room[room]:
                rooms ^= 1 << room
        else:
            room, row = width, num_rows
            num_rows += 1
        rows.append(row)
        left = room - length
        if left:
            with_room[left].append(row)
            rooms |= 1 << left
    return rows
