"""What a training's run is called and tagged by in MLflow: what two runs that are compared differ in."""

from pathlib import Path

from latamgpt.launch.site import Site
from latamgpt.params import Params
from latamgpt.records import MANIFEST_NAME
from latamgpt.store import digest_of

SHORT = 8  # characters of a digest


def corpus_version(corpus: Path, digests: dict[str, str]) -> str:
    """The corpus by its manifest's sha256; where only what was made of it is here, by its token shards'."""
    if (corpus / MANIFEST_NAME).is_file():
        return f"corpus-{digest_of(corpus)[:SHORT]}"
    return f"shards-{digests['token_shards'][:SHORT]}"


def mixture_name(params: Params) -> str:
    """How languages are shared out: 'temperature0.3' or 'unimax'."""
    mixture = params.mixture
    return f"{mixture.method}{mixture.temperature:g}" if mixture.method == "temperature" else str(mixture.method)


def run_name(params: Params, corpus: str, site: Site) -> str:
    """Base, corpus, mixture, learning rate, replay and site, in this order: runs sort by what they have in common."""
    replay = f"replay{params.mixture.replay_share:.0%}"
    rate = f"lr{params.checkpoint.learning_rate:g}"
    return " ".join([f"cpt {params.base_model.name}", corpus, mixture_name(params), rate, replay, site.name])


def compared_by(params: Params, corpus: str, site: Site, digests: dict[str, str]) -> dict[str, str]:
    """Tags to filter, group and colour runs by."""
    settings = params.checkpoint
    return {
        "base_model": params.base_model.name,
        "corpus": corpus,
        "mixture": f"{mixture_name(params)} {digests['mixture'][:SHORT]}",
        "learning_rate": f"{settings.learning_rate:g}",
        "replay": f"{params.mixture.replay_share:g} {'+'.join(params.mixture.replay_languages)}",
        "site": site.name,
        "nodes": str(site.nodes),
        "ranks": str(site.num_ranks),
        "threads_per_rank": str(site.threads_per_process),
        "zero_stage": str(settings.zero_stage),
        "precision": settings.precision.value,
        **{f"data.{name}": digest for name, digest in digests.items()},
    }
