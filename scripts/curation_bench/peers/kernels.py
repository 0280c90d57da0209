"""The peers' kernels on a file of texts, each as its own documentation says that it is quick.

python -m scripts.curation_bench.peers.kernels TEXTS.parquet ANSWER.json --tokenizer data/tokenizer/tokenizer.json
"""

import re
from collections.abc import Sequence
from pathlib import Path

import daft
import datasketch
import ftfy
import rensa
from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
from datatrove.utils.word_tokenizers import WordTokenizer

from scripts.curation_bench.kernel_runs import (
    KernelRun,
    Texts,
    language_results,
    masking_results,
    repair_results,
    run_as_program,
    timed,
)
from scripts.curation_bench.peers.datatrove_pipeline import (
    HASHES_PER_BUCKET,
    NUM_BUCKETS,
    SPACY_LANGUAGE,
    ShippedLID,
    quality_filters,
)
from scripts.curation_bench.peers.regex_words import RegexWords
from scripts.curation_bench.peers.tokenizers_beside import tokenizer_runs

NUM_PERMUTATIONS, SHINGLE_WORDS, SEED = NUM_BUCKETS * HASHES_PER_BUCKET, 5, 7
WORD = re.compile(r"\w+")


def shingles(text: str) -> set[str]:
    """Runs of five words in lower case: what datasketch and rensa have to be given."""
    words = WORD.findall(text.lower())
    return {" ".join(words[n : n + SHINGLE_WORDS]) for n in range(max(len(words) - SHINGLE_WORDS + 1, 1))}


def minhash_runs(texts: Texts, folder: Path) -> list[KernelRun]:
    """Signatures of 112 permutations of 5-word shingles."""

    def datasketch_signs(some: Sequence[str]) -> object:
        sets = ([shingle.encode() for shingle in shingles(text)] for text in some)
        return datasketch.MinHash.bulk(sets, num_perm=NUM_PERMUTATIONS, seed=SEED)

    def rensa_signs(some: Sequence[str]) -> object:
        return rensa.RMinHash.digests_from_token_sets([list(shingles(text)) for text in some], NUM_PERMUTATIONS, SEED)

    def daft_signs(some: Sequence[str]) -> object:
        column = daft.col("text").normalize(remove_punct=True, lowercase=True)
        signed = daft.functions.minhash(column, num_hashes=NUM_PERMUTATIONS, ngram_size=SHINGLE_WORDS, seed=SEED)
        return daft.from_pydict({"text": list(some)}).select(signed).to_arrow()

    def datatrove_signs(words: str | WordTokenizer) -> object:
        config = MinhashConfig(num_buckets=NUM_BUCKETS, hashes_per_bucket=HASHES_PER_BUCKET)
        step = MinhashDedupSignature(str(folder), config, language=words)
        return lambda some: [step.get_signature(found) for text in some if (found := step.get_shingles(text)).size]

    return [
        KernelRun("MinHash", "datasketch", timed(datasketch_signs, texts.texts)[0], "shingles by Python"),
        KernelRun("MinHash", "rensa", timed(rensa_signs, texts.texts)[0], "shingles by Python"),
        KernelRun("MinHash", "daft", timed(daft_signs, texts.texts)[0], "lower case and punctuation by daft"),
        KernelRun("MinHash", "datatrove", timed(datatrove_signs(SPACY_LANGUAGE), texts.texts)[0], "words by spaCy"),
        KernelRun("MinHash", "datatrove, tuned", timed(datatrove_signs(RegexWords()), texts.texts)[0], "words by a regex"),
    ]


def quality_run(system: str, words: str | WordTokenizer, texts: Texts) -> KernelRun:
    """Gopher's two, C4's and FineWeb's rules on every text, whatever the rule before said."""
    filters = quality_filters(words)

    def judge(some: Sequence[str]) -> object:
        return [[rule.filter(Document(text=text, id="")) for rule in filters] for text in some]

    how = "spaCy" if words == SPACY_LANGUAGE else "a regex"
    return KernelRun("quality", system, timed(judge, texts.texts)[0], f"Gopher's, C4's and FineWeb's rules, words by {how}")


def text_runs(texts: Texts) -> list[KernelRun]:
    """What turns texts into texts or languages."""
    fixer, masker, model = FTFYFormatter(), PIIFormatter(), ShippedLID()
    fixing, fixed = timed(lambda some: [ftfy.fix_text(text) for text in some], texts.texts)
    formatting, formatted = timed(lambda some: [fixer.format(text) for text in some], texts.texts)
    masking, masked = timed(lambda some: [masker.format(text) for text in some], texts.texts)
    whole, found = timed(lambda some: [best(model, text) for text in some], texts.texts)
    begun, found_early = timed(lambda some: [best(model, text[:1000]) for text in some], texts.texts)
    return [
        KernelRun("repair and normalise", "ftfy", fixing, "all of ftfy's steps", repair_results(texts, fixed)),
        KernelRun(
            "repair and normalise", "datatrove", formatting, "ftfy without what is strict", repair_results(texts, formatted)
        ),
        KernelRun("personal data", "datatrove", masking, "e-mail and public IP addresses", masking_results(texts, masked)),
        KernelRun("language", "fastText", whole, "lid.176.ftz on the whole text", language_results(texts, found)),
        KernelRun(
            "language", "fastText, 1,000 characters", begun, "lid.176.ftz on the beginning", language_results(texts, found_early)
        ),
    ]


def best(model: ShippedLID, text: str) -> str:
    """The most likely language's code."""
    return model.predict(Document(text=text, id=""))[0][0]


def runs(texts: Texts, tokenizer: Path, answer: Path) -> list[KernelRun]:
    """Every peer at every kernel that it has."""
    return [
        *text_runs(texts),
        quality_run("datatrove", SPACY_LANGUAGE, texts),
        quality_run("datatrove, tuned", RegexWords(), texts),
        *minhash_runs(texts, answer.parent / "unused"),
        *tokenizer_runs(texts.texts, tokenizer),
    ]


if __name__ == "__main__":
    run_as_program(__doc__, runs)
