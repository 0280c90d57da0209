"""What this site quotes and its ledger, beside the asset training_quote: as of its making, and in no hashed output."""

import dagster as dg

from assets.report_view import report_metadata
from assets.shown import Shown
from latamgpt.budget.standing import site_report
from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from latamgpt.params import read_params
from latamgpt.records import Report
from latamgpt.store import Workspace

SITE = Shown(group="training", description="", curves=True)


def quote_metadata(workspace: Workspace, report: Report) -> dict[str, dg.MetadataValue]:
    """Figures, tables and the burn-down; where they cannot be given, the sentence that says why."""
    try:
        site = site_report(workspace.root, read_params(workspace.root), report.counts, read_site(workspace.root))
    except OperatorError as error:
        return {"site/summary": dg.MetadataValue.text(str(error))}
    return {f"site/{name}": value for name, value in report_metadata(site, SITE).items()}
