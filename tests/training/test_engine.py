"""What must come out the same: every ZeRO stage, and one process or two."""

from pathlib import Path

import orjson
import pytest

from latamgpt.launch.local import run_processes
from latamgpt.launch.site import Site
from latamgpt.params import CheckpointParams, Params
from latamgpt.training.engine import deepspeed_config
from latamgpt.training.job import micro_batch_size
from latamgpt.training.kernels import pinned_environment


def losses(base: Path, given: CheckpointParams, folder: Path, stages: str, processes: int) -> dict[str, list[str]]:
    """Of six steps the loss and the gradient norm, then the sum of all weights, in hex, per ZeRO stage."""
    output = folder / f"losses-{processes}.json"
    run_processes(
        Site(processes=processes),
        "tests.training.losses_process",
        [str(base), given.model_dump_json(), str(output), stages],
        pinned_environment(given.precision, 1),
        folder / "losses.log",
        processes=processes,
    )
    return orjson.loads(output.read_bytes())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_zero_stages_have_the_same_losses_to_the_last_bit(base_folder: Path, small: Params, tmp_path: Path) -> None:
    # Without clipping: the stages sum the gradient's norm in other precisions, and clipping would bring that into the weights.
    given = small.checkpoint.model_copy(update={"max_grad_norm": 1000.0})
    found = losses(base_folder, given, tmp_path, "0,1,2,3", processes=1)
    computed = {stage: [line.split()[0] for line in lines] for stage, lines in found.items()}
    assert computed["0"] == computed["1"] == computed["2"]
    assert computed["3"][:-1] == computed["0"][:-1]  # its optimizer goes through each weight alone: the last bits of those differ
    norms = {stage: [float.fromhex(line.split()[1]) for line in lines[:-1]] for stage, lines in found.items()}
    assert norms["1"] == norms["2"] == pytest.approx(norms["3"], rel=1e-6)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_compute_what_one_does_in_two_passes(base_folder: Path, small: Params, tmp_path: Path) -> None:
    given = small.checkpoint.model_copy(update={"batch_sequences": 4, "micro_batch_sequences": 2})
    assert deepspeed_config(given, 1)["gradient_accumulation_steps"] == 2
    assert deepspeed_config(given, 2)["gradient_accumulation_steps"] == 1
    assert losses(base_folder, given, tmp_path, "1", processes=1) == losses(base_folder, given, tmp_path, "1", processes=2)


@pytest.mark.parametrize(("batch", "ranks", "wanted", "micro"), [(8, 1, 8, 8), (8, 2, 8, 4), (12, 2, 4, 3), (4, 4, 9, 1)])
def test_micro_batch_divides_a_ranks_share(batch: int, ranks: int, wanted: int, micro: int) -> None:
    assert micro_batch_size(batch, ranks, wanted) == micro
