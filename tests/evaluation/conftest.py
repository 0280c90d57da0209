"""A base and a candidate small enough to be made in a second, published as the stages before the scorecard would."""

import os
import shutil
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from latamgpt.evaluation.items import TASKS_FOLDER
from latamgpt.params import Params
from latamgpt.records import HELD_OUT_SCHEMA, TOKEN_SHARD_SCHEMA, Report
from latamgpt.shards import token_type, write_shard
from latamgpt.store import Workspace, write_report
from latamgpt.table_format import write_table
from tests.conftest import ROOT

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

TEXTS = {
    "es": ["La casa está junto al río y los niños juegan en la orilla.", "El mercado abre temprano y cierra de noche."],
    "gug": ["Mba'éichapa reiko, che angirũ.", "Ko árape oky heta ñande retãme."],
    "en": ["The river runs beside the house.", "The market opens early."],
}
TRAINED_ON = ["Los niños van a la escuela por el camino del río.", "De noche los grillos cantan detrás de la casa de adobe."]
FEW_FILES = [TASKS_FOLDER / name for name in ("ability/arithmetic.jsonl", "culture/cl.jsonl", "culture/br.jsonl")]
ABILITY = [
    "A ship left the harbour at dawn and the gulls followed it for an hour.",
    "Bread is made of flour, water, salt and time.",
]


@pytest.fixture
def micro_params(params: Params) -> Params:
    """The parameters of the tests' run, with fewer and shorter items still."""
    fewer = {"held_out_tokens": 64, "passage_tokens": 16, "bootstrap_samples": 50, "row_tokens": 16, "batch_rows": 4}
    fewer |= {"max_items": 2, "max_ability_items": 2, "max_memorised": 2, "memorised_tokens": 4}
    return params.model_copy(update={"scorecard": params.scorecard.model_copy(update=fewer)})


@pytest.fixture
def published(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which base model, checkpoint and token shards were published, and where only a few files are asked."""
    monkeypatch.setattr("latamgpt.evaluation.questions.question_files", lambda: FEW_FILES)
    publish_model(workspace, "base_model", seed=1)
    publish_model(workspace, "checkpoint", seed=2, trained_on=len(TRAINED_ON))
    with workspace.publish("token_shards") as folder:
        rows = [described(language, n, text) for language, texts in TEXTS.items() for n, text in enumerate(texts)]
        write_shard(folder / "held_out" / "00000.parquet", rows, HELD_OUT_SCHEMA, token_type(49_152))
        write_training_shard(folder / "train" / "00000.parquet", workspace.place("checkpoint"))
        write_report(folder, Report(stage="token_shards", summary="made for a test"))
    write_ability_text(workspace.root / "samples" / "ability_text")
    (workspace.root / "partners").mkdir()
    shutil.copy(ROOT / "partners" / "academia-quechua.yaml", workspace.root / "partners")
    return workspace


def write_ability_text(folder: Path) -> None:
    folder.mkdir(parents=True)
    lines = [
        {"id": f"en-{n}", "text": text, "source": "written for this test", "licence": "CC0-1.0"} for n, text in enumerate(ABILITY)
    ]
    (folder / "en.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def write_training_shard(path: Path, checkpoint: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    rows = [described("es", 10 + n, text) | {"tokens": tokenizer.encode(text).ids} for n, text in enumerate(TRAINED_ON)]
    write_shard(path, rows, TOKEN_SHARD_SCHEMA, token_type(49_152))


def data_order(num_pieces: int) -> pa.Table:
    """What a checkpoint says that it was trained on: of each piece its first ten tokens."""
    shard = {"shard": ["train/00000.parquet"] * num_pieces, "row": list(range(num_pieces))}
    return pa.table({**shard, "start": [0] * num_pieces, "end": [10] * num_pieces})


def publish_model(workspace: Workspace, stage: str, seed: int, trained_on: int = 0) -> None:
    """A Llama of two layers with random weights, and a byte-level tokenizer trained on the texts above."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator([text for texts in TEXTS.values() for text in texts], vocab_size=300, special_tokens=["<eos>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, bos_token="<eos>", eos_token="<eos>")
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
    )
    with workspace.publish(stage) as folder:
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        if trained_on:
            write_table(folder / "data_order.parquet", data_order(trained_on))
        write_report(folder, Report(stage=stage, summary="made for a test"))


def described(language: str, number: int, text: str) -> dict[str, object]:
    return {
        "doc_id": f"{language}-{number}",
        "partner": "academia-quechua",
        "agreement": "aq-2025-01",
        "licence": "MIT",
        "country": "PE",
        "language": language,
        "variety": language,
        "piece": 0,
        "tokens": [1, 2, 0],
        "num_bytes": len(text.encode()),
        "text": text,
    }
