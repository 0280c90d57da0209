"""`latamgpt languages`: what texts of each language must reach, and learning it anew from verified text."""

import argparse
from functools import partial
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run
from latamgpt.params import read_params
from latamgpt.records import Table
from latamgpt.store import find_workspace

CONFIDENCE = 0.95


def add(parsers: Parsers) -> None:
    """Add `languages`."""
    languages = parsers.add_parser("languages", help="what texts of each language must reach, and where that is from")
    verbs = languages.add_subparsers(required=True, metavar="WHAT")
    show = verbs.add_parser("show", help="every file of languages/ as one table, and how well varieties are told")
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
    add_actor(learn)
    learn.set_defaults(command=_learn)
    audit = verbs.add_parser(
        "audit", help="hold the lists of slurs against each variety's slang, and write what they take for one"
    )
    add_dry_run(audit)
    audit.set_defaults(command=_audit)


def _show(_: argparse.Namespace) -> int:
    from latamgpt.registry.languages import read_languages, thresholds_table

    _print_table(thresholds_table(read_languages(find_workspace(Path.cwd()).root)))
    print("\nVarieties by a text's own words, asked where neither partner nor country says: see docs/languages.md")
    _print_table(_varieties_table())
    return 0


def _varieties_table() -> Table:
    from latamgpt.curation.variety_accuracy import on_sentences
    from latamgpt.gates.fairness import interval

    rows: list[tuple[str, ...]] = []
    for one in on_sentences():
        low, high = interval(one.num_right, one.num_answered, CONFIDENCE) if one.num_answered else (0.0, 1.0)
        taken_for = ", ".join(f"{name} {count}" for name, count in one.taken_for.items()) or "-"
        right = f"{one.num_right} ({low:.0%} to {high:.0%})"
        rows.append((one.language, one.of, str(one.num_texts), str(one.num_answered), right, taken_for))
    columns = ("language", "variety", "sentences", "answered", "right of those (95% interval)", "taken for")
    return Table(name="varieties", columns=columns, rows=tuple(rows))


def _print_table(table: Table) -> None:
    rows = [table.columns, *([str(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(table.columns))]
    print("\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows))


def _learn(options: argparse.Namespace) -> int:
    from latamgpt.curation.learning import learn
    from latamgpt.custody.deeds import do
    from latamgpt.custody.languages import learned
    from latamgpt.registry.languages import Method, read_languages, standing_overrides, to_review_again

    workspace = find_workspace(Path.cwd())
    min_confidence = read_params(workspace.root).clean_documents.min_language_confidence
    files = read_languages(workspace.root)
    for code in options.language or [code for code, file in files.items() if file.method is Method.LEARNED]:
        file = learn(workspace, files, code, tuple(options.source), min_confidence)
        changed = file != files.get(code)
        if changed:
            print(do(workspace, options.actor, partial(learned, workspace.root, file), dry_run=options.dry_run))
        said = f"{code}: {file.thresholds} from {file.evidence.num_passages:,} passages" if file.evidence else code
        print(
            "; ".join(
                [f"{said}: {'changed' if changed else 'as its file says'}", *standing_overrides(file), *to_review_again(file)]
            )
        )
    return 0


def _audit(options: argparse.Namespace) -> int:
    from latamgpt.curation.toxicity import audit
    from latamgpt.gates.slang import PASSES, slang_table, verdict
    from latamgpt.registry.toxic_terms import write_audit

    params = read_params(find_workspace(Path.cwd()).root)
    found = audit()
    if not options.dry_run:
        write_audit(found)
    _print_table(slang_table(found, (), params.corpus_gate))
    return int(any(verdict(one, params.corpus_gate) != PASSES for one in found.varieties))
