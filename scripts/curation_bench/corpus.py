"""A corpus to measure curation on: honest documents, and planted among them what curation has to find, with what was planted.

Everything follows from the seed, so the same call writes the same bytes: documents as intake publishes them, a table per partner,
and a table of what each planted document is.
"""

import hashlib
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.curation.normalise import normalise
from latamgpt.records import DOCUMENT_SCHEMA
from latamgpt.table_format import PARQUET_ROWS_PER_GROUP
from scripts.bench_poisoning import read_sources
from scripts.curation_bench.words import Walker
from tests.curation.planted_ids import PLANTED as IDENTIFIERS

SEED = 7
NUM_PARTNERS = 10
MEAN_WORDS, SPREAD = 420, 0.8  # of a log-normal; a tenth of the documents is shorter than 130 words, a tenth longer than 1,000
LANGUAGES = {"es": 0.56, "pt": 0.26, "en": 0.06, "que": 0.06, "gug": 0.06}
PLANTED = {
    "exact": 0.04,
    "exact_after_normalisation": 0.02,
    "near_2_alone": 0.02,
    "near_2_in_runs": 0.02,
    "near_5_alone": 0.02,
    "personal_data": 0.05,
    "boilerplate": 0.03,
    "garbage": 0.03,
    "mojibake": 0.02,
}
"""Share of all documents, by what they are; the rest is honest."""
DOCS_AT_ONCE = 2000
RUN_WORDS = 8
MIN_WORDS_FOR_RUNS = 400  # in which one run is 2%
NUM_IDENTIFIERS = 3
FOOTER = (
    "Inicio | Contacto | Mapa del sitio | Aviso legal",
    "Todos los derechos de esta página pertenecen a la institución que la mantiene.",
    "Síganos en nuestras redes | Suscríbase al boletín | Versión para imprimir",
)


@dataclass(frozen=True)
class Document:
    """One generated document, what was planted in it, and of which document it is a copy."""

    number: int
    language: str
    text: str
    kind: str = "honest"
    source: int = -1  # the document whose text it began with
    planted: tuple[str, ...] = ()

    @property
    def doc_id(self) -> str:
        """As intake would make it: a sha256, so that ids follow no order."""
        return hashlib.sha256(f"bench {self.number}".encode()).hexdigest()


def generate(samples: Path, num_bytes: int, seed: int = SEED) -> list[Document]:
    """Documents of `num_bytes` in UTF-8 together or a little more, in an order that says nothing."""
    draw = np.random.default_rng(seed)
    walkers = _walkers(samples)
    documents: list[Document] = []
    written = 0
    while written < num_bytes:
        batch = _batch(walkers, draw, len(documents))
        documents += batch
        written += sum(len(document.text.encode()) for document in batch)
    return [documents[n] for n in draw.permutation(len(documents)).tolist()]


def _walkers(samples: Path) -> list[Walker]:
    words: dict[str, list[str]] = {}
    for source in read_sources(samples):
        for line in source.lines:
            words.setdefault({"quy": "que", "quz": "que", "gn": "gug"}.get(source.language, source.language), []).extend(
                line.split()
            )
    return [Walker(language, tuple(words[language])) for language in LANGUAGES]


def _batch(walkers: Sequence[Walker], draw: np.random.Generator, first: int) -> list[Document]:
    """So many honest documents, and beside them copies and damaged ones in their shares."""
    shares = {kind: round(DOCS_AT_ONCE * share) for kind, share in PLANTED.items()}
    num_honest = DOCS_AT_ONCE - sum(shares.values())
    languages = draw.choice(len(walkers), num_honest, p=list(LANGUAGES.values()))
    honest: list[Document] = []
    for index, walker in enumerate(walkers):
        count = int((languages == index).sum())
        lengths = np.clip(draw.lognormal(np.log(MEAN_WORDS) - SPREAD**2 / 2, SPREAD, count), 40, 6000).astype(np.int64)
        for text in walker.texts(lengths, draw) if count else []:
            honest.append(Document(first + len(honest), walker.language, text))
    batch = list(honest)
    long = [n for n, document in enumerate(honest) if len(document.text.split(" ")) >= MIN_WORDS_FOR_RUNS]
    for kind, count in shares.items():
        for source in draw.choice(long if kind == "near_2_in_runs" else len(honest), count, replace=False).tolist():
            batch.append(_planted(kind, honest[source], first + len(batch), honest, draw))
    return batch


