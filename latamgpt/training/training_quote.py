"""What the training will need, said before it begins; a quote that breaks a cap, does not fit or is not paid stops it."""

from latamgpt.budget.memory import Layout, memory_of, shape_of
from latamgpt.budget.need import Need, need_of
from latamgpt.budget.spending import enter_quote
from latamgpt.launch.site import read_site
from latamgpt.params import Params
from latamgpt.records import Report, Table
from latamgpt.store import Workspace, must_have_passed, write_report
from latamgpt.training.packing import PackedOrder, count_steps

RANKS_SHOWN = (1, 8, 96)


def run(workspace: Workspace, params: Params) -> Report:
    """Publish what training the base model on the mixture needs, once this site's quote for it is accepted.

    What is published holds for every site. Hours, money, energy and who pays are this site's and of today: they are entered
    into its ledger, and the asset shows them.

    Raises:
        OperatorError: the quote breaks a cap, does not fit the accelerators, or nobody's credits pay; the mixture failed its
            gate, or there is less data than one step.
    """
    must_have_passed(workspace, "mixture_gate")
    num_parameters = workspace.report("base_model").counts["num_parameters"]
    order = PackedOrder(workspace.read("mixture"), params.checkpoint)
    need = need_of(params, num_parameters, count_steps(order, params.checkpoint))
    enter_quote(workspace.root, params, need, read_site(workspace.root))
    num_tokens = order.num_tokens(need.num_steps * params.checkpoint.batch_sequences)
    report = Report(
        stage="training_quote",
        summary=(
            f"{num_tokens:,} tokens in {need.num_steps:,} steps on {need.num_parameters:,} parameters: {need.flops:.3g} FLOPs, "
            f"within every cap of training_quote"
        ),
        counts={
            "num_parameters": need.num_parameters,
            "tokens": num_tokens,
            "positions": need.num_positions,
            "steps": need.num_steps,
        },
        metrics={"flops": need.flops},
        tables=(memory_table(params, need),),
    )
    with workspace.publish("training_quote") as folder:
        return write_report(folder, report)


def memory_table(params: Params, need: Need) -> Table:
    """GiB of each rank, by ZeRO stage and number of ranks."""
    shape = shape_of(params, need.num_parameters)
    rows = tuple(
        (stage, *(memory_of(shape, Layout(zero_stage=stage, ranks_per_node=ranks)).rank for ranks in RANKS_SHOWN))
        for stage in range(4)
    )
    columns = ("ZeRO stage", *(f"over {ranks} ranks" for ranks in RANKS_SHOWN))
    return Table(name="GiB per rank, activations kept", columns=columns, rows=rows)
