"""Damages every kind of file that intake reads, takes it in as a delivery, and keeps what crashed.

    python scripts/fuzz.py --seconds 600 --seed 7                  all kinds, one after the other, until the time is over
    python scripts/fuzz.py --kind .docx --kind "bag: bagit.txt"    these only
    python scripts/fuzz.py --again var/fuzz/7-214                  one delivery that crashed, once more, with its traceback

A delivery crashed where intake raised anything, took more than 120 s, set something aside without saying why, or lost the
damaged file, which was neither read nor named; and one that is not damaged, where it is not read. Its bytes are kept as a
delivery below var/fuzz, and the exit code is 1. The same seed damages the same bytes in the same order, however far the time
reaches.
"""

import argparse
import random
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzzing.mutation import mutated
from fuzzing.seeds import PARTNER, Seed, seeds
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.rows_on_disk import rows_on_disk
from latamgpt.intake.taking_in import take_in
from latamgpt.params import Params, read_params
from latamgpt.registry.partners import Institution, read_institution

ROOT = Path(__file__).resolve().parent.parent
MAX_SECONDS = 120
OF_RECORDS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv", ".tsv", ".parquet")


def main() -> int:
    """Damage and take in until the time is over; say what crashed."""
    parser = argparse.ArgumentParser(description="Take in damaged deliveries and keep what crashes.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kind", action="append", help="as the list at the end names them; all when none is given")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "fuzz", help="where what crashed is kept")
    parser.add_argument("--again", type=Path, help="a delivery that was kept: take it in once more")
    asked = parser.parse_args()
    if asked.again:
        print(_taken_in(asked.again) or "it is taken in")
        return 0
    known = seeds(ROOT)
    unknown = sorted(set(asked.kind or ()) - known.keys())
    if unknown:
        print(f"{unknown[0]!r} is no kind that is damaged; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    return _fuzz({kind: known[kind] for kind in asked.kind or known}, asked.seconds, asked.seed, asked.out)


def _fuzz(chosen: Mapping[str, Seed], seconds: float, seed: int, out: Path) -> int:
    end = time.monotonic() + seconds
    num_rounds, num_crashed = 0, 0
    for number, (kind, one) in enumerate(_again_and_again(chosen)):
        is_good = number < len(chosen)  # the first of each kind is not damaged
        if time.monotonic() > end and not is_good:
            break
        content = one.content if is_good else mutated(one.target, one.content, random.Random(f"{seed} {number} {kind}"))
        num_rounds += 1
        with TemporaryDirectory(prefix="fuzz-") as folder:
            delivery = _write(one, content, Path(folder) / str(one.description["id"]))
            wrong = _taken_in(delivery, may_be_empty=kind in OF_RECORDS or not content, must_be_read=is_good)
            if wrong:
                num_crashed += 1
                kept = out / f"{seed}-{number}" / delivery.name
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(delivery, kept)
                print(f"{kind}: {wrong.splitlines()[-1]}\n  kept: python scripts/fuzz.py --again {kept}")
    print(f"took in {num_rounds} deliveries of {len(chosen)} kinds, seed {seed}: {num_crashed} crashed")
    print(f"kinds: {', '.join(chosen)}")
    return 1 if num_crashed else 0


def _again_and_again(chosen: Mapping[str, Seed]) -> Iterator[tuple[str, Seed]]:
    while True:
        yield from chosen.items()


def _write(seed: Seed, content: bytes, folder: Path) -> Path:
    for name, raw in seed.files(content).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder


def _taken_in(folder: Path, *, may_be_empty: bool = True, must_be_read: bool = False) -> str:
    """What went wrong, '' where nothing did."""
    institution, params = _intake()
    begun = time.monotonic()
    try:
        with rows_on_disk() as rows:
            taken = take_in(folder, institution, params.documents, params.rights.as_of, rows)
            exclusions = list(rows.exclusions())
    except Exception:  # noqa: BLE001  (whatever it is, it is what is looked for)
        return traceback.format_exc()
    if time.monotonic() - begun > MAX_SECONDS:
        return f"it took more than {MAX_SECONDS} s"
    unsaid = [row for row in exclusions if not row.reason or not row.detail]
    if unsaid:
        return f"{unsaid[0].path!r} is set aside without saying why: {unsaid[0].reason!r}, {unsaid[0].detail!r}"
    if not exclusions and not taken.tally.num_documents and not may_be_empty:
        return "it was neither read nor named"
    refused = [row for row in exclusions if row.reason != Reason.AUDIO_WITHHELD]
    if must_be_read and refused and not taken.tally.num_documents:
        return f"undamaged, it is set aside for {refused[0].reason}: {refused[0].detail}"
    return ""


@cache
def _intake() -> tuple[Institution, Params]:
    return read_institution(ROOT, PARTNER), read_params(ROOT)


if __name__ == "__main__":
    sys.exit(main())
