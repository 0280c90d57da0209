"""`latamgpt evaluate`: a model on tasks that are not in this repository, those of a profile or of a published file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers
from latamgpt.errors import OperatorError
from latamgpt.store import find_workspace

if TYPE_CHECKING:
    from latamgpt.evaluation.score import Scored
    from latamgpt.params import ScorecardParams
    from latamgpt.store import Workspace

STAGES = ("base_model", "checkpoint")


def add(parsers: Parsers) -> None:
    """Add `evaluate`."""
    evaluate = parsers.add_parser(
        "evaluate",
        help="measure a model on tasks of the harness (a profile), or on a published set of questions (a file)",
        description="Measure one model, and write a folder that `latamgpt compare` reads. Run it for two models, then compare "
        "the folders: a figure of one alone says little. docs/peers.md lists profiles and adapters. It changes no scorecard and "
        "no gate.",
    )
    evaluate.add_argument("model", metavar="MODEL", help="base_model, checkpoint, or the folder of another model")
    asked = evaluate.add_mutually_exclusive_group(required=True)
    asked.add_argument("--profile", metavar="NAME", help="spanish, portuguese, indigenous, or a .yaml file; needs the hub")
    asked.add_argument("--data", type=Path, metavar="FILE", help="a published set: CSV, TSV, JSON, JSON Lines or Parquet")
    evaluate.add_argument("--adapter", default="", metavar="NAME", help="with --data: choclo, latamqa_es_la..., or a .yaml file")
    evaluate.add_argument("--limit", type=int, metavar="N", help="at most so many items of each task; all if not given")
    evaluate.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="where scorecard.json is written; a new folder"
    )
    evaluate.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from latamgpt.evaluation.score import SCORECARD_NAME, Made, Scorecard
    from latamgpt.params import read_params
    from latamgpt.store import write_json

    if bool(options.data) != bool(options.adapter):
        raise OperatorError("--data and --adapter go together: the adapter says which columns of the file hold what.")
    if options.limit is not None and options.limit < 1:
        raise OperatorError(f"--limit {options.limit}: nothing would be asked. Give a number from 1 on, or leave it out.")
    if options.out.exists():
        raise OperatorError(f"{options.out} is there already, and what lies in it is kept. Name a new folder.")
    workspace = find_workspace(Path.cwd())
    params = read_params(workspace.root).scorecard
    folder, name = _model(workspace, options.model)
    run = _profile if options.profile else _data
    items, settings = run(options, folder, name, params)
    scorecard = Scorecard(base=name, candidate=name, made=Made(settings=settings), items=items, cells=())
    options.out.mkdir(parents=True)
    write_json(options.out / SCORECARD_NAME, scorecard.model_dump(mode="json", exclude_none=True))
    print(f"{name}: {len(items):,} items. Compare it with another: `latamgpt compare A {options.out}`.")
    return 0


def _profile(
    options: argparse.Namespace, folder: Path, name: str, params: "ScorecardParams"
) -> "tuple[tuple[Scored, ...], dict[str, str]]":
    from latamgpt.evaluation.profiles.profile import read_profile
    from latamgpt.evaluation.profiles.run import run_profile

    profile = read_profile(options.profile)
    ran = run_profile(folder, name, profile, params, options.limit, lambda task: print(task, flush=True))
    for task in ran.left_out:
        print(f"{task}: left out, since the harness gives it no figure by item, without which nothing is compared")
    return ran.items, {"profile": profile.name, **{f"metric of {task}": metric for task, metric in ran.metrics.items()}}


def _data(
    options: argparse.Namespace, folder: Path, name: str, params: "ScorecardParams"
) -> "tuple[tuple[Scored, ...], dict[str, str]]":
    from latamgpt.evaluation.adapters.mapping import read_adapter
    from latamgpt.evaluation.adapters.questions import adapted_tasks
    from latamgpt.evaluation.harness import measure
    from latamgpt.evaluation.scorecard import join
    from latamgpt.store import sha256_file

    adapter = read_adapter(options.adapter)
    all_of_them = params.model_copy(update={"max_items": options.limit or 1_000_000_000})
    adapted = adapted_tasks(adapter, options.data, all_of_them)
    if adapted.num_left_out:
        print(f"{adapted.num_left_out:,} rows without a question, a right or a wrong choice were left out")
    scores = measure(folder, adapted.tasks, params, lambda task: print(task, flush=True))
    settings = {"adapter": adapter.name, "source": adapter.source, "licence": adapter.licence, "data": sha256_file(options.data)}
    return join(adapted.tasks, {name: scores}), settings


def _model(workspace: "Workspace", named: str) -> tuple[Path, str]:
    if named in STAGES:
        return workspace.read(named), named
    folder = Path(named)
    if not (folder / "config.json").is_file():
        raise OperatorError(
            f"{named} is neither {' nor '.join(STAGES)} nor a folder with a model's config.json. Name one of these."
        )
    return folder, folder.resolve().name
