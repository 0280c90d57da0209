"""Where a stage's page in Dagster leads on."""

import pytest

from assets.links import corrections_link
from latamgpt.intake import documents
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import PARTNER, deliver, register
from tests.intake.scans_made import ocr_result, page, picture

SCAN = picture(["El maestro"])


@pytest.mark.parametrize("confidence", [96.0, 41.0], ids=["read", "waiting for people"])
def test_a_partner_with_scans_leads_to_their_correction(workspace: Workspace, params: Params, confidence: float) -> None:
    register(workspace)
    deliver(workspace, {"a.png": SCAN, "a.png.ocr.json": ocr_result(SCAN, page(1, "El maestro", confidence))}, format="files")
    link = corrections_link(PARTNER, documents.run(workspace, params, PARTNER))
    assert link["corrections"].value == f"http://127.0.0.1:5002/?partner={PARTNER}"


def test_a_partner_without_scans_leads_nowhere(workspace: Workspace, params: Params) -> None:
    register(workspace)
    deliver(workspace, {"a.txt": "El maestro rural llegó al pueblo en una balsa."})
    assert corrections_link(PARTNER, documents.run(workspace, params, PARTNER)) == {}
