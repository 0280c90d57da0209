"""English (and a little Spanish) that no partner sent: the tests' small base model learns from it and is measured on some of it.

It comes from the Debian Installation Guide and the Developer's Reference; the replay comes from another book.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

from samples import extract, notices
from samples.fetch import PACKAGES
from samples.partners import Shelf
from samples.texts import Text, up_to

_GUIDE, _REFERENCE = "installation-guide-amd64", "developers-reference"
_EVERY = 8  # each eighth document is kept for measuring
_KB = 1024


def write_base_text(shelf: Shelf, samples: Path) -> None:
    """Write base_text/ and ability_text/."""
    notice = (
        notices.packaged("installation-guide", PACKAGES[_GUIDE].label)
        + "\n"
        + notices.packaged("reference", PACKAGES[_REFERENCE].label)
    )
    english = [*_guide(shelf, "en"), *_reference(shelf)]
    base = _emptied(samples / "base_text")
    for _, text in [*(pair for n, pair in enumerate(english) if n % _EVERY), *_spanish(shelf)]:
        (base / f"{text.language}-{text.name}.txt").write_text(f"{text.title}\n\n{text.body}\n", encoding="utf-8")
    (base / "NOTICE").write_text(notice, encoding="utf-8")
    ability = _emptied(samples / "ability_text")
    records = [_record(package, text) for package, text in english[::_EVERY]]
    (ability / "en.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    (ability / "NOTICE").write_text(notice, encoding="utf-8")


def _record(package: str, text: Text) -> dict[str, str]:
    licence = {_GUIDE: "GPL-2.0-only", _REFERENCE: "GPL-2.0-or-later"}[package]
    return {"id": text.name, "text": text.body, "source": PACKAGES[package].label, "licence": licence}


def _guide(shelf: Shelf, language: str) -> list[tuple[str, Text]]:
    pages = sorted((shelf[_GUIDE] / "usr/share/doc/installation-guide-amd64" / language).glob("*.html"))
    texts = [text for path in pages if path.name != "index.html" for text in extract.page(path, language)]
    return [(_GUIDE, text) for text in texts if "General Public License" not in text.title]


def _reference(shelf: Shelf) -> list[tuple[str, Text]]:
    pages = sorted((shelf[_REFERENCE] / "usr/share/developers-reference").glob("*.html"))
    chapters = [path for path in pages if path.stem not in ("developers-reference", "index", "search")]
    texts = up_to((text for path in chapters for text in extract.page(path, "en")), 140 * _KB)
    return [(_REFERENCE, replace(text, name=f"reference-{text.name}")) for text in texts]


def _spanish(shelf: Shelf) -> list[tuple[str, Text]]:
    return [(_GUIDE, text) for text in up_to((text for _, text in _guide(shelf, "es")), 60 * _KB)]


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
