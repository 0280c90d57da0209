"""New tokens for the languages that the base's tokenizer serves badly, as merges behind the base's own.

A byte-level BPE applies its merges in their order. The base's come first and lead to the base's own tokens; a new merge joins two
of those, or of what new merges made. So a text keeps its ids unless two neighbours of its encoding are the parts of a new merge.
Such a merge is refused if they are neighbours anywhere in the texts that shall stay as they are: these keep every id, and text
like them keeps nearly every one. What 'nearly' means is measured by learning against one half of them and counting in the other.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from latamgpt.errors import OperatorError
from latamgpt.params import ExtensionParams
from latamgpt.tokens.encoder import choose_encoder
from latamgpt.tokens.merges import Counted, Pair, Word, learn_merges, weigh
from latamgpt.tokens.neighbours import Neighbours
from latamgpt.tokens.sides import in_batches, read_texts
from latamgpt.tokens.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HALVES = (0, 1)
MILLION = 1_000_000
NUM_PROBES = 64  # texts by which the encoder is chosen


@dataclass(frozen=True)
class Extension:
    """The merges to put behind the base's, and what choosing them showed."""

    merges: list[Pair]
    num_refused: int  # merges that would have touched an unchanged text
    unseen_changes: dict[str, float]  # per language, of a million tokens of text that the merges were not held against


@dataclass(frozen=True)
class Kept:
    """The texts of a language that shall not change, each encoded with both tokenizers to the same ids."""

    language: str
    num_documents: int
    num_tokens: int


def learn_extension(vocabulary: Vocabulary, corpus: Path, learnable: Collection[str], params: ExtensionParams) -> Extension:
    """Learn the merges from the documents in `learnable`, against all texts in the unchanged languages.

    Raises:
        OperatorError: the tokenizer is of a kind that cannot be extended so, or a language has no text.
    """
    must_be_extensible(vocabulary.folder / "tokenizer.json")
    words = weigh(count_words(vocabulary.tokenizer, corpus, learnable, params.languages))
    halves = count_neighbours(vocabulary, corpus, params.unchanged_languages)
    changed: Counter[str] = Counter()
    for half in HALVES:
        merges = Learner(vocabulary, [found for (_, side), found in halves.items() if side != half]).learn(words, params)
        for language in params.unchanged_languages:
            changed[language] += halves[language, half].count(merges)
    num_tokens = {name: sum(halves[name, half].num_tokens for half in HALVES) for name in params.unchanged_languages}
    learner = Learner(vocabulary, list(halves.values()))
    return Extension(
        merges=learner.learn(words, params),
        num_refused=learner.num_refused,
        unseen_changes={name: round(MILLION * changed[name] / num_tokens[name], 2) for name in params.unchanged_languages},
    )


def must_be_extensible(path: Path) -> None:
    """Refuse a tokenizer behind whose merges no others can be put.

    Raises:
        OperatorError: it is no BPE, or one that marks the inside of words or works on whole texts.
    """
    config = orjson.loads(path.read_bytes())
    model = config["model"]
    marks = [model.get(name) for name in ("continuing_subword_prefix", "end_of_word_suffix", "dropout") if model.get(name)]
    if model["type"] != "BPE" or marks or not _works_on_bytes(config["pre_tokenizer"]):
        raise OperatorError(
            f"{path} is a {model['type']} tokenizer {'with marks inside of words' if marks else ''}that does not split text into "
            "words and merge their bytes: new merges behind its own could change any text. Set tokenizer.extension.num_tokens to "
            "0, or take a base model with a byte-level BPE (all Llama 3 models)."
        )


def _works_on_bytes(pre_tokenizer: dict[str, Any] | None) -> bool:
    """Whether text is split and then read byte by byte, as GPT-2's tokenizer and all after it do."""
    steps = (pre_tokenizer or {}).get("pretokenizers", [pre_tokenizer])
    return any(step and step["type"] == "ByteLevel" for step in steps)


def count_words(
    tokenizer: "Tokenizer", corpus: Path, learnable: Collection[str], languages: Collection[str]
) -> dict[str, Counter[Word]]:
    """The words of the documents to learn from by language, as the base splits and encodes them."""
    found: dict[str, Counter[Word]] = {language: Counter() for language in languages}
    texts = ((language, text) for doc_id, language, text in read_texts(corpus) if doc_id in learnable)
    for batch in in_batches(texts):
        encodings = tokenizer.encode_batch([text for _, text in batch], add_special_tokens=False)
        for (language, _), encoding in zip(batch, encodings, strict=True):
            found[language].update(split_words(encoding.ids, encoding.word_ids))
    _must_have_text({language: counted.total() for language, counted in found.items()}, "languages")
    return found


def split_words(ids: Iterable[int], word_ids: Iterable[int | None]) -> Iterator[Word]:
    """The ids of each word of an encoding."""
    word: list[int] = []
    number: int | None = None
    for token, of_word in zip(ids, word_ids, strict=True):
        if word and of_word != number:
            yield tuple(word)
            word = []
        word.append(token)
        number = of_word
    if word:
        yield tuple(word)


