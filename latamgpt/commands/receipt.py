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
        "var/receipts/PARTNER. With --withdrawal, the signed receipt of one withdrawal instead.",
    )
    receipt.add_argument("partner", metavar="PARTNER", help="a partner of the registry")
    receipt.add_argument("--lang", choices=("es", "pt", "en"), default="es", help="the page's language, es if not given")
    receipt.add_argument("--out", metavar="DIR", type=Path, help="another folder; it may only hold an older receipt")
    receipt.add_argument("--withdrawal", metavar="NUMBER", type=int, help="the withdrawal's line in the audit log, from 1")
    receipt.set_defaults(command=_receipt)


def _receipt(options: argparse.Namespace) -> int:
    from latamgpt.pages import Language
    from latamgpt.receipts.publish import write_receipt
    from latamgpt.receipts.withdrawal import write_withdrawal_receipt

    workspace = find_workspace(Path.cwd())
    params = read_params(workspace.root)
    if options.withdrawal is not None:
        print(write_withdrawal_receipt(workspace, params, options.partner, options.withdrawal, options.out))
    else:
        print(write_receipt(workspace, params, options.partner, Language(options.lang), options.out))
    return 0
