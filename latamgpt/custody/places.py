"""Where deliveries lie, and what names them by their bytes."""

import hashlib
from pathlib import Path

from latamgpt.intake.documents import DELIVERIES
from latamgpt.store import Workspace, list_files, sha256_file


def delivery_place(partner: str, delivery: str = "") -> str:
    """Where a partner's deliveries lie, or one of them, inside the workspace."""
    return "/".join(part for part in (DELIVERIES, partner, delivery) if part)


def delivery_names(workspace: Workspace, partner: str) -> list[str]:
    """The deliveries of a partner that are in place, sorted."""
    place = workspace.root / DELIVERIES / partner
    return sorted(path.name for path in place.iterdir() if path.is_dir() and path.name[0] != ".") if place.is_dir() else []


def tree_digest(folder: Path) -> str:
    """One sha256 for a folder: of the lines 'sha256  path' of all its files, sorted by path."""
    lines = (f"{sha256_file(folder / name)}  {name}\n" for name in list_files(folder))
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()
