"""A corpus in three languages, with the base model whose tokenizer was trained on it."""

import random

import pytest

from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.builders import INSTITUTION, PARTNER, Row, clean_document, publish_base_model, publish_corpus, publish_verdict

TEXTS = {
    "que": "Tukuy runakunam qispisqa paqarin, iguales dignidadniyuq ima 😀 ñuqanchik. ",
    "gug": "Mayma yvypóra ou ko yvy ári iñapytĩ'yre ha eteĩcha tekoruvicharendápe. ",
    "en": "All human beings are born free and equal in dignity and rights. ",
}


@pytest.fixture
def corpus() -> list[Row]:
    """Ten documents per language, of growing length, that have words in common and no runs of words."""
    rows: list[Row] = []
    for language, text in TEXTS.items():
        for n in range(10):
            number = len(rows)
            words = text.split() * (n + 1)
            random.Random(number).shuffle(words)
            described = {"period": "1890s", "kind": "press"} if n == 7 else {}
            spoken = f"{number} {' '.join(words)}"
            rows.append(clean_document(number, language=language, variety=language, text=spoken, **described))
    return rows


def register(workspace: Workspace, institution: str) -> None:
    """Put the partner of all documents into the registry."""
    folder = workspace.root / "partners"
    folder.mkdir(exist_ok=True)
    (folder / f"{PARTNER}.yaml").write_text(institution, encoding="utf-8")


@pytest.fixture
def ready(workspace: Workspace, corpus: list[Row]) -> Workspace:
    """A workspace in which the tokenizer can be taken over."""
    register(workspace, INSTITUTION)
    publish_corpus(workspace, corpus)
    publish_verdict(workspace, "corpus_gate")
    publish_verdict(workspace, "shards_gate")
    publish_base_model(workspace, TEXTS.values())
    return workspace


@pytest.fixture
def small(params: Params) -> Params:
    """Short pieces, small shards and a short training."""
    shards = params.token_shards.model_copy(update={"max_document_tokens": 64, "tokens_per_shard": 512, "held_out_share": 0.2})
    mixture = params.mixture.model_copy(update={"num_tokens": 2000, "max_epochs": 4.0})
    return params.model_copy(update={"token_shards": shards, "mixture": mixture})
