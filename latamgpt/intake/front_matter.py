"""Front matter of Markdown: what is said of a text at its head, in YAML, TOML or as Pandoc's title block; no part of it."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import yaml

from latamgpt.intake.stated import squeezed
from latamgpt.yaml_files import load_words

MAX_CHARS = 1 << 13  # a head of some lines; it takes up to 0.2 s to read so much YAML
MAX_VALUES = 1000  # an alias may stand for as many as it likes
MAX_DEPTH = 8
TITLES = ("title", "titulo")
LANGUAGES = ("language", "lang")
KNOWN = frozenset({
    *TITLES, *LANGUAGES, "author", "authors", "autor", "autora", "autores", "date", "fecha", "license", "licence", "licencia",
    "licenca", "rights", "derechos", "direitos", "copyright", "layout", "slug", "draft", "permalink", "tags", "categories",
    "keywords", "documentclass",
})  # fmt: skip
"""Keys, squeezed, of which real front matter has one: a dialogue ('Ana: ...') or a museum's card between two rules has none."""
YAML_HEAD = re.compile(r"---[ \t]*\r?\n(?=[^\s#-])")
YAML_END = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
TOML_HEAD = re.compile(r"\+\+\+[ \t]*\r?\n")
TOML_END = re.compile(r"^\+\+\+[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
TITLE_BLOCK = re.compile(
    r"%[ \t]+(?P<title>[^\s%\d][^\r\n]*)\r?\n%[ \t]*(?P<author>[^\r\n]*)(?:\r?\n%[ \t]*(?P<date>[^\r\n]*))?\r?\n(?=[ \t]*\r?\n)"
)
BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n)*")


@dataclass(frozen=True)
class Headed:
    """A text, and what stood at its head."""

    text: str
    head: str = ""  # as it was written
    fields: Mapping[str, object] = field(default_factory=dict[str, object])  # of words, lists and mappings

    def named(self, names: tuple[str, ...]) -> str:
        """The words under the first of these names that has any."""
        found = ((squeezed(key), value) for key, value in self.fields.items() if isinstance(value, str))
        named = {name: " ".join(value.split()) for name, value in found}
        return next((named[name] for name in names if named.get(name)), "")


def without_front_matter(text: str) -> Headed:
    """Part a Markdown text from its front matter; where that is damaged, too large, or no front matter for sure, all is text.

    1. YAML between a first line `---` and a line `---` or `...`, TOML between two lines `+++`: keys with values, one of `KNOWN`.
    2. Pandoc's title block: two or three lines that begin with `%` (title, authors, date) before a blank one.
    """
    if match := TITLE_BLOCK.match(text):
        return _parted(text, match.start(), match.end(), {key: value for key, value in match.groupdict().items() if value})
    return _between(text, YAML_HEAD, YAML_END, load_words) or _between(text, TOML_HEAD, TOML_END, tomllib.loads) or Headed(text)


def _between(text: str, head: re.Pattern[str], end: re.Pattern[str], load: Callable[[str], object]) -> Headed | None:
    begin = head.match(text)
    closed = end.search(text, begin.end()) if begin else None
    if begin is None or closed is None or closed.start() - begin.end() > MAX_CHARS:
        return None
    try:
        fields = _in_words(load(text[begin.end() : closed.start()]))
    except (yaml.YAMLError, ValueError, RecursionError):  # damaged; of tomllib's are the latter two
        return None
    is_real = fields and any(squeezed(key) in KNOWN for key in fields)
    return _parted(text, begin.end(), closed.start(), fields, closed.end()) if fields and is_real else None


def _parted(text: str, start: int, stop: int, fields: Mapping[str, object], text_at: int | None = None) -> Headed:
    blank = BLANK_LINES.match(text, stop if text_at is None else text_at)
    return Headed(text[blank.end() if blank else stop :], text[start:stop], fields)


def _in_words(loaded: object) -> dict[str, object]:
    """The keys and values of a head.

    Raises:
        ValueError: it is none, or holds more than a head does.
    """
    num_values = 0

    def plain(value: object, depth: int) -> object:
        nonlocal num_values
        num_values += 1
        if num_values > MAX_VALUES or depth > MAX_DEPTH:
            raise ValueError("more than a head of a text holds")
        match value:
            case dict():
                mapping = cast("dict[object, object]", value)
                return {_text(key): plain(one, depth + 1) for key, one in mapping.items()}
            case list():
                return [plain(one, depth + 1) for one in cast("list[object]", value)]
            case _:
                return _text(value)

    if not isinstance(loaded, dict):
        raise ValueError("no keys and values")
    return cast("dict[str, object]", plain(cast("object", loaded), 0))


def _text(value: object) -> str:
    """A value's words: an escape can stand for what no text holds."""
    words = str(value)
    if "\0" in words:
        raise ValueError("no text")
    words.encode("utf-8")
    return words
