"""What the training will need, said before it begins; a quote above the budget stops it."""

from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.store import Workspace, must_have_passed, write_report
from latamgpt.training.packing import PackedOrder, count_steps
from latamgpt.training.plan import must_be_affordable, quote


def run(workspace: Workspace, params: Params) -> Report:
    """Publish the quote for training the base model on the mixture.

    Raises:
        OperatorError: it is above the budget, the mixture failed its gate, or there is less data than one step.
    """
    must_have_passed(workspace, "mixture_gate")
    num_parameters = workspace.report("base_model").counts["num_parameters"]
    order = PackedOrder(workspace.read("mixture"), params.checkpoint)
    need = quote(params, num_parameters, count_steps(order, params.checkpoint))
    num_tokens = order.num_tokens(need.num_steps * params.checkpoint.batch_sequences)
    must_be_affordable(params, need)
    report = Report(
        stage="training_quote",
        summary=(
            f"{num_tokens:,} tokens in {need.num_steps:,} steps on {need.num_parameters:,} parameters: "
            f"{need.accelerator_hours:,.2f} {params.training_quote.accelerator} hours, US$ {need.us_dollars:,.2f} of at most "
            f"{params.training_quote.max_us_dollars:,.2f}"
        ),
        counts={
            "num_parameters": need.num_parameters,
            "tokens": num_tokens,
            "positions": need.num_positions,
            "steps": need.num_steps,
        },
        metrics={
            "accelerator_hours": need.accelerator_hours,
            "flops": need.flops,
            "model_state_gib": need.model_state_gib,
            "us_dollars": need.us_dollars,
        },
    )
    with workspace.publish("training_quote") as folder:
        return write_report(folder, report)
