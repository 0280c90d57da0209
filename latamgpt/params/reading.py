"""Reading params.yaml, and laying a profile over it."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from latamgpt.errors import OperatorError
from latamgpt.params.whole import Params
from latamgpt.yaml_files import explain_validation, load_yaml


def read_params(root: Path, profile: str = "") -> Params:
    """params.yaml as a typed object; with a profile, that profile's values laid over it.

    Raises:
        OperatorError: a file is missing or not YAML, a key is unknown, missing or out of bounds, or params.yaml follows another
            profile already.
    """
    path = root / "params.yaml"
    values = _read_yaml(path)
    where = str(path)
    if profile:
        overlay = find_profile(root, profile)
        _refuse_a_second_profile(root, profile, values)
        values = _laid_over(values, _read_yaml(overlay))
        where = f"{overlay} over {path}"
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise OperatorError(explain_validation(where, error)) from error


def find_profile(root: Path, name: str) -> Path:
    """profiles/NAME.yaml, or an error that lists those there are."""
    path = root / "profiles" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml")))
        raise OperatorError(f"there is no profile {name!r}: {path} is missing. The profiles are: {known}.")
    return path


def _refuse_a_second_profile(root: Path, name: str, values: dict[str, object]) -> None:
    for other in sorted((root / "profiles").glob("*.yaml")):
        if other.stem != name and _laid_over(values, _read_yaml(other)) == values:
            raise OperatorError(
                f"params.yaml follows profiles/{other.stem}.yaml already, and {name} over it would be a mixture of two runs. "
                f"Nothing was changed. First undo the other: git checkout params.yaml"
            )


def use_profile(root: Path, name: str) -> int:
    """Write a profile's values into params.yaml, keeping its comments; returns how many values changed."""
    read_params(root, name)
    from ruamel.yaml import YAML  # noqa: PLC0415  (only this command pays for it)

    yaml_with_comments = YAML()
    yaml_with_comments.width = 120
    path = root / "params.yaml"
    document = yaml_with_comments.load(path.read_text(encoding="utf-8"))
    changed = _write_over(document, _read_yaml(find_profile(root, name)))
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as stream:
        yaml_with_comments.dump(document, stream)
    draft.replace(path)
    return changed


def _read_yaml(path: Path) -> dict[str, object]:
    try:
        values = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise OperatorError(f"{path} is missing: it says what a run is. Restore it with `git checkout {path.name}`.") from error
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Mend the line it names and run the command again.") from error
    if not isinstance(values, dict):
        raise OperatorError(
            f"{path} holds {type(values).__name__}, not a mapping of keys to values. Restore it with `git checkout {path.name}`."
        )
    return values


def _laid_over(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _write_over(document: dict[str, object], values: dict[str, object]) -> int:
    changed = 0
    for key, value in values.items():
        old = document.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            changed += _write_over(old, value)
        elif old != value:
            document[key] = value
            changed += 1
    return changed
