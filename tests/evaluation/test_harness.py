"""The process that scores is pinned, whatever its caller's environment says."""

import os

import pytest

from latamgpt.evaluation.harness import pin_process
from latamgpt.params import Precision


def test_pinned_environment_overrides_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "OMP_NUM_THREADS": "7", "ATEN_CPU_CAPABILITY": "default"})
    pin_process(Precision.FP32)
    assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("2", "2")
    assert os.environ["ATEN_CPU_CAPABILITY"] == "avx2"
