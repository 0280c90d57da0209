"""The drill in Dagster: a materialization with what was found, a failed run where it would not hold, every Monday."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from dagster_project.drill import DRILL, DRILL_JOB, STEP, config_of, drill_job, rehearsed, weekly_drill
from latamgpt.curation import corpus
from latamgpt.governance.withdrawals import NOTHING_WITHDRAWN
from latamgpt.store import Workspace
from tests.custody.conftest import office
from tests.custody.test_drill import shown, small

__all__ = ["office", "shown", "small"]


def materialize(workspace: Workspace, day: str, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return drill_job(workspace).execute_in_process(run_config=config_of(day), instance=instance, raise_on_error=False)


def test_what_a_drill_found_shows_on_its_asset(shown: Workspace) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialize(shown, "2026-12-07", instance)
        assert result.success
        (event,) = result.asset_materializations_for_node(STEP)
        seen = event.metadata
        assert seen["day"].value == "2026-12-07"
        assert "it would hold" in str(seen["summary"].value)
        assert seen["count/documents_leaving_corpus"].value == 1
        assert float(str(seen["seconds/all"].value)) > 0
        assert "NO " not in str(seen["expectations"].value)
        assert (shown.root / "var/drills/2026-12-07.json").is_file()


def test_a_withdrawal_that_would_not_hold_is_a_failed_run_with_a_plain_sentence(
    shown: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "read_withdrawn", lambda *_: NOTHING_WITHDRAWN)
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialize(shown, "2026-12-07", instance)
        assert not result.success
        (failed,) = [event for event in result.all_events if event.is_step_failure]
        said = failed.step_failure_data.user_failure_data
        assert said is not None
        assert "it would NOT hold: expect_no_withdrawn_id_in_the_next_corpus: 1 documents" in str(said.description)
        assert "settle it before anything is released" in str(said.description)
        assert result.asset_materializations_for_node(STEP) == []
        observed = instance.fetch_observations(dg.AssetKey(DRILL), limit=1).records
        assert "NO " in str(observed[0].asset_observation.metadata["expectations"].value)


@pytest.mark.parametrize(("day", "said"), [("Monday", "day is 'Monday', not a day such as"), ("", "has not been published here")])
def test_what_cannot_be_rehearsed_is_said_without_a_traceback(workspace: Workspace, day: str, said: str) -> None:
    with pytest.raises(dg.Failure) as caught:
        rehearsed(workspace, day)
    assert said in str(caught.value.description)


def test_a_tick_drills_by_its_own_day() -> None:
    tick = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 12, 7, 4, tzinfo=UTC))
    (request,) = weekly_drill.evaluate_tick(tick).run_requests
    assert request.run_config == {"ops": {STEP: {"config": {"day": "2026-12-07"}}}}
    assert weekly_drill.job_name == DRILL_JOB
