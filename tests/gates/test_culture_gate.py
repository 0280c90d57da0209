"""The culture gate: it fails where too little was gained, and counts only gains that are certain."""

import pytest
from pydantic import ValidationError

from latamgpt.errors import OperatorError
from latamgpt.evaluation.score import Cell
from latamgpt.gates.culture_gate import run
from latamgpt.params import CultureGateParams, CultureQuestions, Params, read_params
from latamgpt.records import Severity
from latamgpt.store import Workspace
from tests.builders import failed, publish_scorecard
from tests.conftest import ROOT
from tests.scored_items import cell

pytestmark = pytest.mark.usefixtures("without_data_docs")

LANGUAGES = (
    cell("bits_per_byte", "que", 2.0, -0.4, 0.05),
    cell("bits_per_byte", "gug", 2.0, -0.2, 0.05),
    cell("bits_per_byte", "en", 2.0, 1.0, 0.05),
    cell("bits_per_byte", "en-replay", 2.0, -1.0, 0.05),
)
QUESTIONS = (
    cell("probability", "culture", 0.4, 0.03, 0.01),
    cell("probability", "variety", 0.5, -0.01, 0.01),
    cell("probability", "culture/CL", 0.4, 0.05, 0.01),
    cell("probability", "culture/BR", 0.4, -0.03, 0.01),
    cell("probability", "culture/PE", 0.4, 0.04, 0.03),
)


def asking(params: Params, questions: CultureQuestions) -> Params:
    asked = CultureGateParams(
        min_mean_gain=0.1,
        min_languages_gained=2,
        batteries=("culture", "variety"),
        questions=questions,
        significance=0.05,
    )
    return params.model_copy(update={"culture_gate": asked})


@pytest.fixture
def strict(params: Params) -> Params:
    return asking(params, CultureQuestions.SUPERIOR)


def with_cells(*changed: Cell) -> list[Cell]:
    replaced = {(one.measure, one.group): one for one in changed}
    return [replaced.get((one.measure, one.group), one) for one in (*LANGUAGES, *QUESTIONS)]


def test_gate_passes_where_the_languages_and_culture_gained_and_leaves_the_replay_out(
    workspace: Workspace, strict: Params
) -> None:
    publish_scorecard(workspace, with_cells())
    report = run(workspace, strict)
    assert failed(report) == set()
    assert report.counts == {"languages": 2, "languages_gained": 2, "batteries": 2}
    assert report.metrics["mean_gain"] == pytest.approx(0.15)
    assert report.metrics["culture_p"] == pytest.approx(2 * 0.0017, rel=0.05)  # two batteries are the family
    assert "right answers on culture +3.00 points" in report.summary


def test_gate_fails_where_the_mean_gain_is_small(workspace: Workspace, strict: Params) -> None:
    changed = [cell("bits_per_byte", "que", 2.0, -0.2, 0.02), cell("bits_per_byte", "gug", 2.0, -0.1, 0.02)]
    publish_scorecard(workspace, with_cells(*changed))
    report = run(workspace, strict)
    assert failed(report) == {"mean_to_be_between gain"}
    assert not report.passed


def test_gate_counts_a_language_only_where_holm_allows(workspace: Workspace, strict: Params) -> None:
    likely = cell("bits_per_byte", "gug", 2.0, -0.2, 0.05).model_copy(update={"p_value": 0.03, "p_holm": 0.09})
    publish_scorecard(workspace, with_cells(likely))
    report = run(workspace, strict)
    assert failed(report) == {"min_to_be_between num_languages_gained"}
    assert not report.passed


@pytest.mark.parametrize(
    ("questions", "severity"),
    [
        (CultureQuestions.SUPERIOR, Severity.CRITICAL),
        (CultureQuestions.NOT_WORSE, Severity.WARNING),
        (CultureQuestions.SHOWN, Severity.WARNING),
    ],
)
def test_gain_of_culture_that_is_not_shown_stops_what_promises_it(
    workspace: Workspace, params: Params, questions: CultureQuestions, severity: Severity
) -> None:
    publish_scorecard(workspace, with_cells(cell("probability", "culture", 0.4, 0.018, 0.01)))  # p 0.037, corrected 0.075
    report = run(workspace, asking(params, questions))
    assert failed(report) == {"max_to_be_between p_gained"}
    assert report.passed is (severity is Severity.WARNING)


@pytest.mark.parametrize(
    ("questions", "severity"), [(CultureQuestions.NOT_WORSE, Severity.CRITICAL), (CultureQuestions.SHOWN, Severity.WARNING)]
)
def test_battery_that_surely_lost_stops_a_candidate(
    workspace: Workspace, params: Params, questions: CultureQuestions, severity: Severity
) -> None:
    publish_scorecard(workspace, with_cells(cell("probability", "variety", 0.5, -0.04, 0.01)))
    report = run(workspace, asking(params, questions))
    assert failed(report) == {"values_to_be_between p_lost"}
    assert report.passed is (severity is Severity.WARNING)


def test_gate_claims_of_countries_only_what_holm_allows(workspace: Workspace, strict: Params) -> None:
    publish_scorecard(workspace, with_cells())
    [claims] = [table for table in run(workspace, strict).tables if table.name == "claims"]
    assert [row[:2] for row in claims.rows] == [("culture/BR", "lost"), ("culture/CL", "gained")]


def test_gate_refuses_a_scorecard_of_the_replay_only(workspace: Workspace, strict: Params) -> None:
    publish_scorecard(workspace, [LANGUAGES[2], *QUESTIONS])
    with pytest.raises(OperatorError, match="no language of the region"):
        run(workspace, strict)


def test_gate_refuses_a_scorecard_without_a_battery_that_it_asks_for(workspace: Workspace, strict: Params) -> None:
    publish_scorecard(workspace, [one for one in with_cells() if one.group != "variety"])
    with pytest.raises(OperatorError, match=r"no probability/variety, which culture_gate\.batteries asks for"):
        run(workspace, strict)


def test_profiles_of_real_models_must_gain_in_culture_and_the_samples_must_not_lose() -> None:
    asked = {name: read_params(ROOT, name).culture_gate.questions for name in ("", "llama-3.1-8b", "llama-3.1-70b")}
    assert asked == {
        "": CultureQuestions.NOT_WORSE,
        "llama-3.1-8b": CultureQuestions.SUPERIOR,
        "llama-3.1-70b": CultureQuestions.SUPERIOR,
    }


def test_family_without_culture_is_refused() -> None:
    with pytest.raises(ValidationError, match="must name culture"):
        CultureGateParams(
            min_mean_gain=0.1,
            min_languages_gained=2,
            batteries=("variety",),
            questions=CultureQuestions.SUPERIOR,
            significance=0.05,
        )
