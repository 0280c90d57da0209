"""Continue the base model's pretraining on the mixture: check that it may be done, have it done, publish what came out."""

import hashlib
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import orjson
import pyarrow as pa

from latamgpt import shards
from latamgpt.budget.need import need_of
from latamgpt.budget.spending import accounted
from latamgpt.launch.claims import Work
from latamgpt.launch.ranks import Ranks, run_ranks
from latamgpt.launch.site import Site, read_site
from latamgpt.params import CheckpointParams, Params
from latamgpt.records import MANIFEST_NAME, REPORT_NAME, TOKENIZER_FILES, Curve, Report, Table
from latamgpt.registry.rights import Place
from latamgpt.store import (
    Workspace,
    digest_of,
    must_have_passed,
    replace_json,
    rows_to_table,
    sha256_file,
    write_json,
    write_report,
)
from latamgpt.table_format import write_table
from latamgpt.training.copies import copies_of, forget_copies, take_up_copy
from latamgpt.training.embeddings import extend_model
from latamgpt.training.job import OUTCOME_NAME, TrainingJob, TrainingOutcome, resume_folder
from latamgpt.training.kernels import pinned_environment
from latamgpt.training.left_out import SPIKES_NAME, SPIKES_SCHEMA, left_out_tables, spike_rows
from latamgpt.training.packing import PackedOrder, count_steps
from latamgpt.training.passes import micro_batch_size
from latamgpt.training.resume import History
from latamgpt.training.rights import must_permit_training, read_terms

GATES = ("shards_gate", "mixture_gate")
INPUTS = ("base_model", "mixture", "token_shards", "tokenizer")
OUTPUT = "output"  # of the ranks, beside the states: it is the same folder after this process was killed
WEIGHTS_SUFFIXES = (".safetensors", ".safetensors.index.json")

DATA_ORDER_SCHEMA = pa.schema(
    [
        pa.field("step", pa.int64(), nullable=False),  # 0 is the first
        pa.field("sequence", pa.int64(), nullable=False),  # over all steps
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),  # the piece of the document, in that shard
        pa.field("epoch", pa.int32(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),  # tokens of the piece
        pa.field("end", pa.int64(), nullable=False),
    ]
)
"""Which tokens of which document each step saw."""


def run(workspace: Workspace, params: Params) -> Report:
    """Train, and publish the model with the order of its data, its curves and a report.

    Steps: the shards passed their gate and a quote was accepted; every agreement permits training, today's registry asked; what
    it will take is reserved, today's ledger asked; the processes of this site train, going on where a killed run stopped; what
    it took is entered; the result is published whole.

    Raises:
        OperatorError: a gate failed, a cap would be broken, nobody's credits pay, there is less data than one step, MLflow does
            not answer, or the training broke down.
        NotPermittedError: an agreement does not permit training, or not at this site.
    """
    for gate in GATES:
        must_have_passed(workspace, gate)
    workspace.read("training_quote")
    folders = {name: workspace.read(name) for name in INPUTS}
    site = read_site(workspace.root)
    micro_batch_size(params.checkpoint.batch_sequences, site.num_ranks, params.checkpoint.micro_batch_sequences)
    order = PackedOrder(folders["mixture"], params.checkpoint)
    num_steps = count_steps(order, params.checkpoint)
    terms = read_terms(folders["token_shards"])
    documents = {doc_id: terms[doc_id] for doc_id in set(order.doc_ids)}
    place = Place(site.country, site.name, site.is_guess)
    num_terms = len(must_permit_training(workspace.root, params.partners, documents, params.rights.as_of, place))
    digests = {name: digest_of(folder) for name, folder in folders.items()}
    work = Work("checkpoint", identity(params, digests), workspace.root)
    resume = resume_folder(workspace.root, work.identity)
    need = need_of(params, workspace.report("base_model").counts["num_parameters"], num_steps)
    with workspace.publish("checkpoint") as folder:
        with accounted(workspace.root, params, need, work.identity, site, resume):
            outcome = _train(workspace, params, site, digests, work, resume)
        _take(resume / OUTPUT, folder)
        copy_tokenizer(folders["tokenizer"], folders["base_model"], folder)
        left_out = outcome.history.left_out
        trained = rows_to_table(
            data_order(order, num_steps, params.checkpoint, {each.step for each in left_out}), DATA_ORDER_SCHEMA
        )
        write_table(folder / "data_order.parquet", trained)
        write_table(folder / SPIKES_NAME, rows_to_table(spike_rows(left_out, order, params.checkpoint), SPIKES_SCHEMA))
        write_json(folder / "curve.json", outcome.history)
        report = write_report(folder, make_report(params.checkpoint, outcome, order, trained, num_terms))
    if copies := copies_of(site, resume):
        forget_copies(copies)
    shutil.rmtree(resume)
    return report


def identity(params: Params, digests: dict[str, str]) -> str:
    """What must be the same for a training to go on from a saved state: program, parameters, inputs. Where it runs may change."""
    what = {
        "code": [sha256_file(path) for path in [*sorted(Path(__file__).parent.glob("*.py")), Path(shards.__file__)]],
        "checkpoint": params.checkpoint.model_dump(mode="json"),
        "digests": digests,
    }
    return hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()


def data_order(
    order: PackedOrder, num_steps: int, params: CheckpointParams, left_out: Collection[int] = ()
) -> Iterator[dict[str, object]]:
    """One row per segment that was trained on, in the order of training; the steps `left_out` changed no weight."""
    for sequence in range(num_steps * params.batch_sequences):
        if sequence // params.batch_sequences in left_out:
            continue
        for segment in order.segments(sequence):
            yield {
                "step": sequence // params.batch_sequences,
                "sequence": sequence,
                "doc_id": order.doc_ids[segment.position],
                "shard": order.shards[segment.position],
                "row": order.rows[segment.position],
                "epoch": order.epochs[segment.position],
                "start": segment.start,
                "end": segment.end,
            }


