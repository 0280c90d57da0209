"""How much of an evaluation item stands in a document, and how much of the document in the item: counted word by word.

The plain form of what `item_kernels` looks for by hashes: every document that is set aside was compared here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from latamgpt.curation.evaluation_sets import Item
from latamgpt.curation.item_kernels import RUN_WORDS, SEED_WORDS
from latamgpt.params import DecontaminationParams

LONG_RUN_WORDS = 13  # Brown and others 2020, 'Language Models are Few-Shot Learners', appendix C
SHORT_ITEM_WORDS = 2 * LONG_RUN_WORDS  # below it an item is a sentence or two, of which half is no run of 13
FEWEST_CHARS = 2  # of an item's words, on the mean: rows of digits and single letters stand in every program and table
WORDS_PER_CHOICE, WORDS_BEFORE_CHOICES = 3, 8  # 'b)', 'respuesta:' and the like, between a question and its choices


class Held(StrEnum):
    """What a document and an item have in common."""

    WHOLE = "holds the item"
    PART = "holds a part of the item"
    INSIDE = "stands in the item"


@dataclass(frozen=True)
class Overlap:
    """Counts of words. A run is a row of words that stands in both."""

    in_long_runs: int  # of the item, in runs of 13 or more
    in_runs: int  # of the item, in runs of 8 or more
    longest: int  # run
    beginning: int  # the longest run with which the item begins
    in_place: int  # of the item, at one place of the document where three in a row are the item's
    of_document: int  # of the document, in runs of 8 or more
    answered: bool  # the whole question stands there, with its answer


def measure(item: Item, document: Sequence[str]) -> Overlap:
    """What an item and a document's words have in common."""
    wanted = item.words
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(wanted):
        places[word].append(place)
    in_item: dict[int, set[int]] = {RUN_WORDS: set(), LONG_RUN_WORDS: set()}
    in_document: set[int] = set()
    shifts: set[int] = set()
    longest, beginning, answered = 0, 0, False
    runs: dict[int, int] = {}  # per place in the item, how many words up to it stand before this word of the document, too
    for at, word in enumerate(document):
        runs = {place: runs.get(place - 1, 0) + 1 for place in places.get(word, ())}
        for place, length in runs.items():
            longest = max(longest, length)
            if length >= SEED_WORDS:
                shifts.add(at - place)
            if length > place:
                beginning = max(beginning, length)
            if length > place == len(item.prompt) - 1:
                answered = answered or _is_answered(item, document[at + 1 : at + 1 + _context(item)])
            for least, found in in_item.items():
                if length >= least:
                    found.update(range(place - least + 1, place + 1))
            if length >= RUN_WORDS:
                in_document.update(range(at - RUN_WORDS + 1, at + 1))
    in_place = max((_alike(wanted, document, shift) for shift in shifts), default=0) if len(wanted) < SHORT_ITEM_WORDS else 0
    return Overlap(
        len(in_item[LONG_RUN_WORDS]), len(in_item[RUN_WORDS]), longest, beginning, in_place, len(in_document), answered
    )


def judge(item: Item, num_words: int, found: Overlap, params: DecontaminationParams) -> Held | None:
    """What a document of `num_words` words is to an item, if it is anything.

    Of an item of a sentence or two the words in their places count, or a run of half of it: a shorter one if the item begins
    with it, as a copy that was cut off does. Of a longer item the shares in runs of 8 and of 13 count, or a long run.
    """
    length = len(item.words)
    is_short = length < SHORT_ITEM_WORDS
    told_in_part = is_told_in_part(item, params)
    is_whole = told_in_part and (found.in_place if is_short else found.in_runs) / length >= params.min_whole_share
    if found.answered or (is_whole and length >= RUN_WORDS):
        return Held.WHOLE
    if _stands_inside(num_words, found, params):
        return Held.INSIDE
    if not told_in_part:
        return None
    if is_short:
        is_cut_off = found.beginning >= half_of(item, params.min_beginning_words)
        return Held.PART if is_cut_off or found.longest >= half_of(item, params.min_part_words) or is_whole else None
    shares = found.in_runs / length >= params.min_share_8 or found.in_long_runs / length >= params.min_share_13
    return Held.PART if shares or found.longest >= params.min_run_words else None


def is_told_in_part(item: Item, params: DecontaminationParams) -> bool:
    """Whether a changed or shortened copy of an item can be told from other text: not of '2 + 3 = 5', nor of three words."""
    return len(item.words) >= params.min_beginning_words and sum(map(len, item.words)) >= FEWEST_CHARS * len(item.words)


def half_of(item: Item, least: int) -> int:
    """How many words are half of an item, if they are not too few to tell anything."""
    return max(least, len(item.words) // 2)


def _stands_inside(num_words: int, found: Overlap, params: DecontaminationParams) -> bool:
    if num_words < RUN_WORDS:
        return found.longest == num_words >= params.min_beginning_words
    return found.of_document / num_words >= params.min_document_share


def _context(item: Item) -> int:
    """How far behind a question its answer is looked for: as far as its choices reach."""
    choices = (item.answer, *item.wrong)
    return WORDS_BEFORE_CHOICES + sum(len(choice) + WORDS_PER_CHOICE for choice in choices)


def _is_answered(item: Item, behind: Sequence[str]) -> bool:
    """A few words of a question stand in honest sentences: there the answer follows at once, or with another choice."""
    if tuple(behind[: len(item.answer)]) == item.answer:
        return True
    return _stands_in(item.answer, behind) and (
        len(item.prompt) >= RUN_WORDS or any(_stands_in(wrong, behind) for wrong in item.wrong)
    )


def _stands_in(part: Sequence[str], whole: Sequence[str]) -> bool:
    return any(tuple(whole[at : at + len(part)]) == part for at in range(len(whole) - len(part) + 1))


def _alike(item: Sequence[str], document: Sequence[str], shift: int) -> int:
    first, last = max(0, -shift), min(len(item), len(document) - shift)
    return sum(item[place] == document[place + shift] for place in range(first, last))
