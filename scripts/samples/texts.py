"""What a sample document is before it is written in a partner's format, and how long texts are cut into documents."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

WRITTEN = Path(__file__).parent / "written"


@dataclass(frozen=True)
class Text:
    """A document with what a partner says of it."""

    name: str  # of its file, without a suffix
    title: str
    language: str  # BCP 47, as declared
    body: str  # paragraphs with a blank line between them


def slug(words: str) -> str:
    """Words as a file name: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def written(folder: str, language: str) -> list[Text]:
    """The texts that were written for this project and lie below written/: the first line is the title."""
    texts: list[Text] = []
    for path in sorted((WRITTEN / folder).glob("*.txt")):
        title, _, body = path.read_text(encoding="utf-8").partition("\n")
        texts.append(Text(path.stem, title.strip(), language, body.strip()))
    return texts


def in_pieces(text: Text, max_bytes: int) -> list[Text]:
    """A long text as several documents, cut between paragraphs; a short rest joins the piece before it."""
    groups: list[list[str]] = [[]]
    for paragraph in text.body.split("\n\n"):
        if groups[-1] and _size([*groups[-1], paragraph]) > max_bytes:
            groups.append([])
        groups[-1].append(paragraph)
    if len(groups) > 1 and _size(groups[-1]) < max_bytes // 4:
        groups[-2].extend(groups.pop())
    if len(groups) == 1:
        return [text]
    return [
        replace(text, name=f"{text.name}-{n:02}", title=f"{text.title} ({n})", body="\n\n".join(group))
        for n, group in enumerate(groups, start=1)
    ]


def up_to(texts: Iterable[Text], max_bytes: int) -> list[Text]:
    """The first texts that fit into `max_bytes`."""
    kept: list[Text] = []
    total = 0
    for text in texts:
        total += len(text.body.encode())
        if total > max_bytes:
            break
        kept.append(text)
    return kept


def _size(paragraphs: list[str]) -> int:
    return len("\n\n".join(paragraphs).encode())
