"""One trial: a mixture with its replay share, a training at its learning rate, what that did to every language."""

import math
import shutil

from latamgpt.budget.ledger import Event, read_ledger, trainings_of
from latamgpt.budget.quote import Amounts
from latamgpt.ladder.price import must_afford
from latamgpt.ladder.rungs import ABILITY, ABILITY_SHARDS, prepare_rung, rung_params
from latamgpt.ladder.runs import nesting
from latamgpt.ladder.standing import standing_result, trial_identity, trial_params
from latamgpt.ladder.workspaces import is_published, link_outputs, open_workspace
from latamgpt.launch.site import read_site
from latamgpt.params import Params, SweepParams
from latamgpt.records import Report
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, digest_of, held, write_report
from latamgpt.sweep.results import Domain, LanguageResult, TrialResult, publish_result
from latamgpt.sweep.trials import Trial, find_rung
from latamgpt.tracking.nesting import nest
from latamgpt.training.checkpoint import INPUTS
from latamgpt.training.checkpoint import identity as training_identity

LINKED = ("base_model", "tokenizer", "shards_gate")
BITS_PER_BYTE = "held-out bits per byte"


def run_trial(checkout: Workspace, sweep: SweepParams, trial: Trial) -> TrialResult:
    """Train a trial and keep what it measured; one that was finished with the same parameters and corpus is not trained again.

    Steps: price the whole rung; make its base and shards, once; open the trial's workspace, or take up the one that a killed
    process left; run mixture, quote and checkpoint there; keep the result; throw the weights away.

    Raises:
        OperatorError: the rung is not affordable here, or a stage refused.
        NotPermittedError: an agreement does not permit training at this site: a trial is a training.
    """
    rung = find_rung(sweep, trial.rung)
    params = trial_params(rung_params(checkout.root, rung), rung, sweep, trial)
    with held(checkout.root, f"sweep-trial-{trial.folder_name}"):
        if done := standing_result(checkout, sweep, trial):
            return done
        must_afford(checkout, sweep, rung)
        identity = trial_identity(checkout, params)
        prepared = prepare_rung(checkout, rung)
        root = checkout.root / "var" / "sweep" / "trials" / trial.folder_name
        workspace = open_workspace(checkout, root, identity, read_site(checkout.root).ledger)
        nest(workspace, nesting(checkout, trial))
        train(prepared, workspace, params)
        result = measured(workspace, params, trial, identity)
        publish_result(checkout.root, trial, result)
        shutil.rmtree(root)
        return result


def train(prepared: Workspace, workspace: Workspace, params: Params) -> None:
    """Run the stages of a training in a trial's workspace, those that are not done."""
    link_outputs(prepared, workspace, ("corpus", *LINKED))
    if not is_published(workspace, "token_shards"):
        workspace.place("token_shards").symlink_to(prepared.place(ABILITY_SHARDS).absolute())
    if not is_published(workspace, "mixture"):
        run_stage(workspace, params, "mixture")
    if not is_published(workspace, "mixture_gate"):
        _pass_unjudged(workspace)
    for stage in ("training_quote", "checkpoint"):
        if not is_published(workspace, stage):
            run_stage(workspace, params, stage)


def measured(workspace: Workspace, params: Params, trial: Trial, identity: str) -> TrialResult:
    """What a finished trial's reports and the ledger say of it."""
    report = workspace.report("checkpoint")
    mixture = workspace.report("mixture")
    site = read_site(workspace.root)
    used = _used(workspace, params)
    replay = set(params.mixture.replay_languages)
    table = next(one for one in report.tables if one.name == BITS_PER_BYTE)
    return TrialResult(
        rung=trial.rung,
        base_model=params.base_model.name,
        learning_rate=trial.learning_rate,
        replay_share=trial.replay_share,
        replay_trained=mixture.metrics["replay_share"],
        seed=trial.seed,
        identity=identity,
        num_parameters=params.base_model.num_parameters,
        hidden_size=params.base_model.hidden_size,
        num_tokens=report.counts["num_tokens"],
        num_steps=report.counts["num_steps"],
        languages=tuple(
            LanguageResult(language=name, domain=domain_of(name, replay), before=_number(before), after=_number(after))
            for name, before, after in ((str(row[0]), row[1], row[2]) for row in table.rows)
        ),
        accelerator_hours=used.accelerator_hours,
        us_dollars=used.us_dollars,
        kwh=used.kwh,
        site=site.name,
    )


def domain_of(language: str, replay: set[str]) -> Domain:
    """What a held-out text stands for."""
    if language.startswith(ABILITY):
        return Domain.OLD
    return Domain.REPLAY if language in replay else Domain.NEW


def _pass_unjudged(workspace: Workspace) -> None:
    """The gate asks whether a mixture may become a release; a trial never does, and some of its shares are there to be wrong."""
    report = Report(stage="mixture_gate", summary="not judged: the mixture of a trial is measured and never released")
    with workspace.publish("mixture_gate") as folder:
        write_report(folder, report)


def _used(workspace: Workspace, params: Params) -> Amounts:
    """What the training took, all its attempts together, as the site's ledger has it."""
    subject = training_identity(params, {name: digest_of(workspace.place(name)) for name in INPUTS})
    mine = [one for one in trainings_of(read_ledger(workspace.root, read_site(workspace.root))) if one[0].subject == subject]
    used = [entry.amounts for entry in mine[-1] if entry.action == Event.USED] if mine else []
    return Amounts(**{name: math.fsum(getattr(one, name) for one in used) for name in Amounts.model_fields})


def _number(cell: object) -> float:
    return float(str(cell))
