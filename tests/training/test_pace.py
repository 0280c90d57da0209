"""Tokens per second and MFU: worked out by hand."""

import pytest

from latamgpt.training.pace import Pace, pace_of, peak_of


def test_mfu_is_model_flops_over_the_peak_of_all_ranks() -> None:
    peak = peak_of("NVIDIA H200", num_ranks=8, threads=12)
    assert peak == 8 * 989e12
    rates = Pace(flops_per_token=6 * 70_000_000_000, peak_flops_per_second=peak).rates(8_000, 1.0)
    assert rates == {"perf/tokens_per_s": 8_000.0, "perf/mfu": pytest.approx(8_000 * 42e10 / (8 * 989e12))}


def test_peak_of_a_cpu_grows_with_its_threads() -> None:
    assert peak_of("cpu", num_ranks=2, threads=1) == peak_of("cpu", num_ranks=1, threads=2)


def test_hardware_that_is_not_in_the_table_claims_no_mfu() -> None:
    assert peak_of("NVIDIA Z9", 1, 1) is None
    assert Pace(6, None).rates(10, 2.0) == {"perf/tokens_per_s": 5.0}


def test_pace_counts_every_parameter_of_the_model() -> None:
    import torch

    assert pace_of(torch.nn.Linear(3, 5), 1, 2).flops_per_token == 6 * (3 * 5 + 5)
