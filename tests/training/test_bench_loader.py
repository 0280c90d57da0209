"""The loader's bench: it measures what it says, and names a peer that is not there."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts import bench_loader


def test_generated_documents_are_packed_and_every_way_of_reading_is_measured(tmp_path: Path) -> None:
    order, loader = bench_loader.prepare(tmp_path, num_shards=2, tokens_per_shard=100_000)
    assert 150_000 < order.num_tokens(order.num_sequences) < 200_000
    rates = bench_loader.measure_own(loader)
    assert len(rates) == 3
    assert all(rate > 0 for values in rates.values() for rate in values)


def test_a_peer_that_is_not_installed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat = tmp_path / "packed.uint16"
    np.zeros(bench_loader.WIDTH, np.uint16).tofile(flat)
    assert subprocess.run([sys.executable, "-c", "import streaming"], capture_output=True, check=False).returncode
    assert bench_loader.measure_peer(sys.executable, "mosaicml_streaming", flat, tmp_path / "scratch") == {}
    assert "not measured: mosaicml_streaming under" in (printed := capsys.readouterr().err)
    assert "No module named 'streaming'" in printed


def test_a_table_without_the_peer_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    rates = {"this loader, all: everything": [3e8, 1e8, 2e8]}
    bench_loader.print_rates(rates, 0.3)
    printed = capsys.readouterr().out
    assert "| this loader, all: everything | 200 | not measured |" in printed
    assert "| Llama-3.1-8B | 6,181 | 32,356 times |" in printed
