"""params.yaml, all sections together."""

from pydantic import Field, model_validator

from latamgpt.params.curation import CleanDocumentsParams, CorpusGateParams, CorpusParams, GateParams, NameTaggerParams
from latamgpt.params.intake import DocumentsParams, RightsParams
from latamgpt.params.release import AbilityGateParams, CultureGateParams, ReleaseCandidateParams, ScorecardParams
from latamgpt.params.sweep import SweepParams
from latamgpt.params.tokens import (
    BaseModelKind,
    BaseModelParams,
    MixtureGateParams,
    MixtureParams,
    ShardsGateParams,
    TokenizerParams,
    TokenShardsParams,
)
from latamgpt.params.training import CheckpointParams, TrainingQuoteParams
from latamgpt.records import Frozen


class Params(Frozen):
    """params.yaml, whole."""

    partners: tuple[str, ...] = Field(min_length=1)
    rights: RightsParams
    documents: DocumentsParams
    name_tagger: NameTaggerParams
    clean_documents: CleanDocumentsParams
    documents_gate: GateParams
    corpus: CorpusParams
    corpus_gate: CorpusGateParams
    base_model: BaseModelParams
    tokenizer: TokenizerParams
    token_shards: TokenShardsParams
    shards_gate: ShardsGateParams
    mixture: MixtureParams
    mixture_gate: MixtureGateParams
    training_quote: TrainingQuoteParams
    checkpoint: CheckpointParams
    scorecard: ScorecardParams
    ability_gate: AbilityGateParams
    culture_gate: CultureGateParams
    release_candidate: ReleaseCandidateParams
    sweep: SweepParams  # read by no stage: what it finds is taken over by a person

    @model_validator(mode="after")
    def _must_fit_together(self) -> "Params":
        perms, bands = self.clean_documents.num_permutations, self.corpus.num_bands
        twice = sorted({name for name in self.partners if self.partners.count(name) > 1})
        if twice:
            raise ValueError(f"partners names {', '.join(twice)} twice")
        if perms % bands:
            raise ValueError(f"corpus.num_bands is {bands}, which does not divide clean_documents.num_permutations, {perms}")
        if (self.base_model.kind is BaseModelKind.TINY) != (self.base_model.tiny is not None):
            raise ValueError("base_model.tiny is there if, and only if, base_model.kind is tiny")
        return self
