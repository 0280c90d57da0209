"""The corpus as token shards: documents to train on and documents held out, each token with the document it came from."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.errors import OperatorError
from latamgpt.params import Params, TokenShardsParams
from latamgpt.progress import follow
from latamgpt.records import HELD_OUT_SCHEMA, TOKEN_SHARD_SCHEMA, Report
from latamgpt.registry.groups import kinds_of
from latamgpt.shards import token_type
from latamgpt.store import Workspace, must_have_passed, write_report
from latamgpt.tokens.encoder import Encode, choose_encoder
from latamgpt.tokens.pieces import TokenisedDocument, cut_pieces
from latamgpt.tokens.shard_counts import ShardCounts, Side
from latamgpt.tokens.shard_writer import ShardWriter
from latamgpt.tokens.sides import NEEDED_FOR_SIDES, batches, choose_sides, read_texts
from latamgpt.tokens.vocabulary import Vocabulary, read_vocabulary

DOCUMENTS_PER_BATCH = 256
NUM_PROBES = 64  # documents by which the encoder is chosen
DESCRIBED_BY = (
    *("doc_id", "partner", "agreement", "licence", "country", "language", "variety"),
    *("period", "kind", "delivery_date"),  # for the report's counts alone
)
SCHEMAS = {Side.TRAIN: TOKEN_SHARD_SCHEMA, Side.HELD_OUT: HELD_OUT_SCHEMA}


def run(workspace: Workspace, params: Params) -> Report:
    """Tokenise the corpus and publish train/ and held_out/ shards, in the corpus' order of doc_id."""
    corpus = workspace.read("corpus") / "documents.parquet"
    must_have_passed(workspace, "corpus_gate")
    vocabulary = read_vocabulary(workspace.read("tokenizer"))
    rows = pq.read_table(corpus, columns=NEEDED_FOR_SIDES).to_pylist()
    if not rows:
        raise OperatorError(f"{corpus} holds no document: there is nothing to train on. Look at what the corpus stage dropped.")
    sides = choose_sides(workspace, corpus, rows, params)
    with workspace.publish("token_shards") as folder:
        counts = write_shards(corpus, folder, sides.held_out, vocabulary, params.token_shards)
        counts.num_not_for_evaluation = sides.num_not_for_evaluation
        counts.num_seen_in_training = sides.num_seen_in_training
        kind_of = kinds_of(workspace.root, (row["partner"] for row in rows))
        return write_report(folder, counts.report(kind_of))


def write_shards(
    corpus: Path, folder: Path, held_out: set[str], vocabulary: Vocabulary, params: TokenShardsParams
) -> ShardCounts:
    """Write each document's pieces to the shards of its side, and count them."""
    kind = token_type(vocabulary.size)
    writers = {side: ShardWriter(folder / side, schema, kind, params.tokens_per_shard) for side, schema in SCHEMAS.items()}
    counts = ShardCounts()
    num_documents = pq.ParquetFile(corpus).metadata.num_rows
    encode = choose_encoder(vocabulary, [text for *_, text in islice(read_texts(corpus), NUM_PROBES)])
    with follow("token_shards", "", "documents", num_documents) as progress:
        for document in tokenise(corpus, vocabulary, encode, params.max_document_tokens):
            side = Side.HELD_OUT if document.doc_id in held_out else Side.TRAIN
            writers[side].add(document)
            counts.add(side, document)
            progress.advance(note=f"{counts.num_tokens:,} tokens")
    for side, writer in writers.items():
        writer.close()
        counts.num_shards[side] = writer.num_shards
    return counts


def tokenise(corpus: Path, vocabulary: Vocabulary, encode: Encode, max_tokens: int) -> Iterator[TokenisedDocument]:
    """The documents of the corpus in its order, encoded in batches of a fixed size."""
    for batch in batches(corpus, DOCUMENTS_PER_BATCH, [*DESCRIBED_BY, "text"]):
        rows = batch.to_pylist()
        for row, encoded in zip(rows, encode([row["text"] for row in rows]), strict=True):
            pieces = cut_pieces(row["text"], encoded, vocabulary.eos_id, max_tokens)
            yield TokenisedDocument(*(row[name] for name in DESCRIBED_BY), pieces=pieces)
