"""Memory: as DeepSpeed's own estimators have it, and with advice where it does not fit."""

import dataclasses
from itertools import product

import pytest

from latamgpt.budget.memory import Layout, Shape, fitting, is_possible, memory_of, must_fit
from latamgpt.errors import OperatorError
from latamgpt.params import Activations, Offload

GIB = 1 << 30
SMALL = Shape(134_515_008, 30, 576, 49_152, 256, 4)
MIDDLE = Shape(8_030_261_248, 32, 4096, 128_256, 8192, 1)
LARGE = Shape(70_553_706_496, 80, 8192, 128_256, 8192, 1)
CLUSTER = Layout(zero_stage=3, ranks_per_node=8, nodes=12)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_model_states_are_what_deepspeed_s_estimators_say() -> None:
    from deepspeed.runtime.zero.stage3 import estimate_zero3_model_states_mem_needs as zero_3
    from deepspeed.runtime.zero.stage_1_and_2 import estimate_zero2_model_states_mem_needs as zero_2

    for shape, (ranks, nodes) in product((SMALL, MIDDLE, LARGE), ((1, 1), (2, 1), (8, 1), (8, 12))):
        for is_offloaded in (False, True):
            layout = Layout(2, ranks, nodes, Offload.OPTIMIZER if is_offloaded else Offload.NOTHING)
            host, rank = zero_2(shape.num_parameters, ranks, nodes, cpu_offload=is_offloaded)
            assert memory_of(shape, layout).states * GIB == rank
            assert not is_offloaded or memory_of(shape, layout).host * GIB == host
        for offload in Offload:
            host, rank, _ = zero_3(
                *(shape.num_parameters, shape.largest_layer, ranks, nodes),
                cpu_offload=offload is not Offload.NOTHING,
                cpu_offload_params=offload is Offload.PARAMETERS,
            )
            need = memory_of(shape, Layout(3, ranks, nodes, offload))
            assert need.states * GIB == rank
            assert offload is Offload.NOTHING or need.host * GIB == pytest.approx(host, abs=1)


@pytest.mark.parametrize("shape", [SMALL, MIDDLE, LARGE])
def test_every_zero_stage_holds_less_than_the_one_before(shape: Shape) -> None:
    states = [memory_of(shape, dataclasses.replace(CLUSTER, zero_stage=stage)).states for stage in range(4)]
    assert states == sorted(states, reverse=True)
    assert states[0] == pytest.approx(20 * shape.num_parameters / GIB)


def test_the_largest_layer_of_a_small_model_is_its_embedding() -> None:
    assert SMALL.largest_layer == 49_152 * 576
    assert LARGE.largest_layer == 128_256 * 8192
    assert dataclasses.replace(LARGE, vocab_size=1000).largest_layer == (70_553_706_496 - 1000 * 8192) // 80


def test_activations_grow_with_positions_and_shrink_when_they_are_recomputed() -> None:
    kept = memory_of(LARGE, CLUSTER).activations
    assert kept == pytest.approx(34 * 8192 * 8192 * 80 / GIB)
    assert memory_of(dataclasses.replace(LARGE, micro_batch_sequences=2), CLUSTER).activations == pytest.approx(2 * kept)
    recomputed = memory_of(LARGE, dataclasses.replace(CLUSTER, activations=Activations.RECOMPUTED)).activations
    assert recomputed == pytest.approx((2 * 80 + 34) * 8192 * 8192 / GIB)


def test_single_precision_holds_no_second_copy_of_the_weights() -> None:
    single = dataclasses.replace(SMALL, is_half=False)
    alone = Layout(zero_stage=0, ranks_per_node=1)
    assert memory_of(single, alone).states == pytest.approx(16 * SMALL.num_parameters / GIB)
    assert memory_of(single, alone).activations == 2 * memory_of(SMALL, alone).activations
    spread = [memory_of(single, Layout(stage, 8)).states * GIB / SMALL.num_parameters for stage in range(3)]
    assert spread == pytest.approx([16, 9, 5.5])


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    with pytest.raises(OperatorError) as error:
        must_fit(LARGE, CLUSTER, 139, "h200")
    said = str(error.value)
    assert "ZeRO 3 over 96 ranks, activations kept needs 196.0 GiB on each rank" in said
    assert "one h200 has 139.0" in said
    assert "nothing was started. These would fit: ZeRO 3 over 96 ranks, activations recomputed (38.1 GiB)" in said


def test_what_fits_nowhere_is_said_to() -> None:
    with pytest.raises(OperatorError, match="No ZeRO stage, offload or number of ranks up to 1,024 fits"):
        must_fit(LARGE, CLUSTER, 1, "h200")


def test_advice_is_possible_and_fits_and_begins_with_what_changes_least() -> None:
    asked = Layout(zero_stage=0, ranks_per_node=8)
    advice = list(fitting(MIDDLE, asked, 78))
    assert advice[0] == dataclasses.replace(asked, zero_stage=2)
    for layout in advice:
        assert is_possible(layout)
        assert memory_of(MIDDLE, layout).rank <= 78
