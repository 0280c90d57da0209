"""The base model with a row of its embeddings for every token of an extended tokenizer."""
# V vocabulary  H hidden

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.errors import OperatorError
from latamgpt.training.weights import read_shapes_of

if TYPE_CHECKING:
    from torch import Tensor

EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight")  # into the model, and out of it where that is another matrix
TOKENIZER_NAME = "tokenizer.json"
ROWS_MULTIPLE = 64  # accelerators multiply matrices in tiles of this length

Pieces = dict[int, tuple[int, ...]]
"""New id -> the ids of the base that its text had before."""


def read_pieces(base: Path, extended: Path) -> Pieces:
    """What each token of the `extended` tokenizer.json that the `base`'s lacks is made of."""
    before, after = (orjson.loads(path.read_bytes())["model"] for path in (base, extended))
    pieces: Pieces = {}
    for merge in after.get("merges", ())[len(before.get("merges", ())) :]:
        parts = merge.split(" ") if isinstance(merge, str) else merge
        ids = [after["vocab"][part] for part in parts]
        pieces[after["vocab"]["".join(parts)]] = tuple(piece for part in ids for piece in pieces.get(part, (part,)))
    return pieces


def extend_model(base: Path, tokenizer: Path, folder: Path) -> Path:
    """Where a model lies that has a row for every token: `base` itself where it has them, or `folder`, made anew from it.

    A new token's row is the mean of its pieces' rows, in double precision and rounded once; the rows that fill the matrix up to a
    multiple of 64 are the mean of all, so that they are never likely. Nothing else of the model changes: files of weights without
    embeddings are links to the base's.

    Raises:
        OperatorError: no weight of the base is a matrix of embeddings.
    """
    pieces = read_pieces(base / TOKENIZER_NAME, tokenizer / TOKENIZER_NAME)
    if not pieces:
        return base
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    config = orjson.loads((base / "config.json").read_bytes())
    num_rows = max(config["vocab_size"], _fill_up(max(pieces) + 1))
    num_extended = 0
    for path in sorted(base.iterdir()):
        if path.suffix == ".safetensors":
            num_extended += _extend_file(path, draft / path.name, pieces, num_rows)
        elif path.name != "config.json":
            (draft / path.name).symlink_to(path.resolve())
    if not num_extended:
        raise OperatorError(
            f"{base} holds no weight that ends in {' or '.join(EMBEDDINGS)}: new tokens would have no row in it. Set "
            "tokenizer.extension.num_tokens to 0, or take a model of the Llama family."
        )
    (draft / "config.json").write_bytes(orjson.dumps(config | {"vocab_size": num_rows}, option=orjson.OPT_INDENT_2))
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return folder


def extend_rows(matrix_VH: "Tensor", pieces: Pieces, num_rows: int) -> "Tensor":
    """The matrix with rows for new tokens: a mean of the rows of each one's pieces; of all rows where an id has no token."""
    import torch

    kind = matrix_VH.dtype
    added_VH = matrix_VH.mean(dim=0, dtype=torch.float64).to(kind).expand(num_rows - len(matrix_VH), -1)
    longer_VH = torch.cat([matrix_VH, added_VH])
    for new, parts in pieces.items():
        longer_VH[new] = matrix_VH[list(parts)].mean(dim=0, dtype=torch.float64).to(kind)
    return longer_VH


def _extend_file(source: Path, target: Path, pieces: Pieces, num_rows: int) -> int:
    """How many matrices of embeddings the file has; one without is linked to."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    found = [name for name in read_shapes_of(source) if name.endswith(EMBEDDINGS)]
    if not found:
        target.symlink_to(source.resolve())
        return 0
    tensors = load_file(source)
    for name in found:
        tensors[name] = extend_rows(tensors[name], pieces, num_rows)
    save_file(tensors, target, metadata={"format": "pt"})
    return len(found)


def _fill_up(num_rows: int) -> int:
    return -(-num_rows // ROWS_MULTIPLE) * ROWS_MULTIPLE
