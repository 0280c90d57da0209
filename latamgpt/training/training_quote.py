"""What the training will need, said before it begins; a quote above the budget stops it."""

from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.store import Workspace, write_report
from latamgpt.training.plan import must_be_affordable, quote


def run(workspace: Workspace, params: Params) -> Report:
    """Publish the quote for training the base model on the mixture.

    Raises:
        OperatorError: it is above the budget.
    """
    num_parameters = workspace.report("base_model").counts["num_parameters"]
    need = quote(params, num_parameters, workspace.report("mixture").counts["tokens"])
    must_be_affordable(params, need)
    report = Report(
        stage="training_quote",
        summary=(
            f"{need.num_tokens:,} tokens on {need.num_parameters:,} parameters: {need.accelerator_hours:,.2f} "
            f"{params.training_quote.accelerator} hours, US$ {need.us_dollars:,.2f} of at most "
            f"{params.training_quote.max_us_dollars:,.2f}"
        ),
        counts={"num_parameters": need.num_parameters, "tokens": need.num_tokens, "steps": need.num_steps},
        metrics={
            "accelerator_hours": need.accelerator_hours,
            "flops": need.flops,
            "model_state_gib": need.model_state_gib,
            "us_dollars": need.us_dollars,
        },
    )
    with workspace.publish("training_quote") as folder:
        return write_report(folder, report)
