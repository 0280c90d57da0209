"""Words of the corpus that are one letter from a word that nothing holds: what a slip of the finger meant."""

import sqlite3
from collections.abc import Iterable, Iterator

LETTERS = "abcdefghijklmnopqrstuvwxyz"  # as words are compared: without accents
LEAST_CHARS = 4  # of a word: shorter ones are one letter from too many
LEAST_DOCUMENTS = 2  # that hold it: a word of one text alone is not told
MOST = 3  # words named for each

VOCABULARY = "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'words', 'row')"


def alike_in(index: sqlite3.Connection, words: Iterable[str]) -> Iterator[str]:
    """For each word those of the index that are one letter from it, what most documents hold first."""
    index.executescript(f"PRAGMA temp_store = MEMORY; {VOCABULARY};")
    for word in words:
        found = [(-num_docs, term) for one in sorted(_one_letter_off(word)) for term, num_docs in _held(index, one)]
        yield from (term for _, term in sorted(found)[:MOST])


def _held(index: sqlite3.Connection, word: str) -> list[tuple[str, int]]:
    return index.execute("SELECT term, doc FROM temp.vocabulary WHERE term = ? AND doc >= ?", (word, LEAST_DOCUMENTS)).fetchall()


def _one_letter_off(word: str) -> set[str]:
    """With a letter less, more or another, or two neighbours changed round."""
    if len(word) < LEAST_CHARS:
        return set()
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    less = {before + after[1:] for before, after in parts if after}
    turned = {before + after[1] + after[0] + after[2:] for before, after in parts if len(after) > 1}
    another = {before + letter + after[1:] for before, after in parts if after for letter in LETTERS}
    more = {before + letter + after for before, after in parts for letter in LETTERS}
    return (less | turned | another | more) - {word}
