"""Saving a model as transformers loads it: config, one safetensors file, no pickle anywhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.errors import OperatorError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

WEIGHTS_NAME = "model.safetensors"


def save_model(folder: Path, model: "PreTrainedModel", weights: "dict[str, Tensor]", dtype: str) -> None:
    """Write config.json, generation_config.json and model.safetensors, which is read back; the same weights give the same bytes.

    `weights` are the model's, whole, on any device; `dtype` is torch's name of the format on disk, such as 'bfloat16'. Where
    input and output embeddings are one, they are written once. (Not `save_pretrained`: it imports DeepSpeed, 4 s, in search of
    wrappers.)

    Raises:
        OperatorError: what was written does not read back the same.
    """
    import torch
    from safetensors.torch import save_file  # noqa: PLC0415

    tied = {"lm_head.weight"} if model.config.tie_word_embeddings else set[str]()
    kind: torch.dtype = getattr(torch, dtype)
    tensors = {name: weights[name].detach().to("cpu", kind).contiguous() for name in sorted(weights) if name not in tied}
    save_file(tensors, folder / WEIGHTS_NAME, metadata={"format": "pt"})
    (folder / WEIGHTS_NAME).chmod(0o644)  # safetensors makes files that only their owner may read
    must_hold(folder / WEIGHTS_NAME, tensors)
    model.config.dtype = kind
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)


def must_hold(path: Path, tensors: "Mapping[str, Tensor]") -> None:
    """Read a safetensors file back, and refuse it unless it holds these tensors, bit for bit, and no others.

    Raises:
        OperatorError: it does not.
    """
    import torch
    from safetensors import safe_open  # noqa: PLC0415

    with safe_open(path, "pt") as stream:
        odd = set(stream.keys()) ^ set(tensors)
        for name in set(tensors) - odd:
            written, given = stream.get_tensor(name), tensors[name]
            is_alike = written.dtype == given.dtype and written.shape == given.shape
            if not is_alike or not torch.equal(_bytes(written), _bytes(given)):
                odd.add(name)
    if odd:
        raise OperatorError(
            f"{path} does not hold the weights that were written to it: {len(odd)} of {len(tensors)} tensors differ, such as "
            f"{min(odd)}. Whoever loads it would not get what was trained. Nothing was published. Look at the disk, then run the "
            "command again: it goes on from the last state."
        )


def _bytes(tensor: "Tensor") -> "Tensor":
    import torch

    return tensor.contiguous().view(-1).view(torch.uint8)  # as bytes: two NaN are alike, 0.0 and -0.0 are not


def read_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor in a folder's safetensors files, from their headers alone.

    Raises:
        OperatorError: the folder holds none, or a file ends before its tensors do.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        shapes |= read_shapes_of(path)
    if not shapes:
        raise OperatorError(f"{folder} holds no .safetensors file: there are no weights to use. Fetch the model again.")
    return shapes


def read_shapes_of(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor in one safetensors file.

    Raises:
        OperatorError: it ends before its tensors do.
    """
    with path.open("rb") as stream:
        num_header_bytes = int.from_bytes(stream.read(8), "little")
        header = orjson.loads(stream.read(num_header_bytes))
    header.pop("__metadata__", None)
    end = 8 + num_header_bytes + max((tensor["data_offsets"][1] for tensor in header.values()), default=0)
    if path.stat().st_size != end:
        raise OperatorError(f"{path} has {path.stat().st_size:,} bytes, its header says {end:,}: it was cut off. Fetch it again.")
    return {name: tuple(tensor["shape"]) for name, tensor in header.items()}
