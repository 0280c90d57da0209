"""The mixture: enough tokens, the right shares, nothing repeated too often, the same order each time."""

from collections import Counter

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.errors import OperatorError
from latamgpt.params import MixtureParams, Params, SamplingMethod
from latamgpt.records import MIXTURE_SCHEMA
from latamgpt.store import Workspace, digest_of
from latamgpt.tokens import mixture, token_shards, tokenizer
from latamgpt.tokens.mixture import ShardPiece, mix
from latamgpt.tokens.shares import choose_targets, propose, share_out
from tests.builders import publish_verdict, read_pieces

MIXTURE = MixtureParams(
    num_tokens=1000,
    method=SamplingMethod.TEMPERATURE,
    temperature=0.5,
    max_epochs=4.0,
    replay_languages=("en",),
    replay_share=0.25,
    seed=3,
)


def pieces_of(sizes: dict[str, int], piece_tokens: int = 10, country: str = "PE") -> list[ShardPiece]:
    """Documents of one piece each, so many tokens per language."""
    return [
        ShardPiece(f"{language}-{country}-{n:04}", language, country, 0, "train/00000.parquet", n, piece_tokens)
        for language, size in sizes.items()
        for n in range(size // piece_tokens)
    ]


def changed(**changes: object) -> MixtureParams:
    return MIXTURE.model_copy(update=changes)


def test_shares_follow_size_to_the_power_of_temperature() -> None:
    targets = choose_targets({"es": 40_000, "gug": 10_000, "en": 5_000}, MIXTURE)
    assert targets == pytest.approx({"es": 500.0, "gug": 250.0, "en": 250.0})


def test_temperature_of_one_follows_size() -> None:
    targets = choose_targets({"es": 4000, "gug": 1000, "en": 5000}, changed(temperature=1.0))
    assert targets == pytest.approx({"es": 600.0, "gug": 150.0, "en": 250.0})


def test_what_a_small_language_cannot_give_goes_to_the_others() -> None:
    targets = choose_targets({"es": 8100, "pt": 2500, "arn": 10, "en": 5000}, changed(max_epochs=1.0))
    assert targets["arn"] == 10
    assert targets["es"] == pytest.approx(740 * 90 / 140)
    assert sum(targets.values()) == pytest.approx(1000)


def test_unimax_gives_all_the_same_as_far_as_they_reach() -> None:
    targets = choose_targets({"es": 40_000, "gug": 10_000, "arn": 10, "en": 5_000}, changed(method=SamplingMethod.UNIMAX))
    assert targets == pytest.approx({"arn": 40, "es": 355, "gug": 355, "en": 250})


def unimax_of_the_paper(sizes: dict[str, int], budget: float, max_epochs: float) -> dict[str, float]:
    """Algorithm 1 of Chung et al. 2023: from the smallest on, an equal part of what is left, or all that max_epochs make."""
    shares: dict[str, float] = {}
    for left, name in zip(range(len(sizes), 0, -1), sorted(sizes, key=lambda name: sizes[name]), strict=True):
        shares[name] = min(budget / left, sizes[name] * max_epochs)
        budget -= shares[name]
    return shares


@given(sizes=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 500), min_size=1), budget=st.integers(1, 4000))
def test_unimax_is_that_of_the_paper(sizes: dict[str, int], budget: int) -> None:
    params = changed(method=SamplingMethod.UNIMAX)
    assert share_out(sizes, budget, params) == pytest.approx(unimax_of_the_paper(sizes, budget, params.max_epochs))


def test_a_language_is_spread_over_its_countries_by_the_same_rule() -> None:
    sizes = {("es", "MX"): 36_000, ("es", "UY"): 4_000, ("gug", "PY"): 10_000, ("en", "JM"): 5_000}
    spread = propose(sizes, MIXTURE)
    assert spread == pytest.approx({("es", "MX"): 375, ("es", "UY"): 125, ("gug", "PY"): 250, ("en", "JM"): 250})
    even = propose(sizes, changed(method=SamplingMethod.UNIMAX))
    assert even["es", "MX"] == even["es", "UY"] == pytest.approx(187.5)


def test_what_a_small_country_cannot_give_goes_to_the_others_of_its_language() -> None:
    sizes = {("es", "MX"): 5_000, ("es", "UY"): 10, ("en", "JM"): 5_000}
    assert propose(sizes, changed(max_epochs=2.0)) == pytest.approx({("es", "MX"): 730, ("es", "UY"): 20, ("en", "JM"): 250})


def test_no_replay_share_leaves_the_replay_languages_out() -> None:
    assert choose_targets({"es": 5000, "en": 5000}, changed(replay_share=0.0)) == pytest.approx({"es": 1000.0})


def test_replay_language_without_text_is_refused_by_name() -> None:
    with pytest.raises(OperatorError, match="the replay language 'en' has no text to train on .there are: es, gug"):
        choose_targets({"es": 5000, "gug": 10}, MIXTURE)


def test_too_little_text_is_refused_with_the_figures() -> None:
    with pytest.raises(OperatorError, match=r"languages have 150 tokens, which 4 epochs make 600: too few for the 750"):
        choose_targets({"es": 150, "en": 5000}, MIXTURE)


def test_too_little_replay_is_refused() -> None:
    with pytest.raises(OperatorError, match=r"the replay languages have 50 tokens, which 4 epochs make 200: too few for the 250"):
        choose_targets({"es": 5000, "en": 50}, MIXTURE)


SIZES = {"es": 2000, "gug": 400, "arn": 30, "en": 500}


