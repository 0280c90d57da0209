"""A batch that is refused changes no bit, whatever DeepSpeed does with weights, gradients and optimizer."""

from pathlib import Path

import orjson
import pytest

from latamgpt.launch.local import run_processes
from latamgpt.launch.site import Site
from latamgpt.params import Params
from latamgpt.training.kernels import pinned_environment


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_refused_step_changes_no_bit_at_any_zero_stage_and_precision(base_folder: Path, small: Params, tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    run_processes(
        Site(processes=2),
        "tests.training.guarded_process",
        [str(base_folder), small.checkpoint.model_dump_json(), str(output)],
        pinned_environment(small.checkpoint.precision, 1),
        tmp_path / "guarded.log",
        processes=2,
    )
    found = orjson.loads(output.read_bytes())
    assert len(found) == 5
    for variant, measured in found.items():
        loss, norm = measured.pop("refused")
        assert 5 < loss < 7, variant
        assert 0.1 < norm < 10, variant
        assert measured == {
            "loss_is_finite": True,
            "norm_is_finite": False,
            "unchanged": True,
            "as_if_never_seen": True,
            "changes_when_taken": True,
            "is_sound": [True, False],
        }, variant
