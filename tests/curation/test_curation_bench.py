import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from latamgpt.params import Params
from scripts.curation_bench import peer_environment
from scripts.curation_bench.corpus import Document, generate, write
from scripts.curation_bench.growth import exponent, seconds_per_further_unit
from scripts.curation_bench.kernel_runs import (
    OURS,
    KernelRun,
    Texts,
    language_results,
    masking_results,
    read_runs,
    read_texts,
    repair_results,
    write_runs,
)
from scripts.curation_bench.kernels_beside import run_kernels, write_texts
from scripts.curation_bench.own_kernels import kernels
from scripts.curation_bench.pipeline import curate
from scripts.curation_bench.plot import draw
from scripts.curation_bench.process_tree import Cost, cost_of
from scripts.curation_bench.report import Measured, growth_table, kernels_table, markdown, pipelines_table, write_json
from scripts.curation_bench.systems import ROOT, STOCK, TUNED, PipelineRun, System, cut, run_in_turns, systems
from scripts.curation_bench.tokenizer import BenchTokenizer, choose

ORPHAN = """
import os, time
if os.fork() == 0:  # the child of a child that ends at once: nobody but the watcher is left to account for it
    if os.fork():
        os._exit(0)
    kept = bytearray(os.urandom(1 << 20) * 60)
    until = time.process_time() + 0.6
    while time.process_time() < until:
        pass
    time.sleep(0.6)
    os._exit(0)
os.wait()
"""
NUM_DOCS = 60


@pytest.fixture(scope="module")
def generated() -> list[Document]:
    with pytest.MonkeyPatch.context() as few:
        few.setattr("scripts.curation_bench.corpus.DOCS_AT_ONCE", 2 * NUM_DOCS)
        return generate(ROOT / "samples", 1)[:NUM_DOCS]