def _planted(kind: str, source: Document, number: int, honest: Sequence[Document], draw: np.random.Generator) -> Document:
    other = honest[int(draw.integers(len(honest)))]
    fresh = replace(other, number=number, kind=kind, source=other.number)
    words = source.text.split(" ")
    strangers = other.text.split()
    match kind:
        case "exact":
            return replace(source, number=number, kind=kind, source=source.number)
        case "exact_after_normalisation":
            text = unicodedata.normalize("NFD", source.text).replace("\n", "\r\n").replace(". ", ".\u200b  ")
        case "near_2_alone":
            text = " ".join(_replaced(words, 0.02, 1, strangers, draw))
        case "near_2_in_runs":
            text = " ".join(_replaced(words, 0.02, RUN_WORDS, strangers, draw))
        case "near_5_alone":
            text = " ".join(_replaced(words, 0.05, 1, strangers, draw))
        case "personal_data":
            return _with_personal_data(fresh, draw)
        case "boilerplate":
            return replace(fresh, text="\n".join([*FOOTER, "", fresh.text[: len(fresh.text) // 4], "", *FOOTER]))
        case "garbage":
            return replace(fresh, text=_garbage(fresh.text, draw))
        case _:
            return replace(fresh, text=fresh.text.encode().decode("cp1252", errors="replace"))
    return replace(source, number=number, kind=kind, source=source.number, text=text)


def _replaced(words: list[str], share: float, run: int, strangers: list[str], draw: np.random.Generator) -> list[str]:
    """A share of the words given way to others, alone or in runs of words that follow each other; at least one, or one run."""
    edited = list(words)
    for _ in range(max(1, round(len(words) * share / run))):
        start = int(draw.integers(max(1, len(words) - run)))
        for place in range(start, min(start + run, len(words))):
            edited[place] = strangers[int(draw.integers(len(strangers)))]
    return edited


def _with_personal_data(document: Document, draw: np.random.Generator) -> Document:
    """Three identifiers with check digits, of any country, and an e-mail address, each in a sentence of its own."""
    invent = random.Random(int(draw.integers(2**63)))
    kinds = [kind for kind in IDENTIFIERS if kind.has_check_digit]
    strings = [invent.choice(kinds).written(invent) for _ in range(NUM_IDENTIFIERS)]
    strings.append(f"persona{invent.randrange(10**6)}@correo.example.org")
    paragraphs = document.text.split("\n\n")
    for string in strings:
        paragraphs.insert(invent.randrange(len(paragraphs) + 1), f"Se deja constancia: {string}; conste.")
    return replace(document, text="\n\n".join(paragraphs), planted=tuple(map(normalise, strings)))


def _garbage(text: str, draw: np.random.Generator) -> str:
    symbols = "{}[]<>|#=\\/*_~^%$+0123456789"
    drawn = draw.integers(0, 256, len(text)).tolist()
    return "".join(symbols[number % len(symbols)] if number < 200 else char for char, number in zip(text, drawn, strict=True))


def write(documents: Sequence[Document], folder: Path) -> None:
    """documents/PARTNER.parquet and planted.parquet, below a folder."""
    (folder / "documents").mkdir(parents=True)
    for partner in range(NUM_PARTNERS):
        own = sorted(documents[partner::NUM_PARTNERS], key=lambda document: document.doc_id)
        rows = [_row(document, f"partner-{partner}") for document in own]
        table = pa.Table.from_pylist(rows, DOCUMENT_SCHEMA)
        pq.write_table(table, folder / "documents" / f"partner-{partner}.parquet", row_group_size=PARQUET_ROWS_PER_GROUP)
    ids = {document.number: document.doc_id for document in documents}
    planted = [
        {"doc_id": d.doc_id, "kind": d.kind, "source": ids.get(d.source, ""), "planted": list(d.planted), "language": d.language}
        for d in documents
    ]
    pq.write_table(pa.Table.from_pylist(planted), folder / "planted.parquet")


def _row(document: Document, partner: str) -> dict[str, object]:
    return {
        "doc_id": document.doc_id,
        "partner": partner,
        "delivery": "bench",
        "delivery_date": date(2026, 1, 1),
        "agreement": "bench-2026-01",
        "path": f"{document.number:08}.txt",
        "title": "",
        "country": "CL",
        "declared_language": document.language,
        "licence": "CC0-1.0",
        "source": "generated",
        "period": "2020s",
        "kind": "other",
        "ocr_confidence": None,
        "text": document.text,
    }