def count_neighbours(vocabulary: Vocabulary, corpus: Path, languages: Collection[str]) -> dict[tuple[str, int], Neighbours]:
    """The neighbours in all texts of some languages, by language and by a half that the document's id decides."""
    found = {(language, half): Neighbours() for language in languages for half in HALVES}
    encode = choose_encoder(vocabulary, [text for *_, text in islice(read_texts(corpus), NUM_PROBES)])
    texts = ((doc_id, language, text) for doc_id, language, text in read_texts(corpus) if language in languages)
    for batch in in_batches(texts):
        for (doc_id, language, _), encoded in zip(batch, encode([text for *_, text in batch]), strict=True):
            found[language, sha256(doc_id.encode()).digest()[0] % 2].add(encoded.ids)
    sizes = {language: sum(found[language, half].num_tokens for half in HALVES) for language in languages}
    _must_have_text(sizes, "unchanged_languages")
    return found


class Learner:
    """Chooses merges that touch none of some texts; counts what it refused."""

    def __init__(self, vocabulary: Vocabulary, unchanged: list[Neighbours]):
        known = vocabulary.tokenizer.get_vocab(with_added_tokens=True)
        self._model = vocabulary.tokenizer.model
        self._unchanged = unchanged
        self._first_id = vocabulary.size
        self._names = {token: name for name, token in known.items()}
        self._pieces: dict[int, Word] = {}
        self._taken = set(known)
        self.num_refused = 0

    def learn(self, words: dict[Word, Counted], params: ExtensionParams) -> list[Pair]:
        """The merges, in their order."""
        return learn_merges(words, params.num_tokens, params.min_count, self._first_id, self._accept)

    def _accept(self, pair: Pair, new_id: int) -> bool:
        if any(pair in texts for texts in self._unchanged):
            self.num_refused += 1
            return False
        name = "".join(self._names[part] for part in pair)
        pieces = tuple(piece for part in pair for piece in self._pieces.get(part, (part,)))
        # Some tokenizers take a word that is a token as it stands: then its parts must be those that the base gives that word.
        if name in self._taken or tuple(token.id for token in self._model.tokenize(name)) != pieces:
            return False
        self._names[new_id], self._pieces[new_id] = name, pieces
        self._taken.add(name)
        return True


def with_merges(config: bytes, first_id: int, merges: list[Pair]) -> bytes:
    """A tokenizer.json with these merges behind its own; each makes a token, with ids from `first_id` on.

    Tokens that were added beside the vocabulary are put into it too, under their ids: else the library would number them anew.
    """
    described = orjson.loads(config)
    model = described["model"]
    model["vocab"].update({token["content"]: token["id"] for token in described.get("added_tokens", ())})
    names = {token: name for name, token in model["vocab"].items()}
    is_joined = bool(model["merges"]) and isinstance(model["merges"][0], str)
    for new_id, pair in enumerate(merges, start=first_id):
        first, second = (names[part] for part in pair)
        names[new_id] = first + second
        model["vocab"][names[new_id]] = new_id
        model["merges"].append(f"{first} {second}" if is_joined else [first, second])
    return orjson.dumps(described, option=orjson.OPT_INDENT_2)


def must_keep_ids(base: Vocabulary, extended: Vocabulary, corpus: Path, languages: Collection[str]) -> list[Kept]:
    """Encode every text of some languages with both tokenizers, and refuse the extended one where an id differs.

    Raises:
        OperatorError: a text got other ids, or a token of the base another id.
    """
    ids = extended.tokenizer.get_vocab(with_added_tokens=True)
    moved = [name for name, token in base.tokenizer.get_vocab(with_added_tokens=True).items() if ids.get(name) != token]
    probes = [text for *_, text in islice(read_texts(corpus), NUM_PROBES)]
    encoders = [choose_encoder(vocabulary, probes) for vocabulary in (base, extended)]
    documents: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    num_changed = 0
    texts = ((language, text) for _, language, text in read_texts(corpus) if language in languages)
    for batch in in_batches(texts):
        before, after = (encode([text for _, text in batch]) for encode in encoders)
        for (language, _), old, new in zip(batch, before, after, strict=True):
            documents[language] += 1
            tokens[language] += len(old.ids)
            num_changed += not np.array_equal(old.ids, new.ids)
    if moved or num_changed:
        raise OperatorError(
            f"the extended tokenizer changes {num_changed:,} texts in {', '.join(sorted(languages))} and the ids of "
            f"{len(moved):,} of the base's tokens: what the model knows of these languages would be lost. This kind of tokenizer "
            "cannot be extended by merges; set tokenizer.extension.num_tokens to 0."
        )
    return [Kept(language, documents[language], tokens[language]) for language in languages]


def _must_have_text(sizes: dict[str, int], param: str) -> None:
    missing = sorted(language for language, size in sizes.items() if not size)
    if missing:
        raise OperatorError(
            f"tokenizer.extension.{param} names {', '.join(missing)}, of which the corpus has no text: nothing could be learned "
            "from it, or held against it. Look at what the corpus kept, or take the language out of that list."
        )
