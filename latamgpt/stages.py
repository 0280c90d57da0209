"""The pipeline on one screen: every stage, the function that does it, what it is for.

dvc.yaml holds the edges between them; params.yaml has a section of the same name for each.
A stage reads the published folders of other stages and publishes data/NAME, or data/NAME/PARTNER.
"""

import os
from dataclasses import dataclass
from importlib import import_module

from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.registry.residency import must_work_here
from latamgpt.registry.rights import Place
from latamgpt.store import Workspace
from latamgpt.tracking.links import seal_link


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline; `function` is 'module:name', imported only when the stage runs."""

    name: str
    function: str
    purpose: str
    per_partner: bool = False
    texts: str = (
        ""  # the stage whose tables name the agreements of all texts that it reads; '' where it asks itself, or reads none
    )

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
    Stage("name_tagger", "curation.name_tagger.stage:run", "learn to see persons' names, measure it on paragraphs held out"),
    Stage(
        "clean_documents",
        "curation.clean_documents:run",
        "normalise, identify language, judge quality, mask personal data",
        True,
        texts="documents",
    ),
    Stage(
        "documents_gate",
        "gates.documents_gate:run",
        "hold a partner's clean documents against expectations",
        True,
        texts="documents",
    ),
    Stage("corpus", "curation.corpus:run", "join all partners, drop duplicates, check every agreement again", texts="documents"),
    Stage("corpus_gate", "gates.corpus_gate:run", "hold the corpus against expectations", texts="documents"),
    Stage(
        "base_model", "training.base_model:run", "fetch and convert the open base model, or pretrain the small one of the tests"
    ),
    Stage(
        "tokenizer",
        "tokens.tokenizer:run",
        "take the base model's tokenizer, measure it on every language, extend it for some",
        texts="corpus",
    ),
    Stage("token_shards", "tokens.token_shards:run", "turn documents into token shards, with a held-out split", texts="corpus"),
    Stage("shards_gate", "gates.shards_gate:run", "hold the token shards against expectations", texts="corpus"),
    Stage(
        "mixture",
        "tokens.mixture:run",
        "decide how much of each language, and of replay, is trained on, in which order",
        texts="token_shards",
    ),
    Stage(
        "mixture_gate",
        "gates.mixture_gate:run",
        "hold the shares of languages and countries against their floors",
        texts="token_shards",
    ),
    Stage("training_quote", "training.training_quote:run", "say what the training will need before it begins"),
    Stage("checkpoint", "training.checkpoint:run", "continue the base model's pretraining with DeepSpeed"),
    Stage("scorecard", "evaluation.scorecard:run", "measure candidate and base on the same items"),
    Stage("ability_gate", "gates.ability_gate:run", "refuse a candidate that lost the base's abilities"),
    Stage("culture_gate", "gates.culture_gate:run", "refuse a candidate that gained nothing in the region's languages"),
    Stage(
        "release_candidate", "release.release_candidate:run", "weights, cards and proofs, ready for a reviewer", texts="corpus"
    ),
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
    _must_work_here(workspace, params, stage, key)
    os.environ["HF_HUB_OFFLINE"] = "1"  # no stage reaches out; transformers also writes it into what it saves
    run = getattr(import_module(f"latamgpt.{stage.module}"), stage.function.partition(":")[2])
    report = run(workspace, params, key) if stage.per_partner else run(workspace, params)
    seal_link(workspace, name)
    return report


def _must_work_here(workspace: Workspace, params: Params, stage: Stage, key: str) -> None:
    """Ask, before anything is read, whether this site may work on the texts: here for every stage, so that none forgets it."""
    if not stage.texts:
        return
    keys = ("",) if not find_stage(stage.texts).per_partner else (key,) if key else params.partners
    folders = [workspace.place(stage.texts, one) for one in keys]
    site = read_site(workspace.root)
    must_work_here(workspace.root, f"{stage.name} {key}".strip(), folders, Place(site.country, site.name, site.is_guess))
