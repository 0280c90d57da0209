"""A bag to which files are added stays a bag: its manifests, its Payload-Oxum and its tag manifests follow (RFC 8493)."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from latamgpt.custody.edits import FileEdit, read_text
from latamgpt.intake.delivery import manifest_entry

OXUM = re.compile(r"(?mi)^(Payload-Oxum:[ \t]*)(\d+)\.(\d+)")
INFO = "bag-info.txt"


def bag_edits(folder: Path, added: Sequence[FileEdit]) -> list[FileEdit]:
    """What else changes in a bag when files of its payload are written; lines of all other files stay as they are.

    Args:
        folder: the bag.
        added: the payload's files, by their paths in the bag.
    """
    payload = {edit.path: edit.after for edit in added}
    edits = [_relisted(folder, path.name, payload) for path in sorted(folder.glob("manifest-*.txt"))]
    info = read_text(folder, INFO)
    counted = OXUM.sub(lambda match: _oxum(match, added), info)
    if counted != info:
        edits.append(FileEdit(INFO, info, counted))
    tags = {edit.path: edit.after for edit in edits}
    for path in sorted(folder.glob("tagmanifest-*.txt")):
        listed = {manifest_entry(line)[1] for line in read_text(folder, path.name).splitlines()}
        edits.append(_relisted(folder, path.name, {name: text for name, text in tags.items() if name in listed}))
    return edits


def _relisted(folder: Path, manifest: str, contents: dict[str, str]) -> FileEdit:
    algorithm = Path(manifest).stem.partition("-")[2]
    before = read_text(folder, manifest)
    kept = [line for line in before.splitlines() if manifest_entry(line)[1] not in contents]
    fresh = [f"{hashlib.new(algorithm, text.encode()).hexdigest()}  {name}" for name, text in sorted(contents.items())]
    return FileEdit(manifest, before, "".join(f"{line}\n" for line in [*kept, *fresh]))


def _oxum(match: re.Match[str], added: Sequence[FileEdit]) -> str:
    num_bytes = int(match[2]) + sum(len(edit.after.encode()) - len(edit.before.encode()) for edit in added)
    num_files = int(match[3]) + sum(not edit.before for edit in added)
    return f"{match[1]}{num_bytes}.{num_files}"
