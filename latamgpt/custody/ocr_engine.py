"""Tesseract, as a separate program: one file of scans in, one record of what it read out.

A scan is hostile until shown otherwise: Pillow opens it in a limited process and writes plain grey pages, Poppler draws the
pages of a PDF, and Tesseract runs on one thread with bounded memory and time.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.intake.answers import checked
from latamgpt.intake.limited import run_limited
from latamgpt.intake.ocr_record import OcrPage, OcrRecord
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.records import Frozen
from latamgpt.store import sha256_file

INSTALL = (
    "Install it with `make setup-ocr` (Debian and Ubuntu: apt-get install tesseract-ocr tesseract-ocr-spa tesseract-ocr-por "
    "tesseract-ocr-que poppler-utils)."
)
MAX_PAGE_SECONDS = 300  # of processor time
MAX_PAGE_KIB = 3 << 20  # of address space: Tesseract takes about 0.5 GiB for an A3 page at 300 dots per inch
MAX_FRAME_BYTES = 256 << 20
MAX_FRAMES = 2_000
MAX_PIXELS = 120_000_000  # A2 at 400 dots per inch
DARK = 128  # of 255
BLANK_SHARE = 0.0005  # of dark pixels: dust and a fold
DOUBTFUL = 50.0


class Frames(Frozen):
    """The pages of one file of scans as plain grey images: how many, and how much of each is dark."""

    dark_shares: tuple[float, ...]


@dataclass(frozen=True)
class Engine:
    """The installed Tesseract."""

    version: str  # 'tesseract 5.3.0'
    languages: frozenset[str]

    def read(self, scan: Path, name: str, languages: str, dots_per_inch: int) -> OcrRecord:
        """Read all pages of one file.

        Raises:
            Rejected: the file cannot be opened, or takes too long.
        """
        with tempfile.TemporaryDirectory(prefix="latamgpt-ocr-") as place:
            folder = Path(place)
            sources = _drawn_pages(scan, name, folder, dots_per_inch) if scan.suffix.lower() == ".pdf" else [scan]
            pages: list[OcrPage] = []
            for source in sources:
                for frame, dark_share in _frames(source, name, folder):
                    table = "" if dark_share < BLANK_SHARE else _tesseract(frame, name, languages, dots_per_inch)
                    pages.append(page_from_table(table, len(pages) + 1, is_blank=dark_share < BLANK_SHARE))
        return OcrRecord(
            scan_sha256=sha256_file(scan),
            engine=self.version,
            languages=languages,
            dots_per_inch=dots_per_inch,
            pages=tuple(pages),
        )


def find_engine(languages: str = "") -> Engine:
    """The installed engine, with all languages that are asked for.

    Raises:
        OperatorError: Tesseract, Poppler or a language pack is not installed.
    """
    for program, what in (("tesseract", "Tesseract, which reads scans"), ("pdftoppm", "Poppler, which draws the pages of a PDF")):
        if shutil.which(program) is None:
            raise OperatorError(f"{what}, is not installed: `{program}` is not found. {INSTALL}")
    shown = _output(["tesseract", "--version"]).split("\n", 1)[0].strip()
    listed = frozenset(_output(["tesseract", "--list-langs"]).split("\n")[1:]) - {"", "osd"}
    missing = sorted(set(languages.split("+")) - listed - {""})
    if missing:
        packs = " ".join(f"tesseract-ocr-{code.replace('_', '-')}" for code in missing)
        raise OperatorError(
            f"Tesseract has no language pack {', '.join(missing)}; it has {', '.join(sorted(listed))}. Debian and Ubuntu: "
            f"apt-get install {packs}; or name others with --languages."
        )
    return Engine(shown, listed)


def page_from_table(table: str, number: int, *, is_blank: bool = False) -> OcrPage:
    """One page from Tesseract's table of words: lines, a blank line between paragraphs, and how sure it is.

    A page's confidence is the mean of its words' (0 to 100), each weighed by its length: a wrong long word is worse than a speck.
    """
    paragraphs: dict[tuple[int, int], dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    weighed = num_chars = 0.0
    doubtful: list[str] = []
    for line in table.split("\n")[1:]:
        cells = line.split("\t", 11)
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        block, paragraph, row, confidence, word = int(cells[2]), int(cells[3]), int(cells[4]), float(cells[10]), cells[11].strip()
        paragraphs[(block, paragraph)][row].append(word)
        weighed += confidence * len(word)
        num_chars += len(word)
        if confidence < DOUBTFUL:
            doubtful.append(word)
    text = "\n\n".join("\n".join(" ".join(words) for words in lines.values()) for lines in paragraphs.values())
    return OcrPage(
        number=number,
        text=text,
        confidence=round(weighed / num_chars, 2) if num_chars else 0.0,
        num_words=sum(len(words) for lines in paragraphs.values() for words in lines.values()),
        doubtful=tuple(doubtful),
        is_blank=is_blank,
    )


def write_frames(path: str, folder: str) -> dict[str, object]:
    """Write each frame of an image as a plain grey one (0.png, 1.png ...); runs in a limited process."""
    from PIL import Image, ImageSequence

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses what is more than twice this
    shares: list[float] = []
    with Image.open(path, formats=("PNG", "TIFF", "JPEG", "PPM")) as image:
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            if number >= MAX_FRAMES:
                raise Rejected(Reason.TOO_LARGE, f"the file holds more than {MAX_FRAMES:,} pages: send it in parts")
            grey = frame.convert("L")
            counts = grey.histogram()
            shares.append(sum(counts[:DARK]) / max(1, sum(counts)))
            grey.save(Path(folder) / f"{number}.png", compress_level=1)
    return {"dark_shares": shares}


def _frames(source: Path, name: str, folder: Path) -> list[tuple[Path, float]]:
    into = Path(tempfile.mkdtemp(dir=folder))
    answer = run_limited(
        write_frames,
        [str(source), str(into)],
        name=name,
        reason=Reason.IMAGE_UNREADABLE,
        max_bytes=1 << 30,
        max_seconds=MAX_PAGE_SECONDS,
        max_written_bytes=MAX_FRAME_BYTES,
    )
    shares = checked(Frames, answer, name, Reason.IMAGE_UNREADABLE).dark_shares
    return [(into / f"{number}.png", share) for number, share in enumerate(shares)]


def _drawn_pages(scan: Path, name: str, folder: Path, dots_per_inch: int) -> list[Path]:
    """The pages of a PDF as images, in order."""
    bounded(["pdftoppm", "-gray", "-r", str(dots_per_inch), str(scan), str(folder / "page")], name, Reason.PDF_UNREADABLE)
    return sorted(folder.glob("page-*.pgm"), key=lambda path: int(re.sub(r"\D", "", path.stem)))


def _tesseract(frame: Path, name: str, languages: str, dots_per_inch: int) -> str:
    command = ["tesseract", str(frame), "-", "-l", languages, "--dpi", str(dots_per_inch), "--psm", "3", "--oem", "1", "tsv"]
    return bounded(command, name, Reason.IMAGE_UNREADABLE)


def bounded(command: Sequence[str], name: str, reason: Reason) -> str:
    """What a program prints that may take only so much memory and time.

    Raises:
        Rejected: `reason`, where it fails.
    """
    limits = f'ulimit -t {MAX_PAGE_SECONDS}; ulimit -v {MAX_PAGE_KIB}; ulimit -c 0; exec "$@"'
    done = subprocess.run(["sh", "-c", limits, "sh", *command], capture_output=True, check=False, env=_environment())
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        raise Rejected(reason, f"{name} cannot be read: {command[0]} ended with status {done.returncode} ({said})")
    return done.stdout.decode("utf-8", "replace")


def _output(command: Iterable[str]) -> str:
    return subprocess.run(list(command), capture_output=True, check=True, env=_environment()).stdout.decode("utf-8", "replace")


def _environment() -> dict[str, str]:
    """One thread, so that a machine gives the same text each time, and nothing that a parser should know."""
    kept = {name: value for name in ("PATH", "TESSDATA_PREFIX") if (value := os.environ.get(name)) is not None}
    return {**kept, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
