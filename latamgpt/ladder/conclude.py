"""What the trials that were run say together: fitted, kept, shown in MLflow."""

from latamgpt.ladder.rungs import read_ladder
from latamgpt.ladder.runs import attach_fit
from latamgpt.params import SweepParams
from latamgpt.records import Report
from latamgpt.store import Workspace
from latamgpt.sweep.fit import fit_sweep, publish_fit
from latamgpt.sweep.plot import draw
from latamgpt.sweep.results import TrialResult, read_results
from latamgpt.sweep.view import report_on


def fitted(checkout: Workspace, params: SweepParams) -> tuple[Report, bytes]:
    """Fit all trials that were run, keep it; the report and its picture.

    Raises:
        OperatorError: no trial was run.
    """
    results: tuple[TrialResult, ...] = read_results(checkout.root, params)
    fit = fit_sweep(params, results, read_ladder(checkout.root, params).widths)
    report = report_on(params, results, fit)
    publish_fit(checkout.root, fit, report)
    return report, draw(fit, results)


def conclude(checkout: Workspace, params: SweepParams) -> tuple[Report, bytes]:
    """The same, attached to the sweep's run in MLflow.

    Raises:
        OperatorError: no trial was run.
    """
    report, plot = fitted(checkout, params)
    attach_fit(checkout, params, report, plot)
    return report, plot