def make_report(
    params: CheckpointParams, outcome: TrainingOutcome, order: PackedOrder, trained: pa.Table, num_terms: int
) -> Report:
    """What the training did, from its history, the order of its data and the rows of it that were trained on."""
    history = outcome.history
    first, last = history.evaluations[0], history.evaluations[-1]
    before = {each.language: each.bits_per_byte for each in first.languages}
    rows = tuple(
        (each.language, before[each.language], each.bits_per_byte, each.bits_per_byte / before[each.language] - 1)
        for each in last.languages
    )
    num_tokens = int((trained["end"].to_numpy() - trained["start"].to_numpy()).sum())
    num_documents = len(trained["doc_id"].unique())
    num_left_out = len(history.left_out)
    fill = order.num_tokens(order.num_sequences) / (order.num_sequences * params.seq_len_tokens)
    without = f"; {num_left_out:,} steps left out, {history.num_rollbacks:,} roll backs" if num_left_out else ""
    num_cut = len(order.cut_documents(order.num_sequences))
    return Report(
        stage="checkpoint",
        summary=f"trained on {num_tokens:,} tokens of {num_documents:,} documents in {outcome.num_steps:,} steps: loss "
        f"{history.steps[0].loss:.3f} to {history.steps[-1].loss:.3f}; {fill:.2%} of the positions used, {num_cut:,} documents "
        f"longer than a sequence{without}",
        counts={
            "num_tokens": num_tokens,
            "num_steps": outcome.num_steps,
            "num_steps_skipped": num_left_out,
            "num_rollbacks": history.num_rollbacks,
            "num_documents": num_documents,
            "num_documents_cut": num_cut,
            "num_terms": num_terms,
            "num_parameters": outcome.num_parameters,
            "zero_stage": params.zero_stage,
        },
        metrics={
            "train/loss/first": history.steps[0].loss,
            "train/loss/last": history.steps[-1].loss,
            "packing/fill": fill,
            **{f"eval/bits_per_byte/{each.language}": each.bits_per_byte for each in last.languages},
        },
        tables=(
            Table(name="held-out bits per byte", columns=("language", "before", "after", "change"), rows=rows),
            *left_out_tables(history.left_out, order, params),
        ),
        curves=make_curves(history),
    )


def make_curves(history: History) -> tuple[Curve, ...]:
    """Loss, gradient norm, learning rate, and bits per byte of every language, against tokens seen."""
    tokens = tuple(float(step.tokens) for step in history.steps)
    curves = [
        _curve("train/loss", "nats per token", tokens, [step.loss for step in history.steps]),
        _curve("train/grad_norm", "L2 norm", tokens, [step.grad_norm for step in history.steps]),
        _curve("train/learning_rate", "learning rate", tokens, [step.learning_rate for step in history.steps]),
    ]
    seen = tuple(float(evaluation.tokens) for evaluation in history.evaluations)
    for number, each in enumerate(history.evaluations[0].languages):
        values = [evaluation.languages[number].bits_per_byte for evaluation in history.evaluations]
        curves.append(_curve(f"eval/bits_per_byte/{each.language}", "bits per byte", seen, values))
    return tuple(curves)


def _curve(name: str, y_label: str, x: tuple[float, ...], y: list[float]) -> Curve:
    return Curve(name=name, x_label="tokens", y_label=y_label, x=x, y=tuple(y))


def _train(
    workspace: Workspace, params: Params, site: Site, digests: dict[str, str], work: Work, resume: Path
) -> TrainingOutcome:
    """Have the ranks do it: they may be at work already, in a job that another process submitted, and what they read stays."""
    output, extended = resume / OUTPUT, resume / "base"
    resume.mkdir(parents=True, exist_ok=True)
    if copies := copies_of(site, resume):
        take_up_copy(copies, resume)
    base = extended if extended.is_dir() else extend_model(workspace.place("base_model"), workspace.place("tokenizer"), extended)
    job = TrainingJob(
        root=str(workspace.root),
        base=str(base),
        output=str(output),
        resume=str(resume),
        params=params,
        threads=site.threads_per_process,
        digests=digests,
    )
    job_path = resume / "job.json"
    replace_json(job_path, job)
    environment = pinned_environment(params.checkpoint.precision, site.threads_per_process)
    log_path = workspace.root / "var" / "logs" / "checkpoint.log"
    outcome = output / OUTCOME_NAME
    run_ranks(site, work, Ranks("latamgpt.training.worker", [str(job_path)], environment, log_path, outcome, signs=[resume]))
    return TrainingOutcome.model_validate_json(outcome.read_bytes())


def _take(output: Path, folder: Path) -> None:
    """What the ranks wrote into the folder that is published, but for what they measured; it stays until that is done."""
    for path in sorted(output.iterdir()):
        if path.name != OUTCOME_NAME:
            (folder / path.name).hardlink_to(path)


def copy_tokenizer(tokenizer: Path, base: Path, folder: Path) -> None:
    """The run's tokenizer, and what else the base has that the training did not write: its licence. Never the base's weights."""
    for path in (*sorted(tokenizer.iterdir()), *sorted(base.iterdir())):
        is_left = path.name in {MANIFEST_NAME, REPORT_NAME} or path.name.endswith(WEIGHTS_SUFFIXES)
        is_replaced = path.parent == base and path.name in TOKENIZER_FILES
        if not is_left and not is_replaced and not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)
