"""`latamgpt ocr`: the scans of a delivery are read, once, and the result becomes part of it."""

import argparse
import sys
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, find_workspace


def add(parsers: Parsers) -> None:
    """Add `ocr`."""
    ocr = parsers.add_parser(
        "ocr",
        help="read the scans of a delivery with Tesseract",
        description="Read every page image, and every PDF page without text, of a folder: a delivery of the run, or one that is "
        "to be delivered. The result lies beside each scan as NAME.ocr.json, stands in the manifest, and is what the run reads.",
    )
    ocr.add_argument("path", metavar="PATH", type=Path, help="the folder")
    ocr.add_argument(
        "--languages", default="", help="as Tesseract names them, such as spa or que+spa; else by the delivery's language"
    )
    ocr.add_argument("--dpi", type=int, default=300, help="dots per inch, at which PDF pages are drawn too; 300 if not given")
    ocr.add_argument("--anew", action="store_true", help="read also what has a result already, in place of it")
    add_dry_run(ocr)
    add_actor(ocr)
    ocr.set_defaults(command=_ocr)


def _ocr(options: argparse.Namespace) -> int:
    from latamgpt.custody.ocr import Wish, read_scans

    if not 50 <= options.dpi <= 1200:
        raise OperatorError(f"--dpi {options.dpi} is outside of 50 to 1200: scans of books have 200 to 600.")
    wish = Wish(options.path, options.languages, options.dpi, options.anew, options.dry_run, options.actor)
    print(read_scans(_workspace(), wish, lambda line: print(line, file=sys.stderr)))
    return 0


def _workspace() -> Workspace | None:
    """Where the run reads deliveries; None outside of any, where a folder is prepared before it is sent."""
    try:
        return find_workspace(Path.cwd())
    except OperatorError:
        return None
