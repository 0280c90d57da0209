"""A rung: its base model, and the corpus as its tokens, made once for all of its trials."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa

from latamgpt.cache import OF_ALL_PARTNERS
from latamgpt.errors import OperatorError
from latamgpt.evaluation.passages import Document, read_ability_text
from latamgpt.ladder.workspaces import is_published, link_outputs, open_workspace
from latamgpt.launch.site import read_site
from latamgpt.params import Params, RungParams, SweepParams, read_params
from latamgpt.records import HELD_OUT_SCHEMA, MANIFEST_NAME, REPORT_NAME
from latamgpt.shards import token_type
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, digest_of, held
from latamgpt.tokens.encoder import choose_encoder
from latamgpt.tokens.pieces import TokenisedDocument, cut_pieces
from latamgpt.tokens.shard_writer import ShardWriter
from latamgpt.tokens.vocabulary import Vocabulary, read_vocabulary

GIVEN = ("corpus", "corpus_gate")
MADE = ("base_model", "tokenizer", "token_shards", "shards_gate")
ABILITY = "ability-"
"""Before the language of a text outside the replay, which is held out beside the corpus' own."""
ABILITY_TEXT = Path("samples") / "ability_text"
ABILITY_SHARDS = "ability_shards"
ABILITY_SCHEMA = pa.schema([field for field in HELD_OUT_SCHEMA if field.name not in {"partner", "agreement"}])
"""No partner gave these texts, and no agreement binds them."""


def rung_params(root: Path, rung: RungParams) -> Params:
    """The parameters of a rung, in which its trials differ from each other alone.

    Raises:
        OperatorError: they give another base than the rung's: params.yaml follows another profile.
    """
    params = read_params(root, rung.profile)
    if params.base_model.name != rung.base_model:
        source = f"profiles/{rung.profile}.yaml" if rung.profile else "params.yaml"
        raise OperatorError(
            f"rung {rung.name} of the sweep is {rung.base_model}, and {source} gives {params.base_model.name}: its trials would "
            "be of another model. Nothing was run. `git checkout params.yaml` undoes a profile; or correct sweep.ladder."
        )
    return params


@dataclass(frozen=True)
class Ladder:
    """The rungs that this checkout can try, with their parameters, and why it cannot try the others."""

    params: dict[str, Params]
    reasons: dict[str, str]

    @property
    def widths(self) -> dict[str, int]:
        """Of each rung's model."""
        return {name: one.base_model.hidden_size for name, one in self.params.items()}


def read_ladder(root: Path, sweep: SweepParams) -> Ladder:
    """Every rung's parameters: while params.yaml follows one profile, rungs of the others cannot be tried."""
    params: dict[str, Params] = {}
    reasons: dict[str, str] = {}
    for rung in sweep.ladder:
        try:
            params[rung.name] = rung_params(root, rung)
        except OperatorError as error:
            reasons[rung.name] = str(error)
    return Ladder(params, reasons)


def prepare_rung(checkout: Workspace, rung: RungParams) -> Workspace:
    """The rung's workspace with base, tokenizer and shards: this checkout's own where they are the same, else made there.

    Raises:
        OperatorError: there is no corpus yet, params.yaml gives another base, or a stage refused.
    """
    params = rung_params(checkout.root, rung)
    with held(checkout.root, f"sweep-rung-{rung.name}"):
        root = checkout.root / OF_ALL_PARTNERS / rung.name
        site = read_site(checkout.root)
        workspace = open_workspace(checkout, root, rung_identity(checkout, params), site.ledger)
        link_outputs(checkout, workspace, GIVEN)
        if _is_own(checkout, params):
            link_outputs(checkout, workspace, MADE)
        for stage in MADE:
            if not is_published(workspace, stage):
                run_stage(workspace, params, stage)
        if not is_published(workspace, ABILITY_SHARDS):
            hold_out_abilities(workspace, params)
        return workspace


def rung_identity(checkout: Workspace, params: Params) -> str:
    """What must be the same for shards to be used again: parameters and corpus.

    Raises:
        OperatorError: there is no corpus.
    """
    if not is_published(checkout, "corpus"):
        raise OperatorError(
            "there is no corpus in this checkout, and a sweep is of a corpus. Run the factory first (`make run`), or the stages "
            "up to corpus_gate."
        )
    sections = params.model_dump(mode="json", include={"base_model", "partners", "rights", *MADE})
    what = {"params": sections, "corpus": digest_of(checkout.place("corpus"))}
    return hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()


def hold_out_abilities(workspace: Workspace, params: Params) -> None:
    """Publish the shards once more with the ability text held out too, as a language of its own: 'ability-en'.

    What the base knew must be measured outside of the replay: on held-out text of the replay's own kind a model can be better
    than its base and have forgotten all else. Files of the shards are linked, not copied.
    """
    shards = workspace.read("token_shards")
    vocabulary = read_vocabulary(workspace.read("tokenizer"))
    with workspace.publish(ABILITY_SHARDS) as folder:
        for path in sorted(shards.rglob("*")):
            if path.is_file() and path.name not in {MANIFEST_NAME, REPORT_NAME}:
                copy = folder / path.relative_to(shards)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.hardlink_to(path)
        (folder / REPORT_NAME).write_bytes((shards / REPORT_NAME).read_bytes())
        kind = token_type(vocabulary.size)
        for language, documents in read_ability_text(workspace.root / ABILITY_TEXT).items():
            draft = ShardWriter(folder / f"{ABILITY}{language}", ABILITY_SCHEMA, kind, params.token_shards.tokens_per_shard)
            for document in tokenised(language, documents, vocabulary, params.token_shards.max_document_tokens):
                draft.add(document)
            draft.close()
            for path in sorted(draft.folder.iterdir()):
                path.rename(folder / "held_out" / f"{ABILITY}{language}-{path.name}")
            draft.folder.rmdir()


def tokenised(language: str, documents: Sequence[Document], vocabulary: Vocabulary, max_tokens: int) -> list[TokenisedDocument]:
    """Texts of no partner as a shard holds them."""
    texts = [document.text for document in documents]
    encode = choose_encoder(vocabulary, texts)
    return [
        TokenisedDocument(
            *(document.id, "", "", "", "", f"{ABILITY}{language}", f"{ABILITY}{language}", "", "", None),
            pieces=cut_pieces(document.text, encoded, vocabulary.eos_id, max_tokens),
        )
        for document, encoded in zip(documents, encode(texts), strict=True)
    ]


def _is_own(checkout: Workspace, params: Params) -> bool:
    """Whether what lies in this checkout's data/ was made with these parameters."""
    own = read_params(checkout.root)
    same = all(getattr(own, name) == getattr(params, name) for name in MADE)
    if not same or not all(is_published(checkout, stage) for stage in MADE):
        return False
    return checkout.report("base_model").counts["num_parameters"] == params.base_model.num_parameters
