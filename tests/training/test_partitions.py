"""A state holds all that a step needs: a fresh engine that takes it up computes the same to the last bit, at every ZeRO stage."""

from pathlib import Path

import orjson
import pytest
import torch

from latamgpt.errors import InputDamagedError
from latamgpt.launch.local import run_processes
from latamgpt.launch.site import Site
from latamgpt.params import Params, Precision
from latamgpt.training.kernels import pinned_environment
from latamgpt.training.partitions import read_partition, write_partition


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("processes", "stages"), [(1, "0,1,2,3"), (2, "1,3")])
def test_fresh_engine_goes_on_as_the_one_that_was_saved(
    base_folder: Path, small: Params, tmp_path: Path, processes: int, stages: str
) -> None:
    output = tmp_path / "found.json"
    run_processes(
        Site(processes=processes),
        "tests.training.partitions_process",
        [str(base_folder), small.checkpoint.model_dump_json(), str(output), stages],
        pinned_environment(Precision.BF16, 1),
        tmp_path / "log",
        processes=processes,
    )
    found = orjson.loads(output.read_bytes())
    assert len(found) == 2 * len(stages.split(","))
    for name, (straight, resumed) in found.items():
        assert straight == resumed, name


class PlainEngine:
    """An engine whose optimizer is torch's own, as at ZeRO 0 in fp32."""

    def __init__(self, size: int) -> None:
        self.weight = torch.nn.Parameter(torch.ones(size))
        self.optimizer = torch.optim.AdamW([self.weight])
        self.global_steps = self.global_samples = self.skipped_steps = self.micro_steps = 0


def test_state_of_another_model_is_refused() -> None:
    saved = read_partition(PlainEngine(3))  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputDamagedError, match="of another training: it differs in 2 partitions, first"):
        write_partition(PlainEngine(4), saved)  # pyright: ignore[reportArgumentType]


def test_state_from_before_the_first_step_takes_the_moments_away() -> None:
    engine = PlainEngine(3)
    saved = {name: tensor.clone() for name, tensor in read_partition(engine).items()}  # pyright: ignore[reportArgumentType]
    engine.weight.sum().backward()
    engine.optimizer.step()
    engine.global_steps = 1
    write_partition(engine, saved)  # pyright: ignore[reportArgumentType]
    assert engine.weight.tolist() == [1.0, 1.0, 1.0]
    assert not engine.optimizer.state
    assert engine.global_steps == 0
