"""What made a scorecard, so that two can be asked whether they were made alike."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from latamgpt.evaluation.score import Made
from latamgpt.params import ScorecardParams
from latamgpt.store import digest_of
from latamgpt.tracking.runs import flatten

CODE = ("*.py", "statistics/*.py")
"""What measures and compares, in this folder; how it is shown changes no number."""


def made_with(params: ScorecardParams, models: Mapping[str, Path]) -> Made:
    """The digest of the evaluation's code, every parameter of the stage, and which weights were measured."""
    settings = {name: str(value) for name, value in sorted(flatten(params.model_dump(mode="json")).items())}
    weights = {name: digest_of(folder) for name, folder in models.items()}
    return Made(code=_digest_of_code(Path(__file__).parent), settings=settings, weights=weights)


def _digest_of_code(folder: Path) -> str:
    digest = sha256()
    for path in sorted(path for pattern in CODE for path in folder.glob(pattern)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
