"""A workspace in which the stages before training were published: a fresh base, shards and a mixture of two languages."""

import os
import shutil
from pathlib import Path

import pytest

from latamgpt.params import Params, read_params
from latamgpt.records import HELD_OUT_SCHEMA, MIXTURE_SCHEMA, TOKEN_SHARD_SCHEMA, Report
from latamgpt.shards import token_type, write_shard
from latamgpt.store import Workspace, rows_to_table, write_report
from latamgpt.table_format import write_table

VOCAB_SIZE = 49_152
ROOT = Path(__file__).parent.parent.parent
PARTNERS = ("academia-quechua", "biblioteca-araucania")
TEXTS = {
    "que": "Llapan runakuna qispisqam paqarinku, allin kawsaypi hinallataq derechonkunapi kaqlla. ",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y tienen razón y conciencia. ",
}


@pytest.fixture(scope="session")
def small() -> Params:
    """A training of some thirty steps on a model of a hundred thousand parameters."""
    sizes = {
        "seq_len_tokens": 32,
        "batch_sequences": 4,
        "micro_batch_sequences": 2,
        "save_every_steps": 2,
        "evaluate_every_steps": 3,
        "evaluate_tokens": 64,
    }
    params = read_params(ROOT, "tiny")
    return params.model_copy(update={"partners": PARTNERS, "checkpoint": params.checkpoint.model_copy(update=sizes)})


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama with fresh weights and a tokenizer that knows the two texts."""
    folder = tmp_path_factory.mktemp("base")
    make_base(folder)
    return folder


def make_base(folder: Path) -> None:
    """Fill a folder with that base."""
    from latamgpt.training.tiny_model import end_of_text, make_model, train_tokenizer
    from latamgpt.training.weights import save_model

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch

    tiny = read_params(ROOT, "tiny").base_model.tiny
    assert tiny is not None
    sizes = tiny.model_copy(update={"hidden_size": 64, "num_layers": 2, "num_heads": 2, "vocab_size": 384})
    tokenizer = train_tokenizer(list(TEXTS.values()), sizes.vocab_size)
    torch.manual_seed(sizes.seed)
    model = make_model(sizes, end_of_text(tokenizer))
    save_model(folder, model, model.state_dict(), "float32")
    tokenizer.save_pretrained(folder)


@pytest.fixture
def ready(tmp_path: Path, base_folder: Path) -> Workspace:
    """All inputs of the checkpoint stage, published."""
    return make_ready(tmp_path / "ready", base_folder)


def make_ready(root: Path, base_folder: Path, given: list[dict[str, object]] | None = None) -> Workspace:
    """A workspace with all inputs of the checkpoint stage: of these pieces, or of `make_pieces`."""
    workspace = Workspace(root)
    for name in ("sites", "partners"):
        shutil.copytree(ROOT / name, root / name)
    with workspace.publish("base_model") as folder:
        shutil.copytree(base_folder, folder, dirs_exist_ok=True)
        write_report(folder, Report(stage="base_model", summary="base", counts={"num_parameters": 100_000}))
    with workspace.publish("tokenizer") as folder:
        for path in base_folder.glob("tokenizer*"):
            shutil.copyfile(path, folder / path.name)
        write_report(folder, Report(stage="tokenizer", summary="tokenizer"))
    pieces = given or make_pieces(base_folder)
    with workspace.publish("token_shards") as folder:
        write_shard(folder / "train" / "00000.parquet", pieces, TOKEN_SHARD_SCHEMA, token_type(VOCAB_SIZE))
        held_out = [{**piece, "doc_id": f"held-{piece['doc_id']}", "text": ""} for piece in pieces[:2] + pieces[-2:]]
        write_shard(folder / "held_out" / "00000.parquet", held_out, HELD_OUT_SCHEMA, token_type(VOCAB_SIZE))
        write_report(folder, Report(stage="token_shards", summary="shards"))
    publish_mixture(workspace, pieces)
    for name in ("shards_gate", "mixture_gate", "training_quote"):
        with workspace.publish(name) as folder:
            write_report(folder, Report(stage=name, summary="passed"))
    return workspace


def make_pieces(base: Path) -> list[dict[str, object]]:
    """Sixty documents of each language, of several lengths, under agreements that permit training."""
    from transformers import PreTrainedTokenizerFast

    from latamgpt.registry.partners import read_institution

    tokenizer = PreTrainedTokenizerFast.from_pretrained(base)
    pieces: list[dict[str, object]] = []
    for partner, language in zip(PARTNERS, ("que", "es"), strict=True):
        institution = read_institution(ROOT, partner)
        agreement = next(a for a in institution.agreements if "train" in a.purposes)
        for number in range(60):
            text = TEXTS[language] * (1 + number % 3)
            tokens = [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
            pieces.append(
                {
                    "doc_id": f"{language}-{number:02}",
                    "partner": partner,
                    "agreement": agreement.id,
                    "licence": agreement.licence,
                    "country": institution.country,
                    "language": language,
                    "variety": language,
                    "piece": 0,
                    "tokens": tokens,
                    "num_bytes": len(text.encode()),
                }
            )
    return pieces


def publish_mixture(workspace: Workspace, pieces: list[dict[str, object]]) -> None:
    """The pieces in a mixed order, each once."""
    order = sorted(range(len(pieces)), key=lambda row: (row * 7 % len(pieces), row))
    rows = [
        {
            "position": position,
            "doc_id": pieces[row]["doc_id"],
            "language": pieces[row]["language"],
            "shard": "train/00000.parquet",
            "row": row,
            "epoch": 0,
            "is_replay": False,
            "num_tokens": len(pieces[row]["tokens"]),
        }
        for position, row in enumerate(order)
    ]
    with workspace.publish("mixture") as folder:
        write_table(folder / "mixture.parquet", rows_to_table(rows, MIXTURE_SCHEMA))
        write_report(
            folder, Report(stage="mixture", summary="mixture", counts={"num_tokens": sum(r["num_tokens"] for r in rows)})
        )
