"""The stage takes no 512 MiB of memory, whatever a delivery holds; what is not read is named with a reason."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latamgpt.intake.quarantine import Reason
from latamgpt.store import Workspace
from scripts.curation_bench.process_tree import pss_of
from tests.intake.deliveries import deliver, documents, exclusions, register, seal
from tests.intake.made_files import docx, paragraph

pytestmark = pytest.mark.slow

PARTNER = "academia-quechua"  # one that params.yaml lists
MAX_BYTES = 512 << 20
MIB = 1 << 20
SECONDS_BETWEEN_LOOKS = 0.02
NUM_DELIVERIES = 20  # together more than the stage may hold
MEASURE = """
import resource, subprocess, sys
ended = subprocess.run([sys.executable, "-m", "latamgpt.cli", "stage", "documents", sys.argv[1]], cwd=sys.argv[2])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, ended.returncode)
"""
"""A process of its own, since a child begins with the peak of whoever started it; the peak is the highest of the whole tree's."""


def peak_bytes(workspace: Workspace) -> int:
    """The most memory that any process of the stage held, in bytes."""
    command = [sys.executable, "-c", MEASURE, PARTNER, str(workspace.root)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    peak_kib, status = ended.stdout.split()[-2:]
    assert status == "0", ended.stderr
    return int(peak_kib) << 10


def write(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a file piece by piece."""
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)


def repeated(piece: str, num_bytes: int, before: str = "", after: str = "") -> Callable[[Path], None]:
    """Writes a file of about so many bytes."""
    block = piece.encode() * max(1, (1 << 16) // len(piece.encode()))

    def make(path: Path) -> None:
        write(path, (part for part in [before.encode(), *[block] * (num_bytes // len(block)), after.encode()]))

    return make


def long_record(path: Path) -> None:
    """JSON Lines of three records, one of them of 300 MB."""
    write(
        path,
        iter([b'{"text": "Un relato del r\xc3\xado."}\n{"text": "', *[b"palabra " * 8192] * 4800, b'"}\n{"text": "Otro."}\n']),
    )


def many_rows(path: Path) -> None:
    """Parquet of 300,000 short rows."""
    pq.write_table(pa.table({"text": [f"{number}" for number in range(300_000)]}), path)


TEXTGRID = '"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "a" 0 1 500000 '
ANNOTATION = "<ALIGNABLE_ANNOTATION><ANNOTATION_VALUE>a</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>"
TIER = f"<TIER TIER_ID='a'>{ANNOTATION}</TIER>"
FILES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a line of 1 GB": ("a.txt", repeated("palabra ", 1 << 30), Reason.TOO_LARGE),
    "a text of wide letters": ("a.txt", repeated("ŵ\n", 15 * MIB, "😀"), ""),
    "a text of lines with spaces": ("a.txt", repeated("ŵ \n", 15 * MIB), ""),
    "a text of one line that grows when composed": ("a.txt", repeated("\ufdfa", 15 * MIB), ""),
    "a text above the cap": ("a.md", repeated("palabra\n", 60 * MIB), Reason.TOO_LARGE),
    "HTML, wide and deep": ("a.html", repeated("<div><p>x", 120 * MIB), Reason.TOO_LARGE),
    "HTML, deep, below the cap": ("a.html", repeated("<div>", 15 * MIB), Reason.HTML_UNREADABLE),
    "HTML, wide, below the cap": ("a.html", repeated("<p>río\n", 15 * MIB), Reason.HTML_UNREADABLE),
    "HTML, attributes, below the cap in process": ("a.html", repeated("<p a=1 b=2 c=3 d>", MIB // 4), "any"),
    "CSV with one huge cell": ("a.csv", repeated("palabra ", 60 * MIB, 'text\nbueno\n"', '"\n'), Reason.TOO_LARGE),
    "CSV with a huge cell never closed": ("a.csv", repeated("palabra\n", 60 * MIB, 'text\nbueno\n"'), Reason.TOO_LARGE),
    "CSV of commas": ("a.csv", repeated("ŵŵ,", 60 * MIB, "text\n"), Reason.TOO_LARGE),
    "CSV with a huge header": ("a.csv", repeated(",", 4 * MIB, "text"), Reason.CSV_INVALID),
    "CSV of empty cells, row by row": ("a.csv", repeated("a,b\n", MIB // 4, "text\n"), Reason.CSV_INVALID),
    "a record of 300 MB": ("a.jsonl", long_record, Reason.TOO_LARGE),
    "a record of many small things": ("a.jsonl", repeated('{"":0},', 4 * MIB - 70_000, '{"text":"a","x":[', '0]}\n'), "any"),
    "a record whose licence is large": ("a.jsonl", repeated('"😀",', 4 * MIB - 70_000, '{"text":"a","rights":[', '0]}\n'), "any"),
    "many small records": ("a.jsonl", repeated('{"text":"a"}\n', 2 * MIB), Reason.REPEATED_IN_DELIVERY),
    "a JSON array of many small things": ("a.jsonl", repeated('{"text":"a"},', 60 * MIB, "[", "0]"), Reason.TOO_LARGE),
    "a sidecar of many small things": ("a.json", repeated('{"":0},', 60 * MIB, "[", "0]"), Reason.TOO_LARGE),
    "many rows of Parquet": ("a.parquet", many_rows, ""),
    "subtitles": ("a.srt", repeated("1\n00:00:01,000 --> 00:00:02,000\na\n\n", 4 * MIB - 70_000), "any"),
    "subtitles of many lines": ("a.vtt", repeated("ŵ\n", 4 * MIB - 70_000, "WEBVTT\n\n00:01.000 --> 00:02.000\n"), "any"),
    "a TextGrid": ("a.TextGrid", repeated('0 1 "a" ', 4 * MIB - 70_000, TEXTGRID), "any"),
    "tiers": ("a.eaf", repeated(TIER, 8 * MIB - 70_000, "<ANNOTATION_DOCUMENT>", "</ANNOTATION_DOCUMENT>"), "any"),
    "XML": ("a.xml", repeated("<p>a</p>", 60 * MIB, "<TEI><text><body>", "</body></text></TEI>"), "any"),
}  # fmt: skip
"""What lies beside a good text: a file's name, what writes it, and the reason that names it; '' where it is read."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", sorted(FILES))
def test_memory_stays_below_512_mib_whatever_a_file_holds(workspace: Workspace, case: str) -> None:
    name, make, reason = FILES[case]
    register(workspace, PARTNER, "PE")
    folder = deliver(workspace, {"bueno.txt": "El río que no duerme."}, PARTNER, format="files")
    make(folder / name)
    if name.endswith(".json"):
        (folder / "a.md").write_text("Un relato.", encoding="utf-8")
    seal(folder)
    peak = peak_bytes(workspace)
    kept = {str(row["path"]).partition("#")[0] for row in documents(workspace, PARTNER)}
    reasons = {str(row["reason"]) for row in exclusions(workspace, PARTNER)}
    assert peak < MAX_BYTES
    assert "bueno.txt" in kept
    assert (reason in reasons or reason == "any") if reason else reasons == set()
    assert name in kept or reasons


@pytest.mark.timeout(300)
def test_memory_does_not_grow_with_what_a_partner_delivers(workspace: Workspace) -> None:
    register(workspace, PARTNER, "PE")
    for number in range(NUM_DELIVERIES):
        records = (f'{{"text":"{number} {record} {"palabra " * 65_536}"}}\n'.encode() for record in range(30))
        folder = deliver(workspace, {}, PARTNER, format="jsonl", id=f"entrega-{number}")
        write(folder / "a.jsonl", records)
        seal(folder)
    num_bytes = sum(path.stat().st_size for path in workspace.root.rglob("a.jsonl"))
    assert num_bytes > MAX_BYTES // 2
    peak = peak_bytes(workspace)
    assert peak < MAX_BYTES // 2
    with pq.ParquetFile(workspace.place("documents", PARTNER) / "documents.parquet") as file:
        assert file.metadata.num_rows == NUM_DELIVERIES * 30


@pytest.mark.timeout(120)
def test_all_processes_together_stay_below_512_mib(workspace: Workspace) -> None:
    """Parsers that wait, then a file that leaves much memory free in the stage, then one that takes all that a parser may."""
    register(workspace, PARTNER, "PE")
    subtitles = "1\n00:00:01,000 --> 00:00:02,000\nEl río creció.\n"
    deliver(workspace, {"a.docx": docx(paragraph("Un relato.")), "b.srt": subtitles}, PARTNER, format="files", id="a")
    for name, case in (("b", "HTML, attributes, below the cap in process"), ("c", "HTML, wide, below the cap")):
        folder = deliver(workspace, {"bueno.txt": f"El río que no duerme, {name}."}, PARTNER, format="files", id=name)
        FILES[case][1](folder / FILES[case][0])
        seal(folder)
    command = [sys.executable, "-m", "latamgpt.cli", "stage", "documents", PARTNER]
    stage = psutil.Popen(command, cwd=workspace.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while stage.poll() is None:
        peak = max(peak, tree_bytes(stage))
        with suppress(psutil.TimeoutExpired):
            stage.wait(SECONDS_BETWEEN_LOOKS)
    assert stage.returncode == 0
    assert {"a.docx", "b.srt", "bueno.txt"} <= {str(row["path"]) for row in documents(workspace, PARTNER)}
    assert Reason.HTML_UNREADABLE in {row["reason"] for row in exclusions(workspace, PARTNER)}
    assert 256 * MIB < peak < MAX_BYTES, peak // MIB


def tree_bytes(stage: psutil.Popen) -> int:
    """Memory of a process and all that it started, in bytes; what they share counts once (PSS)."""
    try:
        return sum(pss_of(process.pid) for process in [stage, *stage.children(recursive=True)])
    except psutil.NoSuchProcess:  # the stage ended meanwhile
        return 0
