"""The sweep in MLflow: one run for all of it, the trials' runs nested under it, the fit attached."""

import hashlib

import orjson

from latamgpt.records import Frozen, Report
from latamgpt.store import Workspace, digest_of, held, replace_json
from latamgpt.sweep.results import sweep_store
from latamgpt.sweep.trials import Trial
from latamgpt.tracking.nesting import Nesting
from latamgpt.tracking.runs import start_run
from latamgpt.tracking.server import USER, tracking_uri

STAGE = "sweep"
KEY_CHARS = 32
PLOT = "sweep.png"
LOCK = "sweep-run"  # two trials that begin together are of one run


class Parent(Frozen):
    """The sweep's own run, as MLflow has it."""

    key: str
    run_id: str
    store: str


def nesting(checkout: Workspace, trial: Trial) -> Nesting:
    """What a trial's run is tagged with, and which run it stands under."""
    axes = {
        "rung": trial.rung,
        "learning_rate": f"{trial.learning_rate:g}",
        "replay": f"{trial.replay_share:g}",
        "seed": f"{trial.seed}",
    }
    own = {f"sweep.{name}": value for name, value in axes.items()}
    return Nesting(parent=parent_run(checkout), params=own, tags={**own, "sweep.trial": trial.name})


def parent_run(checkout: Workspace) -> str:
    """MLflow's id of this sweep's run, begun where there is none; '' where MLflow is away: the trial's run then stands alone."""
    path = sweep_store(checkout.root).root / "parent.json"
    key, store = sweep_key(checkout), USER.sub("//", tracking_uri(checkout))
    with held(checkout.root, LOCK):
        if path.is_file():
            known = Parent.model_validate_json(path.read_bytes())
            if known.key == key and known.store == store:
                return known.run_id
        with start_run(checkout, STAGE, _name(checkout), {}, {}, continue_run=key) as log:
            pass
        if log.run_id:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_json(path, Parent(key=key, run_id=log.run_id, store=store))
        return log.run_id


def attach_fit(checkout: Workspace, report: Report, plot: bytes) -> None:
    """Add the fit to the sweep's run: numbers against the trials that it stands on, the plot, the report."""
    key = sweep_key(checkout)
    with held(checkout.root, LOCK), start_run(checkout, STAGE, _name(checkout), {}, {}, continue_run=key) as log:
        log.log({f"fit/{name}": value for name, value in report.metrics.items()}, report.counts["trials"])
        log.attach(PLOT, plot)
        log.attach("sweep_fit.json", orjson.dumps(report.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def sweep_key(checkout: Workspace) -> str:
    """One sweep for one corpus, however its grid is widened."""
    return hashlib.sha256(f"{STAGE} {digest_of(checkout.place('corpus'))}".encode()).hexdigest()[:KEY_CHARS]


def _name(checkout: Workspace) -> str:
    return f"sweep corpus-{digest_of(checkout.place('corpus'))[:8]}"