def test_training_stops_at_the_piece_that_reaches_num_tokens() -> None:
    draws = mix(pieces_of(SIZES), MIXTURE)
    assert sum(d.piece.num_tokens for d in draws) == 1000
    assert sum(d.piece.num_tokens for d in mix(pieces_of(SIZES), changed(num_tokens=995))) == 1000


def test_no_piece_is_taken_more_often_than_max_epochs_and_none_before_all_others_of_its_language() -> None:
    draws = mix(pieces_of(SIZES), changed(temperature=0.05))
    times = Counter(d.piece.doc_id for d in draws)
    assert max(times.values()) == 4
    for language, size in SIZES.items():
        counts = [times[f"{language}-PE-{n:04}"] for n in range(size // 10)]
        assert max(counts) - min(counts) <= 1
    assert all(d.epoch < times[d.piece.doc_id] for d in draws)


def test_a_country_of_one_long_piece_is_seldom_behind_the_end() -> None:
    others = pieces_of({"es": 8000, "en": 500}) + pieces_of({"es": 4000}, country="MX")
    one = pieces_of({"es": 300}, piece_tokens=300, country="UY")  # proposed are some 80 tokens of it
    mixed = [mix([*others, *one], changed(seed=seed)) for seed in range(20)]
    assert sum(any(draw.piece.country == "UY" for draw in draws) for draws in mixed) >= 15


def test_replay_is_spread_over_the_whole_training() -> None:
    draws = mix(pieces_of(SIZES), MIXTURE)
    quarters = [draws[n : n + 25] for n in range(0, 100, 25)]
    assert all(4 <= sum(d.piece.language == "en" for d in quarter) <= 9 for quarter in quarters)


def test_order_does_not_depend_on_the_order_of_the_pieces_but_on_the_seed() -> None:
    pieces = pieces_of(SIZES)
    assert mix(pieces[::-1], MIXTURE) == mix(pieces, MIXTURE)
    assert mix(pieces, changed(seed=4)) != mix(pieces, MIXTURE)


@given(
    sizes=st.dictionaries(st.sampled_from(["es", "pt", "gug", "arn", "que"]), st.integers(1, 400), min_size=1),
    replay=st.integers(1, 200),
    num_tokens=st.integers(1, 4000),
    temperature=st.floats(0.05, 1.0),
    max_epochs=st.floats(0.5, 4.0),
)
def test_mixture_reaches_num_tokens_within_max_epochs_or_refuses(
    sizes: dict[str, int], replay: int, num_tokens: int, temperature: float, max_epochs: float
) -> None:
    params = changed(num_tokens=num_tokens, temperature=temperature, max_epochs=max_epochs)
    pieces = pieces_of({**{name: 10 * size for name, size in sizes.items()}, "en": 10 * replay})
    fits = 10 * sum(sizes.values()) * max_epochs >= 0.75 * num_tokens and 10 * replay * max_epochs >= 0.25 * num_tokens
    if not fits:
        with pytest.raises(OperatorError, match="too few for the"):
            mix(pieces, params)
        return
    draws = mix(pieces, params)
    assert num_tokens <= sum(d.piece.num_tokens for d in draws) < num_tokens + 10
    times = Counter((d.piece.doc_id, d.epoch) for d in draws)
    assert set(times.values()) == {1}
    assert max(d.epoch for d in draws) < max_epochs


@pytest.fixture
def sharded(ready: Workspace, small: Params) -> Workspace:
    tokenizer.run(ready, small)
    token_shards.run(ready, small)
    return ready


def test_stage_points_at_rows_of_the_shards(sharded: Workspace, small: Params) -> None:
    report = mixture.run(sharded, small)
    table = pq.read_table(sharded.read("mixture") / "mixture.parquet")
    assert table.schema.names == MIXTURE_SCHEMA.names
    rows = table.to_pylist()
    assert [row["position"] for row in rows] == list(range(len(rows)))
    shards = sharded.read("token_shards")
    for row in rows:
        piece = read_pieces(shards / row["shard"])[row["row"]]
        assert (piece["doc_id"], piece["language"]) == (row["doc_id"], row["language"])
        assert len(piece["tokens"]) == row["num_tokens"]
        assert row["is_replay"] == (row["language"] == "en")
    assert report.counts["tokens"] == sum(row["num_tokens"] for row in rows) >= 2000
    assert report.metrics["replay_share"] == pytest.approx(0.25, abs=0.04)
    languages, countries = report.tables
    trained = {name: sum(row["num_tokens"] for row in rows if row["language"] == name) for name in ("en", "gug", "que")}
    at = languages.columns.index("trained tokens")
    assert {str(row[0]): row[at] for row in languages.rows} == trained
    assert sum(row[countries.columns.index("trained tokens")] for row in countries.rows) == sum(trained.values())
    for column in ("natural share", "by temperature", "by UniMax", "share"):
        assert sum(row[languages.columns.index(column)] for row in languages.rows) == pytest.approx(1, abs=0.001)


def test_stage_publishes_the_same_bytes_again(sharded: Workspace, small: Params) -> None:
    mixture.run(sharded, small)
    digest = digest_of(sharded.read("mixture"))
    mixture.run(sharded, small)
    assert digest_of(sharded.read("mixture")) == digest


def test_stage_refuses_after_a_failed_shards_gate(sharded: Workspace, small: Params) -> None:
    publish_verdict(sharded, "shards_gate", passed=False)
    with pytest.raises(OperatorError, match="shards_gate did not pass"):
        mixture.run(sharded, small)
