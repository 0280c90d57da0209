"""A training on a machine that is about to be taken away: saved, ended with 85, and gone on with elsewhere."""

import pytest

from latamgpt.errors import DrainedError
from latamgpt.launch.notice import ENDPOINT_VARIABLE, INTERRUPTION
from latamgpt.params import Params
from latamgpt.stages import run_stage
from latamgpt.store import Workspace
from latamgpt.tracking.sending import END_TAG
from latamgpt.tracking.server import EXPERIMENT, connect
from tests.servers.metadata import NOTICE, metadata_service


@pytest.mark.slow
def test_a_spot_notice_drains_a_training_which_goes_on_in_the_same_run(
    ready: Workspace, small: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = ready.root / "sites" / "laptop.yaml"
    laptop.write_text(laptop.read_text() + "notice: ec2\n")
    with metadata_service() as service:
        monkeypatch.setenv(ENDPOINT_VARIABLE, service.url)
        service.says[INTERRUPTION] = NOTICE
        with pytest.raises(DrainedError, match=r"was drained: \d+ of \d+ steps are done and saved"):
            run_stage(ready, small, "checkpoint")
        client = connect(ready)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        assert experiment is not None
        (run,) = client.search_runs([experiment.experiment_id])
        assert (run.info.status, run.data.tags[END_TAG]) == ("KILLED", "drained")
        service.says.clear()
        report = run_stage(ready, small, "checkpoint")
    assert report.counts["num_steps"] > 1
    ended = client.get_run(run.info.run_id)
    assert (ended.info.status, ended.data.tags[END_TAG]) == ("FINISHED", "finished")
