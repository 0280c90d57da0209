"""The weights of a fitted tagger, and the most likely labels of a passage by them.

What CRFsuite would say of the same features (a test holds the two equal), some five times as quick: what a word brings by itself
and to its neighbours is added up once for each word, and only what several words say together is looked up each time.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from latamgpt.curation.compiled import njit
from latamgpt.curation.name_tagger.features import STEPS, beside_features, edge_feature, joint_features, own_features
from latamgpt.curation.name_tagger.lexicon import Known
from latamgpt.curation.name_tagger.words import LABELS, Word

# T words of a passage  L labels  S places that see a word: itself, and its neighbours in the order of STEPS
WEIGHTS_NAME = "weights.parquet"
WEIGHTS_SCHEMA = pa.schema(
    [
        pa.field("feature", pa.string(), nullable=False),
        pa.field("weights", pa.list_(pa.float64(), len(LABELS)), nullable=False),  # of each label
    ]
)
AFTER = "after="
"""Begins the features of the label of the word before."""
MAX_WORDS = 1 << 15  # that are remembered; then all are forgotten
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Scorer:
    """Weights, and what words bring, remembered."""

    def __init__(self, weights: pa.Table, known: Known) -> None:
        self._known = known
        self._row_of = {feature: row for row, feature in enumerate(weights["feature"].to_pylist(), start=1)}
        values = weights["weights"].combine_chunks().flatten().to_numpy().reshape(-1, len(LABELS))
        self._weights_FL = np.vstack([np.zeros((1, len(LABELS))), values])  # row 0 is of features without weights
        self._after_LL = np.stack([self._weights_FL[self._row_of.get(f"{AFTER}{label}", 0)] for label in LABELS])
        self._edges_SL = np.stack([np.zeros(len(LABELS)), *(self._sum([edge_feature(step)]) for step in STEPS)])
        self._forget()

    def read(self, words: Sequence[Word]) -> tuple[list[int], Floats]:
        """The number of the most likely label of each word, and the probability of each label there (T, L)."""
        persons = self._known.persons_in(words)
        if len(self._place_of) + len(words) > MAX_WORDS:
            self._forget()
        places_T = np.array([self._place(word.text, at in persons) for at, word in enumerate(words)], np.int64)
        row_of = self._row_of
        joint_TJ = np.array([[row_of.get(one, 0) for one in joint] for joint in joint_features(words)], np.int64)
        scores_TL = added_up(places_T, self._brought_WSL, joint_TJ, self._weights_FL, self._edges_SL)
        return best_labels(scores_TL, self._after_LL).tolist(), chances(scores_TL, self._after_LL)

    def _forget(self) -> None:
        self._place_of: dict[tuple[str, bool], int] = {}
        self._brought_WSL = np.zeros((MAX_WORDS, 1 + len(STEPS), len(LABELS)))

    def _place(self, text: str, is_person: bool) -> int:  # noqa: FBT001
        place = self._place_of.get((text, is_person))
        if place is None:
            place = self._place_of[text, is_person] = len(self._place_of)
            said = self._known.said(text, is_person)
            self._brought_WSL[place, 0] = self._sum(own_features(text, said))
            for number, step in enumerate(STEPS, start=1):
                self._brought_WSL[place, number] = self._sum(beside_features(step, text, said))
        return place

    def _sum(self, features: Sequence[str]) -> Floats:
        return self._weights_FL[[self._row_of.get(one, 0) for one in features]].sum(axis=0)


@njit(cache=True, nogil=True)
def added_up(places_T: Places, brought_WSL: Floats, joint_TJ: Places, weights_FL: Floats, edges_SL: Floats) -> Floats:
    """The score of each label at each word (T, L), without that of the label before."""
    num_words, num_labels = len(places_T), brought_WSL.shape[2]
    scores_TL = np.zeros((num_words, num_labels))
    for at in range(num_words):
        scores_TL[at] += brought_WSL[places_T[at], 0]
        for number in range(len(STEPS)):
            other = at + STEPS[number]
            if 0 <= other < num_words:
                scores_TL[at] += brought_WSL[places_T[other], number + 1]
            else:
                scores_TL[at] += edges_SL[number + 1]
        for joint in range(joint_TJ.shape[1]):
            scores_TL[at] += weights_FL[joint_TJ[at, joint]]
    return scores_TL


@njit(cache=True, nogil=True)
def best_labels(scores_TL: Floats, after_LL: Floats) -> Places:
    """The labels that together have the highest score (Viterbi)."""
    num_words, num_labels = scores_TL.shape
    from_TL = np.zeros((num_words, num_labels), np.int64)
    best_L = scores_TL[0].copy()
    for at in range(1, num_words):
        next_L = np.empty(num_labels)
        for label in range(num_labels):
            ways_L = best_L + after_LL[:, label]
            from_TL[at, label] = np.argmax(ways_L)
            next_L[label] = ways_L[from_TL[at, label]] + scores_TL[at, label]
        best_L = next_L
    labels_T = np.zeros(num_words, np.int64)
    labels_T[-1] = np.argmax(best_L)
    for at in range(num_words - 1, 0, -1):
        labels_T[at - 1] = from_TL[at, labels_T[at]]
    return labels_T


@njit(cache=True, nogil=True)
def chances(scores_TL: Floats, after_LL: Floats) -> Floats:
    """The probability of each label at each word (T, L), over all labels of the others (forward and backward, scaled)."""
    num_words, num_labels = scores_TL.shape
    ways_LL = np.exp(after_LL)
    seen_TL = np.empty((num_words, num_labels))
    forward_TL, backward_TL = np.empty((num_words, num_labels)), np.ones((num_words, num_labels))
    for at in range(num_words):
        seen_TL[at] = np.exp(scores_TL[at] - scores_TL[at].max())
        for label in range(num_labels):
            before = 1.0
            if at:
                before = 0.0
                for other in range(num_labels):
                    before += forward_TL[at - 1, other] * ways_LL[other, label]
            forward_TL[at, label] = before * seen_TL[at, label]
        forward_TL[at] /= forward_TL[at].sum()
    for at in range(num_words - 2, -1, -1):
        for label in range(num_labels):
            total = 0.0
            for other in range(num_labels):
                total += ways_LL[label, other] * seen_TL[at + 1, other] * backward_TL[at + 1, other]
            backward_TL[at, label] = total
        backward_TL[at] /= backward_TL[at].sum()
    found_TL = forward_TL * backward_TL
    for at in range(num_words):
        found_TL[at] /= found_TL[at].sum()
    return found_TL
