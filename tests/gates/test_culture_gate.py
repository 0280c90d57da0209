"""The culture gate: it fails where too little was gained, and counts only gains that are certain."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.gates.culture_gate import run
from latamgpt.params import CultureGateParams, Params
from latamgpt.store import Workspace
from tests.builders import failed, publish_scorecard

pytestmark = pytest.mark.usefixtures("without_data_docs")


@pytest.fixture
def two_languages(params: Params) -> Params:
    return params.model_copy(update={"culture_gate": CultureGateParams(min_mean_gain=0.1, min_languages_gained=2)})


def scores(gains: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Bits per byte from a base of 2.0: the difference and the high end of its interval."""
    metrics: dict[str, float] = {}
    for language, (difference, high) in gains.items():
        metrics |= {
            f"bits_per_byte/{language}/base": 2.0,
            f"bits_per_byte/{language}/difference": difference,
            f"bits_per_byte/{language}/high": high,
        }
    return metrics


def test_gate_passes_where_the_languages_gained_and_leaves_the_replay_out(workspace: Workspace, two_languages: Params) -> None:
    publish_scorecard(workspace, scores({"que": (-0.4, -0.3), "gug": (-0.2, -0.1), "en": (1.0, 1.1), "en-replay": (-1.0, -0.9)}))
    report = run(workspace, two_languages)
    assert failed(report) == set()
    assert report.counts == {"languages": 2, "languages_gained": 2}
    assert report.metrics == {"mean_gain": pytest.approx(0.15)}


def test_gate_fails_where_the_mean_gain_is_small(workspace: Workspace, two_languages: Params) -> None:
    publish_scorecard(workspace, scores({"que": (-0.2, -0.1), "gug": (-0.1, -0.05)}))
    report = run(workspace, two_languages)
    assert failed(report) == {"mean_to_be_between gain"}
    assert not report.passed


def test_gate_fails_where_a_gain_is_not_certain(workspace: Workspace, two_languages: Params) -> None:
    publish_scorecard(workspace, scores({"que": (-0.4, -0.3), "gug": (-0.2, 0.01)}))
    report = run(workspace, two_languages)
    assert failed(report) == {"min_to_be_between num_languages_gained"}
    assert not report.passed


def test_gate_refuses_a_scorecard_of_the_replay_only(workspace: Workspace, two_languages: Params) -> None:
    publish_scorecard(workspace, scores({"en": (-0.4, -0.3)}))
    with pytest.raises(OperatorError, match="no language of the region"):
        run(workspace, two_languages)