@pytest.fixture(scope="module")
def corpus(generated: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "corpus"
    write(generated, folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(generated: list[Document], corpus: Path) -> BenchTokenizer:
    return choose(corpus / "nowhere", [document.text for document in generated[:10]], corpus / "tokenizer")


def test_a_cost_counts_processes_that_outlive_their_parents_and_their_memory(tmp_path: Path) -> None:
    cost = cost_of([sys.executable, "-c", ORPHAN], ROOT, {"PYTHONPATH": str(ROOT)}, tmp_path / "log")
    assert 0.6 <= cost.cpu_seconds < 3
    assert cost.peak_pss_bytes > 60 << 20
    assert cost.num_killed == 0


def test_a_command_that_fails_says_its_exit_code_and_what_it_printed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('no such corpus'); sys.exit(3)"]
    with pytest.raises(RuntimeError, match=r"exit code 3(.|\n)*no such corpus"):
        cost_of(command, ROOT, {"PYTHONPATH": str(ROOT)}, tmp_path / "log")


def test_our_pipeline_gives_the_same_bytes_twice_and_counts_every_step(
    corpus: Path, tokenizer: BenchTokenizer, params: Params, tmp_path: Path
) -> None:
    counts = [curate(corpus / "documents", tmp_path / name, tokenizer.folder, 1, params) for name in ("a", "b")]
    assert counts[0] == counts[1]
    assert counts[0]["read"] == NUM_DOCS >= counts[0]["filtered"] >= counts[0]["deduplicated"] > NUM_DOCS / 2
    assert counts[0]["tokens"] > 100 * counts[0]["deduplicated"]
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.parquet")} for name in ("a", "b"))
    assert first == second


def test_a_peer_that_fails_is_named_and_not_run_again_but_ours_must_not_fail(corpus: Path, tmp_path: Path) -> None:
    broken = System(TUNED, "scripts.curation_bench.no_such_module", Path(sys.executable), (), rounds=2)
    failures: dict[str, str] = {}
    assert run_in_turns([broken], corpus / "documents", tmp_path / "runs", failures) == []
    assert "no_such_module" in failures[TUNED]
    with pytest.raises(RuntimeError, match="no_such_module"):
        run_in_turns([replace(broken, name=OURS)], corpus / "documents", tmp_path / "runs", failures)


def test_a_cut_takes_its_share_of_every_file(corpus: Path, tmp_path: Path) -> None:
    part = cut(corpus / "documents", 1 / 3, tmp_path / "part")
    assert sum(pq.read_metadata(path).num_rows for path in part.glob("*.parquet")) == NUM_DOCS / 3


def test_the_exponent_is_that_of_the_law_and_a_start_shows_in_it_but_not_in_further_units() -> None:
    sizes = [1.0, 4.0, 16.0]
    assert exponent(sizes, [3 * size for size in sizes]) == pytest.approx(1.0)
    assert exponent(sizes, [size**2 for size in sizes]) == pytest.approx(2.0)
    with_start = [10 + 3 * size for size in sizes]
    assert exponent(sizes, with_start) < 0.7
    assert seconds_per_further_unit(sizes, with_start) == pytest.approx([3.0, 3.0])
    assert seconds_per_further_unit(sizes, [size**2 for size in sizes]) == pytest.approx([5.0, 20.0])


def test_results_of_kernels_are_held_against_what_was_planted() -> None:
    texts = Texts(
        texts=["buenos dÃ­as", "mba'éichapa", "#{}#", "CPF 123"],
        languages=["es", "gug", "es", "pt"],
        kinds=["mojibake", "honest", "garbage", "personal_data"],
        planted=[[], [], [], ["123", "CPF"]],
    )
    assert language_results(texts, ["es", "gn", "en", "gl"]) == "66.7% of 3 right"
    assert repair_results(texts, ["buenos días", "", "", ""]) == "1 of 1 wrongly decoded texts mended"
    assert repair_results(texts, texts.texts) == "0 of 1 wrongly decoded texts mended"
    assert masking_results(texts, ["", "", "", "CPF [CPF]"]) == "1 of 2 planted strings gone"


def test_our_kernels_are_timed_and_judged_on_no_more_texts_than_wanted(
    generated: list[Document], tokenizer: BenchTokenizer, tmp_path: Path
) -> None:
    write_texts(generated, len(generated[0].text.encode()) + 1, tmp_path / "texts.parquet")
    texts = read_texts(tmp_path / "texts.parquet")
    assert texts.texts == [document.text for document in generated[:2]]
    found = kernels(texts, tokenizer.folder)
    write_runs(tmp_path / "runs.json", found)
    assert read_runs(tmp_path / "runs.json") == found
    assert all(run.mb_per_cpu_second > 0 for run in found)
    assert {run.kernel for run in found} >= {"MinHash", "language", "personal data", "tokens"}


def _run(system: str, number: int, seconds: float, num_bytes: int = 10_000_000) -> PipelineRun:
    counts = {"read": 10, "filtered": 9, "deduplicated": 8, "tokens": 7}
    return PipelineRun(system, number, num_bytes, Cost(seconds, seconds, 1_000_000, 0), counts)


RUNS = [_run(OURS, 0, 10), _run(STOCK, 0, 200), _run(TUNED, 0, 40), _run(OURS, 1, 20), _run(TUNED, 1, 60), _run(OURS, 2, 10)]
KERNELS = [
    KernelRun("MinHash", "this project", 50, ""),
    KernelRun("MinHash", "rensa", 10, ""),
    KernelRun("limit", "copy", 9000, ""),
]


def test_ratios_are_taken_within_a_round_and_kernels_beside_their_own() -> None:
    rows = {row[0]: row for row in pipelines_table(RUNS).rows}
    assert [rows[name][4] for name in (OURS, TUNED, STOCK)] == ["1.0", "3.5", "20.0"]
    assert rows[OURS][2:4] == ("10.0", "1.00")
    growing = [*RUNS, _run(OURS, 0, 1.25, 1_250_000), _run(OURS, 1, 2.5, 2_500_000)]
    assert growth_table(growing, OURS).name.startswith("Growth: exponent 1.00 over 3 sizes")
    assert [row[3] for row in kernels_table(KERNELS).rows] == ["1.00", "5.00", ""]


def test_the_report_names_what_was_not_measured_and_the_plot_is_drawn(tmp_path: Path) -> None:
    measured = Measured(
        num_bytes=10_000_000,
        num_documents=10,
        workers=2,
        tokenizer="none",
        peers=peer_environment.packages(),
        failures={TUNED: "no wheel"},
        pipelines=[run for run in RUNS if run.system == OURS],
        growing=[_run(OURS, 0, 1.25, 1_250_000)],
        kernels=KERNELS,
        cleaning="",
        tables=[],
    )
    assert "Not measured: datatrove, tuned.** no wheel" in markdown(measured)
    write_json(measured, tmp_path / "results.json")
    assert orjson.loads((tmp_path / "results.json").read_bytes())["pipelines"][1]["cost"]["cpu_seconds"] == 20
    draw(measured, tmp_path / "a.svg")
    draw(measured, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_an_environment_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = peer_environment.make(tmp_path / "file" / "peers")
    assert made.python is None
    assert "file" in made.why_not


@pytest.mark.slow
def test_the_peers_run_on_the_same_files_and_the_quicker_tokenizers_give_the_same_ids(
    generated: list[Document], corpus: Path, tokenizer: BenchTokenizer, tmp_path: Path
) -> None:
    folder = ROOT / "var" / "bench" / "peers"
    if not (folder / "installed").is_file():
        pytest.skip(f"the peers are not installed in {folder}; `make bench-curation` installs them")
    peers = peer_environment.make(folder).python
    failures: dict[str, str] = {}
    runs = run_in_turns(systems(peers, tokenizer, 2, 1, 1), corpus / "documents", tmp_path / "runs", failures)
    assert failures == {}
    assert {run.system: run.counts["read"] for run in runs} == dict.fromkeys((OURS, TUNED, STOCK), NUM_DOCS)
    assert all(run.counts["tokens"] > 0 for run in runs)
    write_texts(generated[:20], 10**9, tmp_path / "texts.parquet")
    found = run_kernels(peers, tmp_path / "texts.parquet", tokenizer, 1, failures)
    assert failures == {}
    assert {run.results for run in found if run.system in ("fastokens", "gigatoken")} == {"the same ids for all 20 texts"}
    assert all(run.mb_per_cpu_second > 0 for run in found)
