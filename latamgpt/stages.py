"""The pipeline on one screen: every stage, the function that does it, what it is for.

dvc.yaml holds the edges between them; params.yaml has a section of the same name for each.
A stage reads the published folders of other stages and publishes data/NAME, or data/NAME/PARTNER.
"""

import os
from dataclasses import dataclass
from importlib import import_module

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.store import Workspace
from latamgpt.tracking.links import seal_link


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline; `function` is 'module:name', imported only when the stage runs."""

    name: str
    function: str
    purpose: str
    per_partner: bool = False

    @property
    def module(self) -> str:
        """Where the function is, inside of the package latamgpt."""
        return self.function.partition(":")[0]


STAGES = (
    Stage(
        "documents",
        "intake.documents:run",
        "read a partner's deliveries into documents, set aside what may not or cannot be used",
        True,
    ),
    Stage(
        "clean_documents", "curation.clean_documents:run", "normalise, identify language, judge quality, mask personal data", True
    ),
    Stage("documents_gate", "gates.documents_gate:run", "hold a partner's clean documents against expectations", True),
    Stage("corpus", "curation.corpus:run", "join all partners, drop duplicates, check every agreement again"),
    Stage("corpus_gate", "gates.corpus_gate:run", "hold the corpus against expectations"),
    Stage(
        "base_model", "training.base_model:run", "fetch and convert the open base model, or pretrain the small one of the tests"
    ),
    Stage("tokenizer", "tokens.tokenizer:run", "take the base model's tokenizer and measure it on every language"),
    Stage("token_shards", "tokens.token_shards:run", "turn documents into token shards, with a held-out split"),
    Stage("shards_gate", "gates.shards_gate:run", "hold the token shards against expectations"),
    Stage("mixture", "tokens.mixture:run", "decide how much of each language, and of replay, is trained on, in which order"),
    Stage("mixture_gate", "gates.mixture_gate:run", "hold the shares of languages and countries against their floors"),
    Stage("training_quote", "training.training_quote:run", "say what the training will need before it begins"),
    Stage("checkpoint", "training.checkpoint:run", "continue the base model's pretraining with DeepSpeed"),
    Stage("scorecard", "evaluation.scorecard:run", "measure candidate and base on the same items"),
    Stage("ability_gate", "gates.ability_gate:run", "refuse a candidate that lost the base's abilities"),
    Stage("culture_gate", "gates.culture_gate:run", "refuse a candidate that gained nothing in the region's languages"),
    Stage("release_candidate", "release.release_candidate:run", "weights, cards and proofs, ready for a reviewer"),
    Stage("release", "release.release:run", "the approved candidate, published"),
)


def find_stage(name: str) -> Stage:
    """The stage of this name, or an error that lists all names."""
    for stage in STAGES:
        if stage.name == name:
            return stage
    raise OperatorError(f"there is no stage {name!r}. The stages are: {', '.join(s.name for s in STAGES)}.")


def run_stage(workspace: Workspace, params: Params, name: str, key: str = "") -> Report:
    """Run one stage, for one partner where it is a stage per partner."""
    stage = find_stage(name)
    if stage.per_partner and key not in params.partners:
        raise OperatorError(
            f"stage {name} runs for one partner, and {key!r} is none of: {', '.join(params.partners)} (params.yaml, partners)."
        )
    if key and not stage.per_partner:
        raise OperatorError(f"stage {name} takes no key, got {key!r}.")
    os.environ["HF_HUB_OFFLINE"] = "1"  # no stage reaches out; transformers also writes it into what it saves
    run = getattr(import_module(f"latamgpt.{stage.module}"), stage.function.partition(":")[2])
    report = run(workspace, params, key) if stage.per_partner else run(workspace, params)
    seal_link(workspace, name)
    return report
