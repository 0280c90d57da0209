"""English (and a little Spanish) that no partner sent: what the tests' small base model learns from, and what its ability is
measured on. Both come from the Debian Installation Guide, from different pages; the replay comes from another book."""

import json
import shutil
from pathlib import Path

from samples import extract, notices
from samples.fetch import PACKAGES
from samples.partners import Shelf
from samples.texts import Text, up_to

_PACKAGE = "installation-guide-amd64"
_EVERY = 8  # each eighth page is kept for measuring
_KB = 1024


def write_base_text(shelf: Shelf, samples: Path) -> None:
    """Write base_text/ and ability_text/."""
    label = PACKAGES[_PACKAGE].label
    english = _pages(shelf, "en")
    spanish = up_to([text for page in _pages(shelf, "es") for text in page], 60 * _KB)
    kept = [text for n, page in enumerate(english) for text in page if n % _EVERY]
    measured = [text for n, page in enumerate(english) for text in page if n % _EVERY == 0]
    base = _emptied(samples / "base_text")
    for text in [*kept, *spanish]:
        (base / f"{text.language}-{text.name}.txt").write_text(f"{text.title}\n\n{text.body}\n", encoding="utf-8")
    (base / "NOTICE").write_text(notices.packaged("installation-guide", label), encoding="utf-8")
    ability = _emptied(samples / "ability_text")
    records = [{"id": text.name, "text": text.body, "source": label, "licence": "GPL-2.0-only"} for text in measured]
    (ability / "en.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    (ability / "NOTICE").write_text(notices.packaged("installation-guide", label), encoding="utf-8")


def _pages(shelf: Shelf, language: str) -> list[list[Text]]:
    folder = shelf[_PACKAGE] / "usr/share/doc/installation-guide-amd64" / language
    pages = (extract.page(path, language) for path in sorted(folder.glob("*.html")) if path.name != "index.html")
    return [page for page in pages if page and "General Public License" not in page[0].title]


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
