"""Language identifiers of packages and of a site, beside this repository's own model: where one speaks against it, both abstain.

The own model knows the languages of its samples and nothing else: of Catalan it is sure that it is Spanish. An identifier that
knows many languages, and few of ours, tells. How it is heard is learned from the samples: of a language that it knows, any other
that it is sure of counts against the own model's word; of one that it does not know, one that it never sees in that sample.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from latamgpt.curation.language import (
    MAX_WINDOWS,
    UNDETERMINED,
    WINDOW_CHARS,
    Identified,
    letters,
    one_name,
    samples,
    windows_of,
)
from latamgpt.errors import OperatorError
from latamgpt.params import CleanDocumentsParams, IdentifierName
from latamgpt.records import Table
from latamgpt.store import sha256_file

MIN_PROBABILITY = 0.5  # of fastText's answer, below which it has none
KNOWN = 0.5  # of the lines of a language's sample, named rightly: then an identifier knows the language
LABEL = "__label__"  # what fastText writes before each


class LanguageIdentifier(Protocol):
    """Says which language a text is in, under the names of `one_name`; `und` where it is not sure of any."""

    def identify(self, text: str) -> Identified:
        """The language of a text."""
        ...


class Cld2:
    """Google's Compact Language Detector 2, of the package pycld2: about 170 languages, seven of ours."""

    def __init__(self) -> None:
        try:
            import pycld2
        except ImportError as error:
            raise _not_installed("cld2", "pip install pycld2` (on Linux for ARM it needs a C++ compiler)") from error
        self._detect = pycld2.detect

    def identify(self, text: str) -> Identified:
        """See LanguageIdentifier. It is given letters only: it refuses a text with a control character in it."""
        is_sure, _, found = self._detect(letters(text), isPlainText=True)
        _, code, percent, _ = found[0]
        return Identified(one_name(code), percent / 100) if is_sure else Identified(UNDETERMINED, 0.0)


class FastText:
    """A model file of fastText's, such as GlotLID's: labels are a language's code and its script's (`spa_Latn`).

    Raises:
        OperatorError: the package is not installed, or the file is not there, is another one, or is no model.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        try:
            import fasttext
        except ImportError as error:
            raise _not_installed("fasttext", "pip install latamgpt[fasttext]`") from error
        if not path.is_file():
            raise OperatorError(
                f"params.yaml asks for the fastText model with sha256 {sha256[:12]}..., and this site has no file {path}. "
                "Without it the run would say other languages. Put the model there, or set fasttext_model in the site's file."
            )
        if (found := sha256_file(path)) != sha256:
            raise OperatorError(
                f"{path} has sha256 {found}, and params.yaml asks for the fastText model with {sha256}. Another model says other "
                "languages. Put the right file there, or, to change models, set clean_documents.fasttext_sha256."
            )
        try:
            self._model = fasttext.load_model(str(path))
        except ValueError as error:
            raise OperatorError(
                f"{path} is no fastText model: {error}. Fetch it again, and set clean_documents.fasttext_sha256 to its digest."
            ) from error

    def identify(self, text: str) -> Identified:
        """See LanguageIdentifier."""
        labels, probabilities = self._model.predict(" ".join(text.split()))
        if not labels or probabilities[0] < MIN_PROBABILITY:
            return Identified(UNDETERMINED, 0.0)
        return Identified(one_name(labels[0].removeprefix(LABEL).partition("_")[0]), min(1.0, round(probabilities[0], 4)))


def _not_installed(name: str, remedy: str) -> OperatorError:
    return OperatorError(
        f"params.yaml asks for the language identifier {name}, and its package is not installed here. What a run says of "
        f"languages must not hang on the machine. Run `{remedy}, or take {name} out of clean_documents.language_identifiers."
    )


@dataclass(frozen=True)
class Heard:
    """What an identifier says of text whose language is known."""

    known: frozenset[str]  # languages that it names rightly
    said: Mapping[str, frozenset[str]]  # per language, all that it is ever sure of


@dataclass(frozen=True)
class Second:
    """An identifier beside the own model."""

    name: str
    edition: str  # the package and its version, or the model's sha256
    identifier: LanguageIdentifier
    texts: Mapping[str, str]  # code -> lines whose language is known, of which it is asked when it is first needed

    @cached_property
    def heard(self) -> Heard:
        """What its answers are worth."""
        known: set[str] = set()
        said: dict[str, frozenset[str]] = {}
        for language, text in self.texts.items():
            lines = text.splitlines()
            answers = Counter(self.identifier.identify(line).language for line in lines)
            said[language] = frozenset(answers)
            if answers[language] > KNOWN * len(lines):
                known.add(language)
        return Heard(frozenset(known), said)

    def against(self, language: str, text: str) -> str:
        """The language that it sees instead of the one given; none where it is unsure, or where such an answer says nothing."""
        seen = self.identifier.identify(text).language
        if seen in (UNDETERMINED, language):
            return ""
        return seen if language in self.heard.known or seen not in self.heard.said.get(language, ()) else ""


def in_force(params: CleanDocumentsParams, fasttext_model: str) -> tuple[Second, ...]:
    """The identifiers that params.yaml names; the site says where a model file lies.

    Raises:
        OperatorError: a package or a model is missing, or the model is another one.
    """
    return tuple(_second(name, fasttext_model, params.fasttext_sha256) for name in params.language_identifiers)


def _second(name: IdentifierName, fasttext_model: str, sha256: str) -> Second:
    return cld2() if name is IdentifierName.CLD2 else _fasttext(fasttext_model, sha256)


@cache
def cld2() -> Second:
    """Cld2, heard by the samples."""
    return Second(IdentifierName.CLD2, f"pycld2 {version('pycld2')}", Cld2(), samples())


@cache
def _fasttext(model: str, sha256: str) -> Second:
    return Second(IdentifierName.FASTTEXT, sha256, FastText(Path(model), sha256), samples())


def editions(seconds: Sequence[Second]) -> Table:
    """For a stage's report: what says which language a text is in, the own model first."""
    learned_from = "".join(f"{code}\n{text}\n" for code, text in samples().items())
    own = hashlib.sha256(learned_from.encode("utf-8")).hexdigest()
    rows = (("own", own), *((second.name, second.edition) for second in seconds))
    return Table(name="language identifiers", columns=("identifier", "edition"), rows=rows)


def confirm(found: Identified, text: str, seconds: Sequence[Second]) -> Identified:
    """What the own model found, with the first answer that speaks against it."""
    passages = text
    if len(text) > MAX_WINDOWS * WINDOW_CHARS:
        passages = "\n".join(text[start:end] for start, end in windows_of(len(text)).reshape(-1, 2).tolist())
    for second in seconds:
        if seen := second.against(found.language, passages):
            return replace(found, against=f"{second.name} sees {seen}")
    return found
