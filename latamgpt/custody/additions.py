"""Files that we add to a delivery: an OCR result, a correction. Its manifest goes on saying which bytes were meant."""

from collections.abc import Mapping
from pathlib import Path

from latamgpt.custody.edits import Deed, FileEdit, do
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action
from latamgpt.intake.delivery import DELIVERY_NAME, FIXITY_NAME, DeliveryFormat, fixity_faults, read_delivery, read_fixity
from latamgpt.intake.documents import DELIVERIES
from latamgpt.store import Workspace


def refuse_changed(folder: Path) -> None:
    """Refuse a delivery that is a bag, or not as its manifest says: what is added must not hide what was lost.

    Raises:
        OperatorError: it is a bag, or a file is missing, changed or not listed.
    """
    if not (folder / DELIVERY_NAME).is_file():
        return  # a folder that has not been made a delivery yet
    delivery = read_delivery(folder)
    if delivery.format is DeliveryFormat.BAGIT:
        raise OperatorError(
            f"{folder} is a bag: its own manifests seal it, and nothing is added to it here. Have the scans read before the "
            "bag is made, or deliver them as plain files (format: files)."
        )
    faults = fixity_faults(folder, delivery)
    if faults:
        more = f" and {len(faults) - 1} further files are not as listed" if len(faults) > 1 else ""
        raise OperatorError(
            f"{folder / faults[0].path} is {faults[0].fault} by the manifest{more}. Nothing was added, since a manifest that is "
            "written anew would hide it. Ask the partner to send the delivery again."
        )


def add_files(
    workspace: Workspace | None, folder: Path, contents: Mapping[str, str], deed: tuple[Action, str], actor: str
) -> None:
    """Write files into a delivery, and list them in its manifest; the lines of all other files stay as they are.

    In a delivery of the run the deed is entered into the audit log. A kill in between leaves files that are not listed: intake
    then sets the delivery aside, and git restores it.

    Args:
        workspace: where the run reads deliveries; None where there is none.
        folder: the delivery.
        contents: file name -> text.
        deed: what is done, for the audit log, and a sentence in the past tense.
        actor: who does it; '' for git's user.
    """
    edits = [FileEdit(name, _text(folder / name), text) for name, text in sorted(contents.items())]
    manifest = folder / FIXITY_NAME
    if manifest.is_file():
        listed = read_fixity(manifest) | {edit.path: edit.change.after for edit in edits}
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(listed.items()))
        edits.append(FileEdit(FIXITY_NAME, _text(manifest), lines))
    place = _in_run(workspace, folder)
    if workspace is None or not place:
        for edit in edits:
            edit.write(folder)
        return
    action, detail = deed
    inside = tuple(FileEdit(f"{place}/{edit.path}", edit.before, edit.after) for edit in edits)
    do(workspace, actor, lambda: Deed(action, place, detail, inside), dry_run=False)


def _in_run(workspace: Workspace | None, folder: Path) -> str:
    """The delivery's place in the workspace; '' where it is not one that the run reads."""
    if workspace is None or not folder.resolve().is_relative_to((workspace.root / DELIVERIES).resolve()):
        return ""
    return folder.resolve().relative_to(workspace.root.resolve()).as_posix()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
