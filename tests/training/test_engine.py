"""What must come out the same: every ZeRO stage, one process or several, and whatever is kept, recomputed or offloaded."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from latamgpt.launch.local import run_processes
from latamgpt.launch.site import Site
from latamgpt.params import CheckpointParams, Params
from latamgpt.training.engine import deepspeed_config
from latamgpt.training.kernels import pinned_environment
from latamgpt.training.passes import micro_batch_size
from tests.training.losses_process import Order, Orders

Losses = dict[str, list[str]]
SAVED = (1, 3)  # ZeRO stages whose parts one number of processes saves and another takes up
AVERAGED = {"averaging": {"decay": 0.5, "publish": "average"}}


def run_orders(base: Path, folder: Path, processes: int, orders: list[Order]) -> Losses:
    """What each of the orders printed, under its name."""
    asked, output = folder / f"orders-{processes}.json", folder / f"losses-{processes}.json"
    for order in orders:
        if order.save:
            Path(order.save).mkdir()
    asked.write_text(Orders(base=str(base), output=str(output), orders=tuple(orders)).model_dump_json())
    run_processes(
        Site(processes=processes),
        "tests.training.losses_process",
        [str(asked)],
        pinned_environment(orders[0].params.precision, 1),
        folder / "losses.log",
        processes=processes,
    )
    return orjson.loads(output.read_bytes())


def order(given: CheckpointParams, name: str, *, save: str = "", begin: str = "", **changes: object) -> Order:
    return Order(name=name, save=save, begin=begin, params=CheckpointParams.model_validate({**given.model_dump(), **changes}))


def numbers(lines: list[str]) -> list[float]:
    return [float.fromhex(word) for line in lines for word in line.split()]


@pytest.fixture(scope="module")
def unclipped(small: Params) -> CheckpointParams:
    """The stages sum the gradient's norm in other precisions, and clipping would bring that into the weights."""
    return small.checkpoint.model_copy(update={"max_grad_norm": 1000.0})


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one number of processes leaves what another goes on with."""
    return tmp_path_factory.mktemp("states")


@pytest.fixture(scope="module")
def alone(
    base_folder: Path, small: Params, unclipped: CheckpointParams, states: Path, tmp_path_factory: pytest.TempPathFactory
) -> Losses:
    """One process, in many ways."""
    orders = [
        *(order(unclipped, f"zero {stage}", zero_stage=stage) for stage in range(4)),
        *(order(unclipped, f"recomputed {stage}", zero_stage=stage, activations="recomputed") for stage in (1, 3)),
        *(order(unclipped, f"offload {stage}", zero_stage=stage, offload="optimizer") for stage in (1, 2)),
        order(unclipped, "offload 3", zero_stage=3, offload="parameters"),
        order(unclipped, "varlen", attention="varlen"),
        order(unclipped, "goldfish", goldfish={"drop_every": 3, "context_tokens": 2}),
        order(small.checkpoint, "clipped"),
        order(unclipped, "average 0", zero_stage=0, **AVERAGED),
        *(
            order(unclipped, f"average {stage}", zero_stage=stage, save=str(states / f"of-one-{stage}"), **AVERAGED)
            for stage in SAVED
        ),
        *(
            order(unclipped, f"again {stage}", zero_stage=stage, begin=str(states / f"of-one-{stage}"), **AVERAGED)
            for stage in SAVED
        ),
    ]
    return run_orders(base_folder, tmp_path_factory.mktemp("alone"), 1, orders)


@pytest.fixture(scope="module")
def together(
    alone: Losses,
    base_folder: Path,
    small: Params,
    unclipped: CheckpointParams,
    states: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Losses:
    """Two processes: from the start, and from where one process was half way."""
    orders = [
        order(small.checkpoint, "clipped"),
        *(
            order(unclipped, f"average {stage}", zero_stage=stage, save=str(states / f"of-two-{stage}"), **AVERAGED)
            for stage in SAVED
        ),
        *(
            order(unclipped, f"went on {stage}", zero_stage=stage, begin=str(states / f"of-one-{stage}"), **AVERAGED)
            for stage in SAVED
        ),
    ]
    return run_orders(base_folder, tmp_path_factory.mktemp("together"), 2, orders)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_zero_stages_have_the_same_losses(alone: Losses) -> None:
    computed = [[line.split()[0] for line in alone[f"zero {stage}"]] for stage in range(4)]
    assert computed[0] == computed[1] == computed[2]
    third = pytest.approx(
        numbers(computed[3][:-1]), rel=1e-6
    )  # its optimizer goes through each weight alone: their last bits differ
    assert numbers(computed[0])[:-1] == third
    norms = [[float.fromhex(line.split()[1]) for line in alone[f"zero {stage}"][:-1]] for stage in range(4)]
    assert norms[1] == norms[2] == pytest.approx(norms[3], rel=1e-6)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_is_recomputed_or_offloaded_has_the_same_bits(alone: Losses) -> None:
    for stage in (1, 3):
        assert alone[f"recomputed {stage}"] == alone[f"zero {stage}"]
    for stage in (1, 2, 3):
        assert numbers(alone[f"offload {stage}"]) == pytest.approx(numbers(alone[f"zero {stage}"]), rel=1e-7)
        assert [line.split()[0] for line in alone[f"offload {stage}"]] == [line.split()[0] for line in alone[f"zero {stage}"]]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_attention_without_a_table_computes_what_the_table_does(alone: Losses) -> None:
    assert numbers(alone["varlen"]) == pytest.approx(numbers(alone["zero 1"]), rel=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_goldfish_loss_is_another_loss_and_the_average_is_between_base_and_end(alone: Losses) -> None:
    goldfish, plain = numbers(alone["goldfish"]), numbers(alone["zero 1"])
    assert goldfish[0] != plain[0]
    assert goldfish[0] == pytest.approx(plain[0], rel=0.05)
    averages = [alone[f"average {stage}"] for stage in (0, 1, 3)]
    assert averages[0][-1] == averages[1][-1], "the sum of the published weights"
    assert numbers(averages[1]) == pytest.approx(numbers(averages[2]), rel=1e-4)
    assert averages[1][:-1] == alone["zero 1"][:-1]
    assert averages[1][-1] != alone["zero 1"][-1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_several_processes_compute_what_one_does(
    alone: Losses, together: Losses, base_folder: Path, small: Params, tmp_path: Path
) -> None:
    assert (small.checkpoint.batch_sequences, small.checkpoint.micro_batch_sequences) == (4, 2)
    assert [deepspeed_config(small.checkpoint, ranks)["gradient_accumulation_steps"] for ranks in (1, 2, 3)] == [2, 1, 1]
    three = run_orders(base_folder, tmp_path, 3, [order(small.checkpoint, "clipped")])["clipped"]
    one = alone["clipped"]
    assert one == together["clipped"]
    assert numbers(three) == pytest.approx(numbers(one), rel=1e-6), "four sequences over three processes: two rows are empty"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_goes_on_with_another_number_of_processes(
    alone: Losses, together: Losses, states: Path, base_folder: Path, unclipped: CheckpointParams, tmp_path: Path
) -> None:
    asked = [
        order(unclipped, f"went on {stage}", zero_stage=stage, begin=str(states / f"of-two-{stage}"), **AVERAGED)
        for stage in SAVED
    ]
    back = run_orders(base_folder, tmp_path, 1, asked)
    for stage in SAVED:
        unbroken = alone[f"average {stage}"][3:]
        assert alone[f"again {stage}"] == unbroken, "the same number: the same bits"
        for losses in (together, back):
            found, wanted = numbers(losses[f"went on {stage}"]), numbers(unbroken)
            assert np.allclose(found[:-1], wanted[:-1], rtol=1e-6, atol=0)
            assert found[-1] == pytest.approx(wanted[-1], rel=1e-4), "a sum that is nearly zero"


@pytest.mark.parametrize(
    ("batch", "ranks", "wanted", "micro"), [(8, 1, 8, 8), (8, 2, 8, 4), (12, 2, 4, 3), (4, 4, 9, 1), (8, 3, 8, 3)]
)
def test_micro_batch_divides_a_ranks_share(batch: int, ranks: int, wanted: int, micro: int) -> None:
    assert micro_batch_size(batch, ranks, wanted) == micro
