"""The mixture gate: each of its expectations is broken once."""

import pytest

from latamgpt.gates.mixture_gate import Sizes, describe, piece_rules, profile_rules, run, share_rules
from latamgpt.params import MixtureGateParams, Params
from latamgpt.records import MIXTURE_SCHEMA
from latamgpt.store import Workspace
from tests.builders import Row, failed, publish_rows, publish_shards, shard_row

pytestmark = pytest.mark.usefixtures("without_data_docs")

FLOORS = MixtureGateParams(min_language_share=0.2, min_country_share=0.1, min_share_of_reachable=0.8)
SHARE = "pair_values_a_to_be_greater_than_b"


@pytest.fixture
def small(params: Params) -> Params:
    mixture = params.mixture.model_copy(update={"max_epochs": 2.0})
    return params.model_copy(update={"mixture_gate": FLOORS, "mixture": mixture})


def shards() -> list[Row]:
    """Ten pieces of ten tokens: six in Spanish, of two countries, and four in Guarani."""
    kinds = [("es", "MX")] * 4 + [("es", "UY")] * 2 + [("gug", "PY")] * 4
    return [shard_row(f"d{n}", [1] * 10, language=language, country=country) for n, (language, country) in enumerate(kinds)]


def drawn(rows: list[tuple[int, int]]) -> list[Row]:
    """The mixture's rows for these rows of the shards and epochs."""
    return [
        {
            "position": position,
            "doc_id": f"d{row}",
            "language": shards()[row]["language"],
            "shard": "train/00000.parquet",
            "row": row,
            "epoch": epoch,
            "is_replay": False,
            "num_tokens": 10,
        }
        for position, (row, epoch) in enumerate(rows)
    ]


GOOD = [(0, 0), (1, 0), (4, 0), (6, 0), (7, 0)]


def failures(workspace: Workspace, params: Params, mixture: list[Row], train: list[Row] | None = None) -> set[str]:
    publish_shards(workspace, train or shards())
    publish_rows(workspace, "mixture", "", {"mixture.parquet": (mixture, MIXTURE_SCHEMA)})
    report = run(workspace, params)
    assert report.passed == (failed(report) == set())
    return failed(report)


def test_gate_passes_where_all_have_their_share_and_shows_the_lowest_first(workspace: Workspace, small: Params) -> None:
    assert failures(workspace, small, drawn(GOOD)) == set()
    report = workspace.report("mixture_gate")
    assert report.summary == "50 tokens of 2 languages and 3 countries: all 5 expectations hold"
    assert [table.rows[0][0] for table in report.tables] == ["gug", "UY"]
    assert [table.columns[0] for table in report.tables] == ["language", "country"]


def test_a_language_below_its_floor_stops_what_follows(workspace: Workspace, small: Params) -> None:
    rows = [(n, epoch) for epoch in range(2) for n in range(6)] + [(6, 0)]
    assert SHARE in failures(workspace, small, drawn(rows))


def test_a_language_that_is_not_trained_on_at_all_is_below_its_floor(workspace: Workspace, small: Params) -> None:
    assert failures(workspace, small, drawn([(0, 0), (4, 0)])) == {SHARE}


def test_without_replay_its_languages_need_no_share(workspace: Workspace, small: Params) -> None:
    mixture = small.mixture.model_copy(update={"replay_languages": ("gug",), "replay_share": 0.0})
    assert failures(workspace, small.model_copy(update={"mixture": mixture}), drawn([(0, 0), (4, 0)])) == set()


def test_a_country_below_its_floor_stops_what_follows(workspace: Workspace, small: Params) -> None:
    assert failures(workspace, small, drawn([(0, 0), (1, 0), (2, 0), (6, 0)])) == {SHARE}
    by_table = [e.passed for e in workspace.report("mixture_gate").expectations if e.kind.endswith(SHARE)]
    assert by_table == [True, False]


def test_a_floor_is_no_higher_than_a_small_languages_text_reaches() -> None:
    sizes = Sizes()
    sizes.available.update({"es": 10_000, "arn": 20})
    sizes.trained.update({"es": 920, "arn": 80})
    table = describe(sizes, 0.2, 4.0, FLOORS).to_pylist()
    assert [(row["name"], row["reachable"], round(row["floor"], 6)) for row in table] == [("arn", 0.08, 0.064), ("es", 1.0, 0.2)]


def test_a_piece_beyond_max_epochs_stops_what_follows(workspace: Workspace, small: Params) -> None:
    assert failures(workspace, small, drawn([*GOOD, (0, 1)])) == set()
    assert failures(workspace, small, drawn([*GOOD, (0, 1), (0, 2)])) == {"values_to_be_between epoch"}


def test_a_piece_twice_in_one_epoch_stops_what_follows(workspace: Workspace, small: Params) -> None:
    assert failures(workspace, small, drawn([*GOOD, (0, 0)])) == {"compound_columns_to_be_unique"}


@pytest.mark.parametrize("change", [{"row": 99}, {"doc_id": "another"}, {"language": "pt"}, {"num_tokens": 9}])
def test_a_row_that_is_none_of_the_shards_stops_what_follows(workspace: Workspace, small: Params, change: Row) -> None:
    rows = drawn([*GOOD, (2, 0)])
    rows[-1] |= change
    assert failures(workspace, small, rows) == {"max_to_be_between num_pieces_from_nowhere"}


def test_every_expectation_of_the_gate_is_broken_by_a_test() -> None:
    assert len([*piece_rules(2.0), *profile_rules(), *share_rules()]) == 4
