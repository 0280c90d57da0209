"""What was measured, as tables for people and as JSON for the next run to be held against."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from latamgpt.records import Table
from scripts.curation_bench.growth import exponent, seconds_per_further_unit
from scripts.curation_bench.kernel_runs import LIMIT, OURS, KernelRun
from scripts.curation_bench.systems import PipelineRun, median_cpu_seconds, ratio_to_ours

NOTES = """\
What to know when reading this:

- CPU seconds are those of the command and of all processes that it starts, user and system, start-up among them. Peak memory is
  the PSS of the same processes together, looked at four times a second.
- Systems run in turns on the same files, with the same number of worker processes and one thread in each; ratios are medians of
  the ratios within a round.
- datatrove runs its own blocks with their own defaults. Where that would have been unfair to it or could not be: stop words are
  Spanish, Portuguese and English ones; nothing is compressed between its steps, its tokens are not shuffled, and it gets as many
  tasks as workers; its language model is lid.176.ftz, which a package ships, instead of lid.176.bin, which none does.
- `tuned` swaps its word tokenizer, spaCy's for Spanish, for a regular expression, which changes verdicts too.
- The work is not the same where the pipelines differ. datatrove's rules keep fewer documents, which spares it work further on; it
  identifies the language of the whole text, and masks e-mail and IP addresses. This project masks the region's identifiers,
  addresses and names, looks for minors, needs the offsets of tokens and writes the texts beside the tokens. Neither side does
  what belongs to partners (rights, gates).
"""
SHOWN_PEERS = ("datatrove", "spacy", "ftfy", "datasketch", "rensa", "daft", "tokenizers", "fastokens", "gigatoken")


@dataclass(frozen=True)
class Measured:
    """All that one call of the bench measured, and on what."""

    num_bytes: int  # of text in UTF-8
    num_documents: int
    workers: int
    tokenizer: str
    peers: dict[str, str]  # pinned versions
    failures: dict[str, str]  # peers that could not be measured, and why
    pipelines: list[PipelineRun]
    growing: list[PipelineRun]
    kernels: list[KernelRun]
    cleaning: str  # what one stage takes, in a sentence
    tables: list[Table]  # what stands before and after: steps beside their references, what of the planted is found


def pipelines_table(runs: Sequence[PipelineRun]) -> Table:
    """A line per system: medians over its rounds."""
    rows: list[tuple[str, ...]] = []
    for system in dict.fromkeys(run.system for run in runs):
        own = [run for run in runs if run.system == system]
        seconds = median_cpu_seconds(runs, system)
        counts = own[0].counts
        rows.append(
            (
                system,
                f"{len(own)}",
                f"{seconds:.1f}",
                f"{own[0].num_bytes / 1e6 / seconds:.2f}",
                f"{ratio_to_ours(runs, system):.1f}",
                f"{min(run.cost.wall_seconds for run in own):.0f}",
                f"{max(run.cost.peak_pss_bytes for run in own) / 1e6:.0f}",
                " > ".join(f"{counts[step]:,}" for step in ("read", "filtered", "deduplicated")),
                f"{counts['tokens']:,}",
            )
        )
    columns = (
        *("pipeline", "runs", "CPU-s", "MB per CPU-s", "CPU beside ours", "best wall s", "peak PSS MB"),
        *("documents: read > filtered > deduplicated", "tokens"),
    )
    return Table(name="From raw text to token shards", columns=columns, rows=tuple(rows))


def growth_table(runs: Sequence[PipelineRun], system: str) -> Table:
    """One system at several sizes, the median of each: CPU seconds, and how they grow."""
    own = [run for run in runs if run.system == system]
    sizes = sorted({run.num_bytes for run in own})
    seconds = [median_cpu_seconds([run for run in own if run.num_bytes == size], system) for size in sizes]
    megabytes = [size / 1e6 for size in sizes]
    further = ["", *(f"{taken:.3f}" for taken in seconds_per_further_unit(megabytes, seconds))]
    rows = tuple((f"{size:.1f}", f"{taken:.1f}", more) for size, taken, more in zip(megabytes, seconds, further, strict=True))
    name = f"Growth: exponent {exponent(megabytes, seconds):.2f} over {len(sizes)} sizes ({system})"
    return Table(name=name, columns=("MB", "CPU-s", "CPU-s for each further MB"), rows=rows)


def kernels_table(runs: Sequence[KernelRun]) -> Table:
    """Each kernel beside its peers, the quickest first; limits last."""
    ours = {run.kernel: run.mb_per_cpu_second for run in runs if run.system == OURS}
    order = [*ours, LIMIT]
    ranked = sorted(runs, key=lambda run: (order.index(run.kernel), -run.mb_per_cpu_second))
    rows = [
        (
            run.kernel,
            run.system,
            f"{run.mb_per_cpu_second:,.2f}",
            f"{ours[run.kernel] / run.mb_per_cpu_second:.2f}" if run.kernel in ours and run.mb_per_cpu_second else "",
            run.does,
            run.results,
        )
        for run in ranked
    ]
    columns = ("kernel", "system", "MB per CPU-s", "ours / this", "what it does", "results")
    return Table(name="Kernels beside their peers and the machine's limits", columns=columns, rows=tuple(rows))


def all_tables(measured: Measured) -> list[Table]:
    """In the order in which they are read."""
    grown = [*measured.growing, *measured.pipelines]
    growth = [growth_table(grown, system) for system in dict.fromkeys(run.system for run in measured.growing)]
    return [pipelines_table(measured.pipelines), *growth, kernels_table(measured.kernels), *measured.tables]


def markdown(measured: Measured) -> str:
    """The whole report."""
    size = f"{measured.num_bytes / 1e6:.1f} MB, {measured.num_documents:,} documents, {measured.workers} workers"
    told = [
        f"# Curation beside its peers: {size}",
        f"Tokenizer: {measured.tokenizer}.",
        "Peers: " + ", ".join(f"{name} {measured.peers[name]}" for name in SHOWN_PEERS) + ".",
    ]
    told += [f"**Not measured: {name}.** {why}" for name, why in measured.failures.items()]
    return "\n\n".join([*told, NOTES, *(_markdown(table) for table in all_tables(measured)), measured.cleaning]) + "\n"


def _markdown(table: Table) -> str:
    lines = [f"## {table.name}", "", "| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in table.rows)])


def write_json(measured: Measured, path: Path) -> None:
    """Every run, and the machine that it ran on."""
    machine = {"python": platform.python_version(), "system": platform.platform(), "cpus": os.cpu_count()}
    tables = [table.model_dump() for table in all_tables(measured)]
    path.write_text(json.dumps({**asdict(measured), "tables": tables, "machine": machine}, indent=1))
