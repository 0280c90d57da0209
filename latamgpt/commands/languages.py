"""`latamgpt languages`: what texts of each language must reach, and learning it anew from verified text."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_dry_run
from latamgpt.params import read_params
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `languages`."""
    languages = parsers.add_parser("languages", help="what texts of each language must reach, and where that is from")
    verbs = languages.add_subparsers(required=True, metavar="WHAT")
    show = verbs.add_parser("show", help="every file of languages/ as one table")
    show.set_defaults(command=_show)
    learn = verbs.add_parser("learn", help="learn thresholds anew from the sources that a language's file names")
    learn.add_argument("language", metavar="CODE", nargs="*", help="such as gug; all that were learned if none is given")
    learn.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="PATH",
        help="instead of those named: a text file, or data/documents/PARTNER; once for each source",
    )
    add_dry_run(learn)
    learn.set_defaults(command=_learn)


def _show(_: argparse.Namespace) -> int:
    from latamgpt.registry.languages import read_languages, thresholds_table

    table = thresholds_table(read_languages(find_workspace(Path.cwd()).root))
    rows = [table.columns, *([str(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(table.columns))]
    print("\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows))
    return 0


def _learn(options: argparse.Namespace) -> int:
    from latamgpt.curation.learning import learn
    from latamgpt.registry.languages import Method, read_languages, write_language

    workspace = find_workspace(Path.cwd())
    min_confidence = read_params(workspace.root).clean_documents.min_language_confidence
    files = read_languages(workspace.root)
    for code in options.language or [code for code, file in files.items() if file.method is Method.LEARNED]:
        file = learn(workspace, files, code, tuple(options.source), min_confidence)
        changed = file != files.get(code)
        if changed and not options.dry_run:
            write_language(workspace.root, file)
        said = f"{code}: {file.thresholds} from {file.evidence.num_passages:,} passages" if file.evidence else code
        print(f"{said}: {'changed' if changed else 'as its file says'}")
    return 0
