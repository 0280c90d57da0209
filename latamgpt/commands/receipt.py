"""`latamgpt receipt`: what became of a partner's deposit, as a page and as a record that the partner can check."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers
from latamgpt.params import read_params
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `receipt`."""
    receipt = parsers.add_parser(
        "receipt",
        help="write what became of a partner's deposit, with proofs that the partner can check offline",
        description="Write receipt.html, receipt.json, the release's corpus root and a program that checks the proofs into "
        "var/receipts/PARTNER.",
    )
    receipt.add_argument("partner", metavar="PARTNER", help="a partner of the registry")
    receipt.add_argument("--lang", choices=("es", "pt", "en"), default="es", help="the page's language, es if not given")
    receipt.add_argument("--out", metavar="DIR", type=Path, help="another folder; it may only hold an older receipt")
    receipt.set_defaults(command=_receipt)


def _receipt(options: argparse.Namespace) -> int:
    from latamgpt.receipts.publish import write_receipt
    from latamgpt.receipts.words import Language

    workspace = find_workspace(Path.cwd())
    print(write_receipt(workspace, read_params(workspace.root), options.partner, Language(options.lang), options.out))
    return 0
