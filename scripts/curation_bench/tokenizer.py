"""The tokenizer that all pipelines use: the run's own where `make run` has made one, else one trained here."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from latamgpt.tokens.vocabulary import read_vocabulary

VOCABULARY_SIZE = 32768
EOS = "<|endoftext|>"


@dataclass(frozen=True)
class BenchTokenizer:
    """A folder with tokenizer.json and tokenizer_config.json, the token that ends a document, and where all this is from."""

    folder: Path
    eos: str
    origin: str

    @property
    def file(self) -> Path:
        """The tokenizer itself."""
        return self.folder / "tokenizer.json"


def choose(of_the_run: Path, texts: Iterable[str], folder: Path) -> BenchTokenizer:
    """The run's tokenizer, or one trained on these texts and written to a folder."""
    if (of_the_run / "tokenizer.json").is_file():
        return _described(of_the_run, "the run's tokenizer in data/tokenizer")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": EOS}))
    return _described(folder, "byte-level BPE trained on these texts, since data/tokenizer is not there (`make run` makes it)")


def _described(folder: Path, origin: str) -> BenchTokenizer:
    vocabulary = read_vocabulary(folder)
    return BenchTokenizer(
        folder, str(vocabulary.tokenizer.id_to_token(vocabulary.eos_id)), f"{origin}: {vocabulary.size:,} tokens"
    )
