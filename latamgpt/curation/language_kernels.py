"""The compiled loops behind `language`: n-gram scores of windows, and what they say of the whole text. See `kernels`."""
# C code points  W windows  L languages

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.compiled import njit
from latamgpt.curation.kernels import SPACE, CodePoints
from latamgpt.curation.prefetch import prefetch

FIRST_FACTOR, SECOND_FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
BUCKET_BITS = 16
BUCKET_SHIFT, MIDDLE_SHIFT = np.uint64(64 - BUCKET_BITS), np.uint64(29)
MAX_NGRAM = 4
AHEAD, RING = 4, 8  # places; a fifth slower at 8 ahead
SHARE_BITS = 30
SURE = np.int64(0.9 * 2**30)  # of a window: such a one is in that language


@njit(cache=True, nogil=True)
def window_scores(codes_C: CodePoints, edges_W: NDArray[np.int64], table: NDArray[np.int16]) -> NDArray[np.int32]:
    """Per window of a text and language, the summed log-probabilities of the window's n-grams; see `language`.

    The table's rows are asked for AHEAD places before they are added.

    Args:
        codes_C: the text's code points.
        edges_W: begin and end of each window, two numbers each.
        table: per bucket and language, thousandths of a nat.
    """
    num_windows, num_languages = len(edges_W) // 2, table.shape[1]
    scores = np.zeros((num_windows, num_languages), np.int32)
    buckets = np.zeros((RING, MAX_NGRAM), np.int64)  # of the n-grams that begin at each of the last places
    counts = np.zeros(RING, np.int64)
    for window in range(num_windows):
        start, end = edges_W[2 * window], edges_W[2 * window + 1]
        length = end - start + 2  # with a space at either end
        sums = scores[window]
        for first in range(length + AHEAD):
            if first < length:
                here = first & (RING - 1)
                hashed, count = np.uint64(0), 0
                for n in range(min(MAX_NGRAM, length - first)):
                    code = _code_at(codes_C, start, length, first + n)
                    hashed = (hashed + np.uint64(code)) * FIRST_FACTOR
                    hashed ^= hashed >> MIDDLE_SHIFT
                    bucket = np.int64((hashed * SECOND_FACTOR) >> BUCKET_SHIFT)
                    prefetch(table, bucket, 0)  # pyright: ignore[reportCallIssue]
                    prefetch(table, bucket, num_languages - 1)  # pyright: ignore[reportCallIssue]
                    buckets[here, n] = bucket
                    count = n + 1
                    if n > 0 and code == SPACE:  # it would stand in the middle of the next one
                        break
                counts[here] = count
            then = (first - AHEAD) & (RING - 1)
            if counts[then] == MAX_NGRAM:  # together: the sums are read and written once
                one, two, three, four = buckets[then, 0], buckets[then, 1], buckets[then, 2], buckets[then, 3]
                for k in range(num_languages):
                    both = np.int32(table[one, k]) + np.int32(table[two, k])
                    sums[k] += both + np.int32(table[three, k]) + np.int32(table[four, k])
            else:
                for n in range(counts[then]):
                    bucket = buckets[then, n]
                    for k in range(num_languages):
                        sums[k] += table[bucket, k]
            counts[then] = 0  # so that none is added before the first one is there
    return scores


@njit(cache=True, nogil=True)
def _code_at(codes_C: CodePoints, start: int, length: int, place: int) -> np.uint32:
    """The code point at a place of a window with its spaces."""
    return SPACE if place == 0 or place == length - 1 else codes_C[start + place - 1]


@njit(cache=True, nogil=True)
def window_edges(num_chars: int, window_chars: int, max_windows: int) -> NDArray[np.int64]:
    """Begin and end of each window of a text, two numbers each; see `language.windows_of`."""
    count = max(1, (num_chars + window_chars // 2) // window_chars) if num_chars else 0
    num_windows = min(count, max_windows)
    edges_W = np.empty(2 * num_windows, np.int64)
    for window in range(num_windows):
        index = window * count // num_windows
        edges_W[2 * window] = index * num_chars // count
        edges_W[2 * window + 1] = (index + 1) * num_chars // count
    return edges_W


@njit(cache=True, nogil=True)
def language_shares(scores_WL: NDArray[np.int32], likely: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per language, the sum over all windows of its share in what speaks for any, in parts of 2^SHARE_BITS; and in how many
    windows that share is at least SURE. See `language`.

    Args:
        scores_WL: what `window_scores` gives.
        likely: how much a language counts that lies so many thousandths of a nat behind the best; 0 beyond its end.
    """
    num_windows, num_languages = scores_WL.shape
    shares_L = np.zeros(num_languages, np.int64)
    sure_L = np.zeros(num_languages, np.int64)
    weights_L = np.zeros(num_languages, np.int64)
    for window in range(num_windows):
        best, total = scores_WL[window].max(), 0
        for k in range(num_languages):
            behind = best - scores_WL[window, k]
            weights_L[k] = likely[behind] if behind < len(likely) else 0
            total += weights_L[k]
        for k in range(num_languages):
            share = (weights_L[k] << SHARE_BITS) // total
            shares_L[k] += share
            sure_L[k] += share >= SURE
    return shares_L, sure_L
