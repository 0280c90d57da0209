"""Our kernels, and the limits of the machine, on a file of texts.

python -m scripts.curation_bench.own_kernels TEXTS.parquet ANSWER.json --tokenizer data/tokenizer
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import zstandard

from latamgpt.curation.language import shipped_model
from latamgpt.curation.minhash import signature
from latamgpt.curation.normalise import normalise
from latamgpt.curation.personal_data.emails import mask_emails
from latamgpt.curation.personal_data.masking import mask
from latamgpt.curation.quality import measure
from latamgpt.params import read_params
from latamgpt.tokens.encoder import Encoded, choose_encoder, plain_encoder, same
from latamgpt.tokens.token_shards import NUM_PROBES
from latamgpt.tokens.vocabulary import read_vocabulary
from scripts.curation_bench.kernel_runs import (
    LIMIT,
    OURS,
    KernelRun,
    Result,
    Texts,
    language_results,
    masking_results,
    repair_results,
    run_as_program,
    timed,
)

ROOT = Path(__file__).resolve().parents[2]
MIN_COPIED_BYTES = 256 << 20  # more than any processor's cache holds
REPEATS = 20  # one pass is too quick to time


def kernels(texts: Texts, tokenizer: Path) -> list[KernelRun]:
    """Every kernel once over all texts."""
    params = read_params(ROOT).clean_documents
    how = (params.num_permutations, params.shingle_words, params.minhash_seed)
    vocabulary = read_vocabulary(tokenizer)
    mending, mended = timed(each(normalise), texts.texts)
    masking, masked = timed(each(lambda text: mask(text).text), mended)
    finding, without = timed(each(lambda text: mask_emails(text, Counter())), mended)
    identifying, found = timed(each(lambda text: shipped_model().identify(text).language), texts.texts)
    measuring, _ = timed(each(measure), texts.texts)
    signing, _ = timed(each(lambda text: signature(text, *how)), texts.texts)
    encode = choose_encoder(vocabulary, texts.texts[:NUM_PROBES])
    encoding, encoded = timed(encode, texts.texts, once=True)
    return [
        KernelRun(
            "repair and normalise", OURS, mending, "NFC, line ends, ftfy on suspicious lines", repair_results(texts, mended)
        ),
        KernelRun(
            "personal data",
            OURS,
            masking,
            "identifiers of the region with check digits, e-mail, addresses, names",
            masking_results(texts, masked),
        ),
        KernelRun("personal data", f"{OURS}, e-mail only", finding, "e-mail", masking_results(texts, without)),
        KernelRun("language", OURS, identifying, "own model, windows of the whole text", language_results(texts, found)),
        KernelRun("quality", OURS, measuring, "the measures of its rules"),
        KernelRun("MinHash", OURS, signing, f"{how[0]} permutations of {how[1]}-word shingles"),
        KernelRun(
            "tokens",
            OURS,
            encoding,
            "gigatoken, held against tokenizers, with offsets",
            token_results(encoded, plain_encoder(vocabulary.tokenizer)(texts.texts)),
        ),
    ]


def token_results(found: Sequence[Encoded], wanted: Sequence[Encoded]) -> str:
    """For how many texts the ids and places are those of Hugging Face's tokenizers."""
    num_same = sum(same([one], [other]) for one, other in zip(found, wanted, strict=True))
    return f"the same ids and offsets for {num_same:,} of {len(wanted):,} texts"


def each(work: Callable[[str], Result]) -> Callable[[Sequence[str]], list[Result]]:
    """A kernel of one text as one of many."""
    return lambda texts: [work(text) for text in texts]


def limits(texts: Texts) -> list[KernelRun]:
    """What moving the same bytes costs, without looking at them."""
    raw = "\n".join(texts.texts).encode()
    copies = MIN_COPIED_BYTES // len(raw) + 1
    source = np.frombuffer(raw * copies, np.uint8)
    target, packed = source.copy(), zstandard.ZstdCompressor(level=3).compress(raw)
    column = pa.array(texts.texts, pa.large_string())
    work: dict[str, tuple[int, Callable[[Sequence[str]], object]]] = {
        "copy in memory": (copies, lambda _: np.copyto(target, source)),
        "zstd decompression": (REPEATS, lambda _: [zstandard.ZstdDecompressor().decompress(packed) for _ in range(REPEATS)]),
        "UTF-8 to text": (REPEATS, lambda _: [raw.decode() for _ in range(REPEATS)]),
        "Arrow column to texts": (REPEATS, lambda _: [column.to_pylist() for _ in range(REPEATS)]),
    }
    return [KernelRun(LIMIT, name, timed(run, texts.texts)[0] * times, "") for name, (times, run) in work.items()]


if __name__ == "__main__":
    run_as_program(__doc__, lambda texts, tokenizer, _: [*kernels(texts, tokenizer), *limits(texts)])
