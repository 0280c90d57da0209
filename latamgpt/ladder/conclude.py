"""What the trials that were run say together: fitted, kept, shown in MLflow."""

from latamgpt.ladder.rungs import read_ladder
from latamgpt.ladder.runs import attach_fit
from latamgpt.ladder.standing import standing_result
from latamgpt.params import SweepParams
from latamgpt.records import Report
from latamgpt.store import Workspace
from latamgpt.sweep.fit import fit_sweep, publish_fit
from latamgpt.sweep.plot import draw
from latamgpt.sweep.trials import trials_of
from latamgpt.sweep.view import report_on


def fitted(checkout: Workspace, params: SweepParams) -> tuple[Report, bytes]:
    """Fit all trials that stand, keep it; the report and its picture.

    Left out are results of another corpus or of other parameters, and of rungs whose base params.yaml does not give today.

    Raises:
        OperatorError: no trial was run.
    """
    ladder = read_ladder(checkout.root, params)
    trials = (trial for trial in trials_of(params) if trial.rung in ladder.params)
    results = [found for trial in trials if (found := standing_result(checkout, params, trial))]
    fit = fit_sweep(params, results, ladder.widths)
    report = report_on(params, results, fit)
    publish_fit(checkout.root, fit, report)
    return report, draw(fit, results)


def conclude(checkout: Workspace, params: SweepParams) -> tuple[Report, bytes]:
    """The same, attached to the sweep's run in MLflow.

    Raises:
        OperatorError: no trial was run.
    """
    report, plot = fitted(checkout, params)
    attach_fit(checkout, report, plot)
    return report, plot
