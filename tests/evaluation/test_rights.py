"""Nothing is measured on texts whose agreement does not permit it any more, or not here."""

import pytest

from latamgpt.errors import NotPermittedError
from latamgpt.evaluation.scorecard import run
from latamgpt.params import Params
from latamgpt.store import Workspace


def change_agreement(workspace: Workspace, lines: str) -> None:
    path = workspace.root / "partners" / "academia-quechua.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("    attribution:", f"{lines}    attribution:"), encoding="utf-8")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("    withdrawn_on: 2026-01-15\n", "was withdrawn on 2026-01-15"),
        ("    stages: [intake, corpus, training]\n", "not at evaluation"),
        ("    residency: [PE]\n", "lets its texts lie in PE, not at laptop in CL"),
    ],
)
def test_agreement_that_does_not_permit_evaluation_stops_the_scorecard(
    published: Workspace, micro_params: Params, lines: str, said: str
) -> None:
    change_agreement(published, lines)
    with pytest.raises(NotPermittedError, match=rf"scorecard: 6 documents of academia-quechua: .*{said}.*nothing was scored"):
        run(published, micro_params)
    assert not published.place("scorecard").exists()


def test_held_out_text_of_a_partner_that_is_not_of_the_run_stops_the_scorecard(
    published: Workspace, micro_params: Params
) -> None:
    fewer = micro_params.model_copy(update={"partners": ("archivo-cauca",)})
    with pytest.raises(NotPermittedError, match="not a partner of this run"):
        run(published, fewer)
