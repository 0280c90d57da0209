"""What a training's run is called, and what tells two of them apart."""

from latamgpt.launch.site import Site
from latamgpt.params import Params, SamplingMethod
from latamgpt.store import Workspace, digest_of
from latamgpt.training.run_name import compared_by, corpus_version, run_name
from tests.builders import publish_text

DIGESTS = {"mixture": "c0ffee00" * 8, "token_shards": "abad1dea" * 8}
SITE = Site(name="tarapaca", nodes=2, processes=8)


def test_run_is_named_by_base_corpus_mixture_rate_replay_and_site(params: Params) -> None:
    mixture = params.mixture.model_copy(update={"temperature": 0.3, "replay_share": 0.25})
    checkpoint = params.checkpoint.model_copy(update={"learning_rate": 3e-5})
    mine = params.model_copy(update={"mixture": mixture, "checkpoint": checkpoint})
    base = params.base_model.name
    assert run_name(mine, "corpus-12345678", SITE) == f"cpt {base} corpus-12345678 temperature0.3 lr3e-05 replay25% tarapaca"
    unimax = mine.model_copy(update={"mixture": mixture.model_copy(update={"method": SamplingMethod.UNIMAX})})
    assert " unimax lr" in run_name(unimax, "corpus-12345678", SITE)


def test_run_is_tagged_by_what_runs_are_compared_by(params: Params) -> None:
    tags = compared_by(params, "corpus-12345678", SITE, DIGESTS)
    assert tags["mixture"].endswith(" c0ffee00")
    assert (tags["site"], tags["nodes"], tags["ranks"]) == ("tarapaca", "2", "16")
    assert tags["data.token_shards"] == DIGESTS["token_shards"]
    assert {"base_model", "corpus", "learning_rate", "replay", "zero_stage", "precision", "threads_per_rank"} <= set(tags)


def test_corpus_is_named_by_its_manifest_or_by_its_shards(workspace: Workspace) -> None:
    assert corpus_version(workspace.place("corpus"), DIGESTS) == "shards-abad1dea"
    folder = publish_text(workspace, "corpus")
    assert corpus_version(folder, DIGESTS) == f"corpus-{digest_of(folder)[:8]}"
