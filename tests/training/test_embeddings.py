"""New tokens get rows in the model, and nothing that it knew changes."""

import shutil
from pathlib import Path

import orjson
import pytest
from tokenizers import Tokenizer

from latamgpt.errors import OperatorError
from latamgpt.tokens.extension import with_merges
from latamgpt.training.embeddings import extend_model, extend_rows, read_pieces
from tests.training.conftest import TEXTS

BASE_SIZE = 384


@pytest.fixture
def extended(base_folder: Path, tmp_path: Path) -> Path:
    """The base's tokenizer with three more tokens, the last one made of the first."""
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    shutil.copyfile(base_folder / "tokenizer_config.json", folder / "tokenizer_config.json")
    config = (base_folder / "tokenizer.json").read_bytes()
    vocabulary = orjson.loads(config)["model"]["vocab"]
    x, y, z = (vocabulary[letter] for letter in "XYZ")
    (folder / "tokenizer.json").write_bytes(with_merges(config, BASE_SIZE, [(x, y), (z, z), (BASE_SIZE, z)]))
    return folder


def load(folder: Path):  # noqa: ANN201
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder)


def test_pieces_go_down_to_the_bases_tokens(base_folder: Path, extended: Path) -> None:
    x, y, z = (Tokenizer.from_file(str(base_folder / "tokenizer.json")).token_to_id(letter) for letter in "XYZ")
    pieces = read_pieces(base_folder / "tokenizer.json", extended / "tokenizer.json")
    assert pieces == {384: (x, y), 385: (z, z), 386: (x, y, z)}


def test_model_says_of_the_old_tokens_what_it_said_before(base_folder: Path, extended: Path, tmp_path: Path) -> None:
    import torch

    before, after = load(base_folder), load(extend_model(base_folder, extended, tmp_path / "model"))
    ids = torch.tensor([Tokenizer.from_file(str(extended / "tokenizer.json")).encode(TEXTS["es"]).ids])
    with torch.inference_mode():
        old_BTV, new_BTV = before(ids).logits, after(ids).logits
    assert after.config.vocab_size == new_BTV.shape[-1] == 448  # the next multiple of 64
    torch.testing.assert_close(new_BTV[..., :BASE_SIZE], old_BTV, rtol=1e-6, atol=1e-6)
    pieces = read_pieces(base_folder / "tokenizer.json", extended / "tokenizer.json")
    for new, parts in pieces.items():
        torch.testing.assert_close(new_BTV[..., new], old_BTV[..., list(parts)].mean(-1), rtol=1e-4, atol=1e-5)


def test_rows_are_the_means_of_their_pieces_and_the_rest_the_mean_of_all() -> None:
    import torch

    matrix = torch.tensor([[1.0, 0.0], [3.0, 4.0], [5.0, 8.0]], dtype=torch.bfloat16)
    longer = extend_rows(matrix, {3: (0, 1), 4: (1, 1, 2)}, 6)
    assert longer.dtype == torch.bfloat16
    third = torch.tensor([[11 / 3, 16 / 3]], dtype=torch.float64).to(torch.bfloat16).tolist()
    assert longer.tolist() == [*matrix.tolist(), [2.0, 2.0], *third, [3.0, 4.0]]


def test_a_base_with_all_tokens_is_taken_as_it_is(base_folder: Path, tmp_path: Path) -> None:
    assert extend_model(base_folder, base_folder, tmp_path / "model") == base_folder
    assert not (tmp_path / "model").exists()


def test_same_inputs_give_the_same_bytes_over_an_older_attempt(base_folder: Path, extended: Path, tmp_path: Path) -> None:
    first = extend_model(base_folder, extended, tmp_path / "first")
    (tmp_path / "second.draft").mkdir()
    second = extend_model(base_folder, extended, tmp_path / "second")
    again = extend_model(base_folder, extended, tmp_path / "second")
    for name in ("model.safetensors", "config.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes() == (again / name).read_bytes()
    assert not (tmp_path / "second.draft").exists()


def test_of_a_model_in_parts_only_those_with_embeddings_are_written_anew(
    base_folder: Path, extended: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    base = tmp_path / "sharded"
    shutil.copytree(base_folder, base)
    tensors = load_file(base / "model.safetensors")
    (base / "model.safetensors").unlink()
    embeddings = {"model.embed_tokens.weight": tensors.pop("model.embed_tokens.weight")}
    embeddings["lm_head.weight"] = 2 * embeddings["model.embed_tokens.weight"]
    save_file(embeddings, base / "model-00001-of-00002.safetensors", metadata={"format": "pt"})
    save_file(tensors, base / "model-00002-of-00002.safetensors", metadata={"format": "pt"})
    folder = extend_model(base, extended, tmp_path / "model")
    assert (folder / "model-00002-of-00002.safetensors").is_symlink()
    assert not (folder / "model-00001-of-00002.safetensors").is_symlink()
    found = load_file(folder / "model-00001-of-00002.safetensors")
    assert torch.equal(found["lm_head.weight"], 2 * found["model.embed_tokens.weight"])


def test_a_model_without_embeddings_by_their_name_is_refused(base_folder: Path, extended: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    base = tmp_path / "other"
    shutil.copytree(base_folder, base)
    save_file({"transformer.wte": torch.zeros(2, 2)}, base / "model.safetensors")
    with pytest.raises(OperatorError, match="holds no weight that ends in embed_tokens.weight or lm_head.weight"):
        extend_model(base, extended, tmp_path / "model")
