"""Documents of the corpus that hold some words, the best first (BM25), with a few words of each that may be quoted."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from latamgpt.catalogue.alike import alike_in
from latamgpt.catalogue.index import opened
from latamgpt.catalogue.published import corpus_of, partners_in, texts_in
from latamgpt.catalogue.quoting import Quoting, find_gone
from latamgpt.catalogue.words import excerpt, plain, words_of
from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import Frozen
from latamgpt.store import Workspace

SHOWN = ("doc_id", "partner", "delivery", "path", "language", "country", "licence")


@dataclass(frozen=True)
class Wanted:
    """What is searched for: any words, and where; '' for everywhere."""

    words: str
    language: str = ""
    country: str = ""
    partner: str = ""
    limit: int = 10


class Hit(Frozen):
    """A document that was found."""

    doc_id: str
    partner: str
    delivery: str
    path: str
    language: str
    country: str
    licence: str
    score: float  # BM25: the higher, the better
    title: str = ""  # like the excerpt only where it may be published
    excerpt: str = ""
    labels: str = ""
    withheld: str = ""  # why there is no excerpt


class Found(Frozen):
    """The best of what was found."""

    words: tuple[str, ...]  # as they were compared
    holds_all: bool  # false: no document holds all of the words, and these hold some
    num_searched: int
    num_found: int
    hits: tuple[Hit, ...]
    alike: tuple[str, ...] = ()  # words that are there, one letter from those that are not


def search(workspace: Workspace, params: Params, wanted: Wanted) -> Found:
    """Search the published corpus, without what was withdrawn.

    Raises:
        OperatorError: there is no corpus, the words hold no letter, or the corpus holds nothing in such a language, of such a
            country or partner.
    """
    words = tuple(dict.fromkeys(words_of(wanted.words)))
    corpus = corpus_of(workspace)
    if not words:
        raise OperatorError(
            f"{plain(wanted.words)!r} holds neither a letter nor a digit, so there is nothing to find. Give words."
        )
    with opened(workspace, corpus, find_gone(workspace, partners_in(corpus))) as index:
        where, values = _where(index, wanted)
        num_searched = index.execute(f"SELECT count(*) FROM documents d WHERE {where}", values).fetchone()[0]  # noqa: S608
        for operator in ("AND", "OR"):
            match = f" {operator} ".join(f'"{word}"' for word in words)
            found = f"FROM words JOIN documents d ON d.number = words.rowid WHERE words MATCH ? AND {where}"
            num_found = index.execute(f"SELECT count(*) {found}", (match, *values)).fetchone()[0]
            if num_found:
                break
        query = f"SELECT d.*, -bm25(words) AS score {found} ORDER BY score DESC, d.doc_id LIMIT ?"
        rows = [dict(row) for row in index.execute(query, (match, *values, wanted.limit))]
        alike = () if num_found else tuple(alike_in(index, words))
    hits = _hits(corpus, Quoting(workspace, params), rows, words)
    return Found(words=words, holds_all=operator == "AND", num_searched=num_searched, num_found=num_found, hits=hits, alike=alike)


def _where(index: sqlite3.Connection, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    given = {name: value for name in ("language", "country", "partner") if (value := getattr(wanted, name))}
    for name, value in given.items():
        known = [row[0] for row in index.execute(f"SELECT DISTINCT {name} FROM documents ORDER BY {name}")]  # noqa: S608
        if value not in known:
            raise OperatorError(
                f"the corpus holds no document whose {name} is {value!r}, so nothing can be found there. It has: "
                f"{', '.join(known)}."
            )
    return " AND ".join(f"d.{name} = ?" for name in given) or "1", tuple(given.values())


def _hits(corpus: Path, quoting: Quoting, rows: list[dict[str, object]], words: tuple[str, ...]) -> tuple[Hit, ...]:
    permitted = [str(row["doc_id"]) for row in rows if quoting.ruling(row).permitted]
    texts = texts_in(corpus, permitted)
    hits: list[Hit] = []
    for row in rows:
        shown = {name: row[name] for name in SHOWN} | {"score": round(float(str(row["score"])), 4)}
        text = texts.get(str(row["doc_id"]))
        if text is None:
            shown |= {"withheld": quoting.ruling(row).detail}
        else:
            shown |= {"title": plain(str(row["title"])), "excerpt": excerpt(text, words), "labels": quoting.labels(row)}
        hits.append(Hit.model_validate(shown))
    return tuple(hits)
