"""Any two models that were measured, compared on the items that both were asked, wherever their scorecards lie."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.evaluation.score import SCORECARD_NAME, Made, Scorecard, Scored
from latamgpt.evaluation.statistics.cells import compare_all
from latamgpt.evaluation.tracked import ROLE_TAG
from latamgpt.params import ScorecardParams
from latamgpt.records import MANIFEST_NAME, Frozen, Manifest
from latamgpt.store import Workspace, sha256_file
from latamgpt.tracking.artifacts import fetch_artifact

RUN_ID = re.compile(r"[0-9a-f]{32}")
DIGEST_SHOWN = 12  # characters
WHERE = "Give a folder that holds one (data/scorecard, a release), the file itself, or the id of a scorecard's run in MLflow."


@dataclass(frozen=True)
class Side:
    """One of the two: a model in a scorecard."""

    name: str  # as people are told
    scorecard: Scorecard
    model: str  # in the scorecard

    @property
    def items(self) -> dict[tuple[str, str], Scored]:
        """What the model was asked, by task and item."""
        return {(item.task, item.item): item for item in self.scorecard.items if self.model in item.scores}


class Comparison(Frozen):
    """Two models on the items of both: a scorecard of its own, what is left out of it, and what sets the two apart."""

    scorecard: Scorecard
    num_both: int
    num_only_a: int
    num_only_b: int
    num_changed: int  # of one id, and asked otherwise
    differences: tuple[str, ...]  # in how the two scorecards were made, in words


def read_side(workspace: Workspace, letter: str, place: str, model: str = "") -> Side:
    """The model of a scorecard: its candidate, unless `model` or the MLflow run says another.

    Args:
        workspace: whose MLflow is asked.
        letter: A or B.
        place: a folder, a file, or the id of a run.
        model: base, candidate, or a name in the scorecard.

    Raises:
        OperatorError: there is no scorecard, or no such model in it.
        InputDamagedError: the file is not the one that was published in its folder.
    """
    path = Path(place)
    if not path.exists() and RUN_ID.fullmatch(place):
        with TemporaryDirectory() as folder:
            fetched = fetch_artifact(workspace, place, SCORECARD_NAME, Path(folder))
            scorecard, named = _read(fetched.path), model or fetched.tags.get(ROLE_TAG, "")
    else:
        scorecard, named = _read(path / SCORECARD_NAME if path.is_dir() else path), model
    chosen = {"": scorecard.candidate, "base": scorecard.base, "candidate": scorecard.candidate}.get(named, named)
    known = sorted({name for item in scorecard.items for name in item.scores})
    if chosen not in known:
        raise OperatorError(
            f"{place}: no model {chosen!r} was measured there. Its scorecard has {', '.join(known) or 'none'}: choose one of "
            f"these by --model-{letter.lower()}."
        )
    return Side(f"{letter}: {chosen}, {place}", scorecard, chosen)


def compare_sides(a: Side, b: Side, params: ScorecardParams) -> Comparison:
    """The statistics of a scorecard, for B against A.

    Raises:
        OperatorError: no item was asked of both.
    """
    items_a, items_b = a.items, b.items
    shared = [key for key in items_a if key in items_b]
    same = [key for key in shared if _is_same(items_a[key], items_b[key])]
    if not same:
        raise OperatorError(
            f"{a.name} has {len(items_a):,} items and {b.name} {len(items_b):,}, and none was asked of both in the same words. "
            "What was asked otherwise cannot be compared. Measure both with the same code, held-out text and parameters."
        )
    items = [_joined(items_a[key], a, items_b[key], b) for key in same]
    scorecard = Scorecard(
        base=a.name,
        candidate=b.name,
        confidence=params.confidence,
        made=Made(weights={side.name: _weights(side) for side in (a, b) if _weights(side)}),
        items=tuple(items),
        cells=compare_all(items, a.name, b.name, params),
    )
    return Comparison(
        scorecard=scorecard,
        num_both=len(same),
        num_only_a=len(items_a) - len(shared),
        num_only_b=len(items_b) - len(shared),
        num_changed=len(shared) - len(same),
        differences=tuple(_differences(a, b)),
    )


def _read(path: Path) -> Scorecard:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path}: there is no scorecard to read ({error.strerror}). {WHERE}") from error
    _must_be_published(path)
    try:
        return Scorecard.model_validate_json(content)
    except ValidationError as error:
        raise OperatorError(
            f"{path} is no scorecard of this version ({error.error_count()} values do not fit). Its items could not be told "
            f"apart. Measure that model again with `latamgpt stage scorecard`. {WHERE}"
        ) from error


def _must_be_published(path: Path) -> None:
    manifest = path.parent / MANIFEST_NAME
    if not manifest.is_file():
        return
    listed = {entry.path: entry.sha256 for entry in Manifest.model_validate_json(manifest.read_bytes()).files}
    if path.name in listed and listed[path.name] != sha256_file(path):
        raise InputDamagedError(
            f"{path} is not the file that was published in its folder: its sha256 differs from the manifest's. Nothing can be "
            "said by it. Restore the folder, or measure again."
        )


def _is_same(one: Scored, other: Scored) -> bool:
    """Whether both were asked the same; scorecards without digests are held by what they hold."""
    digests = {one.asked, other.asked} - {""}
    return len(digests) <= 1 and (one.measure, one.weight, one.answer) == (other.measure, other.weight, other.answer)


def _joined(one: Scored, a: Side, other: Scored, b: Side) -> Scored:
    return one.model_copy(update={"scores": {a.name: one.scores[a.model], b.name: other.scores[b.model]}})


def _weights(side: Side) -> str:
    return side.scorecard.made.weights.get(side.model, "")


def _differences(a: Side, b: Side) -> Sequence[str]:
    one, other = a.scorecard.made, b.scorecard.made
    told: list[str] = []
    for letter, made in (("A", one), ("B", other)):
        if not made.code:
            told.append(f"{letter} does not say with which code and parameters it was measured")
    if one.code and other.code and one.code != other.code:
        told.append(f"measured with other code: {one.code[:DIGEST_SHOWN]} in A, {other.code[:DIGEST_SHOWN]} in B")
    if one.settings and other.settings:
        for name in sorted({*one.settings, *other.settings}):
            values = (one.settings.get(name, "nothing"), other.settings.get(name, "nothing"))
            if values[0] != values[1]:
                told.append(f"measured with other parameters: {name} is {values[0]} in A and {values[1]} in B")
    if _weights(a) and _weights(a) == _weights(b):
        told.append("A and B are the same weights: what differs is how they were measured")
    return told
