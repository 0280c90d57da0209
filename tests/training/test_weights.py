"""What is exported is what was given, bit for bit, or nothing is."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from latamgpt.errors import OperatorError
from latamgpt.training.weights import must_hold

WEIGHTS = {"a": torch.tensor([1.0, -0.0, float("nan")]), "b": torch.ones(2, 3, dtype=torch.bfloat16)}


def test_a_file_that_holds_the_given_tensors_passes(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "model.safetensors")
    must_hold(tmp_path / "model.safetensors", WEIGHTS)


@pytest.mark.parametrize(
    "other",
    [
        WEIGHTS | {"a": torch.tensor([1.0, 0.0, float("nan")])},
        WEIGHTS | {"b": torch.ones(3, 2, dtype=torch.bfloat16)},
        WEIGHTS | {"b": torch.ones(2, 3, dtype=torch.float16)},
        {"b": WEIGHTS["b"]},
        WEIGHTS | {"c": torch.ones(1)},
    ],
    ids=["a sign", "a shape", "a type", "one missing", "one too many"],
)
def test_any_other_tensor_refuses_the_file(tmp_path: Path, other: dict[str, torch.Tensor]) -> None:
    save_file(other, tmp_path / "model.safetensors")
    with pytest.raises(OperatorError, match=r"does not hold the weights .*: 1 of 2 tensors differ"):
        must_hold(tmp_path / "model.safetensors", WEIGHTS)


def test_a_flipped_bit_in_the_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(WEIGHTS, path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(OperatorError, match="1 of 2 tensors differ"):
        must_hold(path, WEIGHTS)
