"""The types through which stages meet on disk: Arrow schemas for rows, pydantic models for reports and manifests."""

from enum import StrEnum
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

REPORT_NAME = "report.json"
MANIFEST_NAME = "manifest.json"
UNKNOWN = "unknown"
"""Of what nobody stated, or nobody understands: a value of its own, which is counted and shown."""

DOCUMENT_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),  # sha256 of delivery name and normalised source bytes, hex
        pa.field("partner", pa.string(), nullable=False),
        pa.field("delivery", pa.string(), nullable=False),
        pa.field("delivery_date", pa.date32()),  # as the partner dated it
        pa.field("agreement", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),  # inside the delivery; '#17' names the 17th record of a file
        pa.field("title", pa.string(), nullable=False),
        pa.field("country", pa.string(), nullable=False),  # ISO 3166-1 alpha-2
        pa.field("declared_language", pa.string(), nullable=False),  # BCP 47, as the partner declared it; 'und'
        pa.field("licence", pa.string(), nullable=False),  # SPDX identifier
        pa.field("source", pa.string(), nullable=False),
        pa.field("period", pa.string(), nullable=False),  # when the text was written: '1890s', '19th century' or 'unknown'
        pa.field("kind", pa.string(), nullable=False),  # one of intake.kinds.DocumentKind, or 'unknown'
        pa.field("ocr_confidence", pa.float64()),  # 0 to 1, the mean over words that a machine read; null where none was
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""What intake publishes: one row per document that a valid delivery holds."""

ORTHOGRAPHY_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("orthography", pa.string(), nullable=False),  # as the partner names it; 'reg' as TEI does
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""What intake publishes beside documents: the same texts in other spellings, as delivered. As raw as `documents`: personal data
is not masked in it, no later stage reads it, and nobody is to be handed it."""

CLEAN_DOCUMENT_SCHEMA = pa.schema(
    [
        *DOCUMENT_SCHEMA,
        pa.field("language", pa.string(), nullable=False),  # BCP 47 without region: es, pt, quy, gug ...
        pa.field("language_confidence", pa.float64(), nullable=False),  # 0 to 1
        pa.field("second_language", pa.string(), nullable=False),  # in which whole passages are; '' where none is
        pa.field("second_language_share", pa.float64(), nullable=False),  # of the passages, 0 to 1
        pa.field("variety", pa.string(), nullable=False),  # es-AR, pt-BR ...; the language itself where unknown
        pa.field("has_voseo", pa.bool_(), nullable=False),
        pa.field("num_bytes", pa.int64(), nullable=False),  # of the cleaned text in UTF-8
        pa.field("quality", pa.int64(), nullable=False),  # 0 to 1000, see curation/quality.py: of two copies the better stays
        pa.field("num_personal_data", pa.int64(), nullable=False),  # identifiers replaced by a tag
        pa.field("text_sha256", pa.string(), nullable=False),
        pa.field("signature", pa.list_(pa.uint32()), nullable=False),  # MinHash, one value per permutation
    ]
)
"""What curation publishes per partner, and (after duplicates are gone) the corpus."""

PERSONAL_DATA_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # as in the tag: CPF, EMAIL, NAME ...
        pa.field("num_replaced", pa.int64(), nullable=False),
    ]
)
"""What was masked in each kept document, by kind; never what stood there."""

EXCLUSION_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),  # '' where a whole delivery was set aside
        pa.field("partner", pa.string(), nullable=False),
        pa.field("delivery", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),  # a code such as 'near_duplicate'
        pa.field("detail", pa.string(), nullable=False),  # a sentence for the person who asks why
        pa.field("language", pa.string(), nullable=False),
        pa.field("num_bytes", pa.int64(), nullable=False),
    ]
)
"""All that is not used, and why: read by the partner's receipt and by the fairness audit."""

_PIECE_FIELDS = (
    pa.field("doc_id", pa.string(), nullable=False),
    pa.field("partner", pa.string(), nullable=False),
    pa.field("agreement", pa.string(), nullable=False),  # with the licence: what training asks the registry about once more
    pa.field("licence", pa.string(), nullable=False),
    pa.field("country", pa.string(), nullable=False),
    pa.field("language", pa.string(), nullable=False),
    pa.field("variety", pa.string(), nullable=False),
    pa.field("piece", pa.int32(), nullable=False),  # 0, 1 ...: which part of the document, cut between characters
    pa.field("first_token", pa.int64(), nullable=False),  # where it begins among the tokens of the shard
    pa.field("num_tokens", pa.int64(), nullable=False),  # the last piece of a document ends with EOS
    pa.field("num_bytes", pa.int64(), nullable=False),  # of the piece's text in UTF-8; EOS has none
)

TOKEN_SHARD_SCHEMA = pa.schema(_PIECE_FIELDS)
"""Rows of token_shards/train/NNNNN.parquet: one piece of a document each, sorted by doc_id and piece. The tokens themselves lie
beside it, end to end, in NNNNN.uint16 or NNNNN.uint32."""

HELD_OUT_SCHEMA = pa.schema([*_PIECE_FIELDS, pa.field("text", pa.string(), nullable=False)])
"""Rows of token_shards/held_out/NNNNN.parquet: never trained on; `text` is what the tokens stand for."""

MIXTURE_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),  # 0, 1 ...: the order in which pieces are trained on
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),  # file inside token_shards, such as train/00000.parquet
        pa.field("row", pa.int32(), nullable=False),  # in that file
        pa.field("epoch", pa.int32(), nullable=False),  # how often the piece was seen before this time
        pa.field("is_replay", pa.bool_(), nullable=False),
        pa.field("num_tokens", pa.int64(), nullable=False),
    ]
)
"""Rows of mixture/mixture.parquet: which piece is trained on when; a piece stands in it once per epoch."""


class Frozen(BaseModel):
    """A value read from or written to text; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEntry(Frozen):
    """One published file."""

    path: str
    num_bytes: int
    sha256: str


class Manifest(Frozen):
    """What a stage published. Written last: no manifest, not done."""

    stage: str
    key: str = ""
    files: tuple[FileEntry, ...]


TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
)
"""What a base model brings for its tokenizer; the tokenizer stage publishes those that there are, the checkpoint takes them."""

Cell = str | int | float | bool | None


class Table(Frozen):
    """A small table for people: shown in Dagster, printed by the command line, kept in cards."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Curve(Frozen):
    """A line to plot: `x` and `y` have one value per point."""

    name: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Severity(StrEnum):
    """What a failed expectation does: CRITICAL stops what follows, WARNING is shown."""

    CRITICAL = "critical"
    WARNING = "warning"


class Expectation(Frozen):
    """The outcome of one expectation of a gate, without any partner's text in it."""

    kind: str
    arguments: dict[str, Cell | list[Cell]] = Field(default_factory=dict)
    severity: Severity
    passed: bool
    observed: str


class Report(Frozen):
    """What a stage leaves beside its output; the only thing that assets, checks and MLflow read of it.

    Holds no time, host, run id or absolute path: the same inputs give the same bytes.
    """

    stage: str
    key: str = ""
    summary: str
    counts: dict[str, int] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    curves: tuple[Curve, ...] = ()
    expectations: tuple[Expectation, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no critical expectation failed (true for a stage that is not a gate)."""
        return all(e.passed for e in self.expectations if e.severity is Severity.CRITICAL)

    @classmethod
    def read(cls, folder: Path) -> "Report":
        """The report in a published folder."""
        return cls.model_validate_json((folder / REPORT_NAME).read_bytes())
