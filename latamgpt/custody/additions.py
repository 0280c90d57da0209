"""Files that we add to a delivery: an OCR result, a correction. Its manifest goes on saying which bytes were meant."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from latamgpt.custody.bag_edits import bag_edits
from latamgpt.custody.deeds import do
from latamgpt.custody.edits import Deed, FileEdit, read_text
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action
from latamgpt.intake.delivery import DELIVERY_NAME, FIXITY_NAME, DeliveryFormat, fixity_faults, read_delivery, read_fixity
from latamgpt.intake.documents import DELIVERIES
from latamgpt.store import Workspace, sha256_file


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


def refuse_changed_files(folder: Path, names: Iterable[str]) -> None:
    """The same for a few files of a delivery, of which a bag may be one: those that an addition rests on.

    Raises:
        OperatorError: one of them is missing, changed or not listed.
    """
    listed = read_fixity(folder / FIXITY_NAME)
    for name in names:
        path = folder / name
        digest = sha256_file(path) if path.is_file() else ""
        if digest != listed.get(name, ""):
            raise OperatorError(
                f"{path} is not as the manifest says: it was changed since it was delivered. Nothing was added, since a manifest "
                "that is written anew would hide it. Restore the file from git, or ask the partner to send the delivery again."
            )


def add_files(
    workspace: Workspace | None, folder: Path, contents: Mapping[str, str], deed: tuple[Action, str], actor: str
) -> None:
    """Write files into a delivery, and list them in its manifest; the lines of all other files stay as they are.

    In a delivery of the run the deed is entered into the audit log, and a kill in between is made good by the next command.

    Args:
        workspace: where the run reads deliveries; None where there is none.
        folder: the delivery.
        contents: file name -> text.
        deed: what is done, for the audit log, and a sentence in the past tense.
        actor: who does it; '' for git's user.
    """
    place = _in_run(workspace, folder)
    if workspace is None or not place:
        for edit in edits_to_add(folder, contents):
            edit.write(folder)
        return
    do(workspace, actor, lambda: addition(workspace, place, contents, deed), dry_run=False)


def addition(workspace: Workspace, place: str, contents: Mapping[str, str], deed: tuple[Action, str]) -> Deed:
    """Files that are added to a delivery of the run, as a deed that is still to be done."""
    action, detail = deed
    edits = edits_to_add(workspace.root / place, contents)
    inside = tuple(FileEdit(f"{place}/{edit.path}", edit.before, edit.after) for edit in edits)
    return Deed(action, place, detail, inside)


def edits_to_add(folder: Path, contents: Mapping[str, str]) -> list[FileEdit]:
    """The files to write, and the manifests that list them; paths are inside the delivery."""
    edits = [FileEdit(name, read_text(folder, name), text) for name, text in sorted(contents.items())]
    if (folder / DELIVERY_NAME).is_file() and read_delivery(folder).format is DeliveryFormat.BAGIT:
        return [*edits, *bag_edits(folder, edits)]
    if (folder / FIXITY_NAME).is_file():
        listed = read_fixity(folder / FIXITY_NAME) | {edit.path: edit.change.after for edit in edits}
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(listed.items()))
        edits.append(FileEdit(FIXITY_NAME, read_text(folder, FIXITY_NAME), lines))
    return edits


def _in_run(workspace: Workspace | None, folder: Path) -> str:
    """The delivery's place in the workspace; '' where it is not one that the run reads."""
    if workspace is None or not folder.resolve().is_relative_to((workspace.root / DELIVERIES).resolve()):
        return ""
    return folder.resolve().relative_to(workspace.root.resolve()).as_posix()
