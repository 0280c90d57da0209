"""What it costs to take in and clean a partner's deliveries again after one of a hundred changed, beside the first time.

    python -m scripts.curation_bench.changed --megabytes 25

CPU seconds of the stages `documents` and `clean_documents`, in one process: once for all deliveries, then the median of some
runs, before each of which another delivery changed; and whether the last gives the bytes of a run that knows of none before.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from latamgpt.curation import clean_documents
from latamgpt.curation.engine import WORKERS_VARIABLE
from latamgpt.curation.name_tagger import stage as name_tagger
from latamgpt.governance.withdrawals import EMPTY_FILE, withdrawals_path
from latamgpt.intake import documents
from latamgpt.params import Params, read_params
from latamgpt.store import Workspace
from scripts.curation_bench.corpus import generate
from tests.intake.deliveries import deliver, register

ROOT = Path(__file__).resolve().parents[2]
PARTNER = "archivo-sur"
NUM_DELIVERIES = 100
CHANGED = (7, 23, 41, 66, 98)


def measure(num_bytes: int, place: Path) -> dict[str, float]:
    """CPU seconds of the first run, of one after a change, and of one after the last change that kept nothing.

    Raises:
        AssertionError: the last two runs did not give the same bytes.
    """
    os.environ[WORKERS_VARIABLE] = "1"
    workspace, params = Workspace(place), read_params(ROOT)
    for folder in ("languages", "sites"):
        shutil.copytree(ROOT / folder, place / folder)
    register(workspace, PARTNER)
    (place / withdrawals_path(PARTNER)).parent.mkdir(parents=True)
    (place / withdrawals_path(PARTNER)).write_text(EMPTY_FILE, encoding="utf-8")
    texts = [document.text for document in generate(ROOT / "samples", num_bytes)]
    for number in range(NUM_DELIVERIES):
        files: dict[str, bytes | str] = {f"{n:05}.txt": text for n, text in enumerate(texts[number::NUM_DELIVERIES])}
        deliver(workspace, files, PARTNER, id=f"entrega-{number:02}", language="und")
    name_tagger.run(workspace, params)
    first = _run(workspace, params)
    changed: list[float] = []
    for number in CHANGED:
        shutil.rmtree(place / "samples" / PARTNER / f"entrega-{number:02}")
        files = {"a.txt": texts[number], "b.txt": f"{texts[number + 1]} Una frase más."}
        deliver(workspace, files, PARTNER, id=f"entrega-{number:02}", language="und")
        changed.append(_run(workspace, params))
    taken = _outputs(workspace)
    shutil.rmtree(place / "var" / "cache")
    anew = _run(workspace, params)
    assert _outputs(workspace) == taken, "what was kept shows in the bytes"
    return {"first": first, "one delivery changed": statistics.median(changed), "the same, nothing kept": anew}


def _run(workspace: Workspace, params: Params) -> float:
    start = time.process_time()
    documents.run(workspace, params, PARTNER)
    clean_documents.run(workspace, params, PARTNER)
    return time.process_time() - start


def _outputs(workspace: Workspace) -> dict[str, bytes]:
    folders = [workspace.place(stage, PARTNER) for stage in ("documents", "clean_documents")]
    return {f"{folder.parent.name}/{path.name}": path.read_bytes() for folder in folders for path in sorted(folder.iterdir())}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=25, help="of generated text in all deliveries (25)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        seconds = measure(options.megabytes * 1_000_000, Path(place))
    for name, taken in seconds.items():
        print(f"{name}: {taken:.1f} CPU-s, {taken / seconds['the same, nothing kept']:.1%}")


if __name__ == "__main__":
    main()
