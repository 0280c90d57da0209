"""Weights, cards and proofs in one folder, ready for a reviewer."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.registry.partners import read_institution
from latamgpt.release.card_facts import common_facts, data_facts, model_facts
from latamgpt.release.cards import fill
from latamgpt.release.corpus_root import ROOT_NAME, CorpusRoot, corpus_tree
from latamgpt.release.duties import DUTIES_NAME, POLICIES_NAME, find_duties, policies
from latamgpt.release.provenance import Provenance, must_be_releasable, trace
from latamgpt.release.versions import LINEAGE_NAME, Lineage, digest_of_values, register
from latamgpt.release.withdrawn import heeded
from latamgpt.store import Workspace, digest_of, must_have_passed, sha256_file, write_json, write_report

STAGE = "release_candidate"
GATES = ("ability_gate", "culture_gate")
INPUTS = (*GATES, "base_model", "checkpoint", "corpus", "mixture", "scorecard", "token_shards", "tokenizer")
SECTIONS = ("partners", "rights", "base_model", "tokenizer", "checkpoint", "scorecard", "release_candidate")
MODEL_FILES = ("config.json", "tokenizer.json")
MODEL_PATTERNS = (
    "*.safetensors",
    "model.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
)
SCORECARD_FILES = ("scorecard.json", *(f"scorecard.{language}.html" for language in Language))

LICENCE_PATTERNS = ("LICENSE*", "LICENCE*", "NOTICE*", "COPYING*")
LICENCES_FOLDER = "base_model_licences"


def run(workspace: Workspace, params: Params) -> Report:
    """Gather a candidate.

    Steps: the gates must have passed; follow the data order back to the documents; hold their agreements against the purpose
    'release', their duties against the weights' licence, and what was withdrawn against the corpus; copy the model; write both
    cards, the duties, the scorecard with its pages, the lineage and the corpus root; register the version.

    Raises:
        OperatorError: a gate failed, or a card would have an open field.
        NotPermittedError: an agreement does not permit the release, or not under this licence, or a text in it was withdrawn.
    """
    inputs = {stage: workspace.read(stage) for stage in INPUTS}
    for gate in GATES:
        must_have_passed(workspace, gate)
    institutions = {partner: read_institution(workspace.root, partner) for partner in params.partners}
    provenance = trace(inputs["corpus"], inputs["checkpoint"] / "data_order.parquet")
    must_be_releasable(provenance, institutions, params.rights.as_of)
    duties = find_duties(params, provenance, institutions)
    withdrawals = heeded(workspace, params.partners, inputs["corpus"])
    with workspace.publish(STAGE) as folder:
        copy_model(inputs["checkpoint"], folder)
        copy_licences(inputs["base_model"], folder / LICENCES_FOLDER)
        for name in SCORECARD_FILES:
            shutil.copyfile(inputs["scorecard"] / name, folder / name)
        lineage = _lineage(workspace, params, inputs, withdrawals)
        write_json(folder / LINEAGE_NAME, lineage)
        write_json(folder / ROOT_NAME, _corpus_root(inputs, lineage))
        write_json(folder / DUTIES_NAME, duties)
        write_json(folder / POLICIES_NAME, policies(provenance, institutions))
        facts = common_facts(params, provenance, institutions)
        model_card = fill("README.md.jinja", **facts, **model_facts(folder, params, provenance, inputs["scorecard"]))
        (folder / "README.md").write_text(model_card, encoding="utf-8")
        data_card = fill(
            "DATA_CARD.md.jinja", **facts, **data_facts(provenance, institutions, inputs["mixture"], lineage), duties=duties
        )
        (folder / "DATA_CARD.md").write_text(data_card, encoding="utf-8")
        report = write_report(folder, _report(params, provenance, Report.read(inputs["scorecard"])))
    candidate = workspace.place(STAGE)
    register(workspace, candidate, "candidate", {"params_sha256": digest_of_values(lineage.params)})
    return report


def copy_model(source: Path, target: Path) -> None:
    """The files of a model and its tokenizer, and no others: weights as safetensors, never a pickle."""
    names = sorted({path.name for pattern in MODEL_PATTERNS for path in source.glob(pattern)})
    missing = [name for name in MODEL_FILES if name not in names]
    if missing or not any(name.endswith(".safetensors") for name in names):
        raise OperatorError(
            f"{source} is no whole model: {', '.join(missing) or 'its weights as safetensors'} missing. Nobody could load the "
            "release. Run the stage checkpoint again."
        )
    for name in names:
        shutil.copyfile(source / name, target / name)


def copy_licences(base_model: Path, target: Path) -> None:
    """The licence and notice that came with the base model's weights, which ask to be handed on."""
    for path in sorted(path for pattern in LICENCE_PATTERNS for path in base_model.glob(pattern)):
        target.mkdir(exist_ok=True)
        shutil.copyfile(path, target / path.name)


def _lineage(
    workspace: Workspace, params: Params, inputs: Mapping[str, Path], withdrawals: dict[str, tuple[str, ...]]
) -> Lineage:
    values = params.model_dump(mode="json")
    return Lineage(
        name=params.release_candidate.name,
        version=params.release_candidate.version,
        base_model=params.base_model.name,
        inputs={stage: digest_of(folder) for stage, folder in sorted(inputs.items())},
        registry={p: sha256_file(workspace.root / "partners" / f"{p}.yaml") for p in sorted(params.partners)},
        withdrawals=withdrawals,
        params={section: digest_of_values(values[section]) for section in SECTIONS},
    )


def _corpus_root(inputs: Mapping[str, Path], lineage: Lineage) -> CorpusRoot:
    tree = corpus_tree(inputs["corpus"])
    return CorpusRoot(
        release=f"{lineage.name} {lineage.version}",
        num_leaves=len(tree.names),
        root=tree.root,
        corpus=lineage.inputs["corpus"],
        checkpoint=lineage.inputs["checkpoint"],
    )


def _report(params: Params, provenance: Provenance, scorecard: Report) -> Report:
    release = params.release_candidate
    agreements = {use.agreement for use in provenance.uses if use.num_tokens_trained}
    return Report(
        stage=STAGE,
        summary=f"{release.name} {release.version} waits for a reviewer: trained on {provenance.num_tokens_trained:,} tokens of "
        f"{len(agreements)} agreements, each of which permits the release",
        counts={
            "tokens_trained": provenance.num_tokens_trained,
            "documents": sum(use.num_documents for use in provenance.uses),
            "partners": len({use.partner for use in provenance.uses}),
        },
        metrics=scorecard.metrics,
        tables=tuple(table for table in scorecard.tables if table.name == "scorecard"),
    )
