"""A delivery on its way in: copied, described, sealed, and looked at by intake before anything is put in its place."""

import os
import re
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from latamgpt.custody.as_sent import keep_as_sent
from latamgpt.custody.days import must_have_come
from latamgpt.custody.packed import BAG_NAME, Packed, is_archive, unpack_delivery
from latamgpt.custody.places import DELIVERIES, tree_digest
from latamgpt.custody.registry_edits import find_agreement
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.withdrawals import read_withdrawn
from latamgpt.intake.archives import SUFFIXES
from latamgpt.intake.delivery import (
    DELIVERY_NAME,
    FIXITY_NAME,
    Delivery,
    DeliveryFormat,
    fixity_lines,
    payload_paths,
    read_delivery,
)
from latamgpt.intake.payload import refuse_unsafe
from latamgpt.intake.quarantine import Rejected
from latamgpt.intake.rows_on_disk import rows_on_disk
from latamgpt.intake.taking_in import TakenIn, take_in
from latamgpt.params import Params
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace, list_files, sha256_file
from latamgpt.yaml_files import explain_validation

UNPACKED = "_unpacked"  # no delivery may have this id

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # as in https://, s3://; a path is left with one of two strokes

Given = Mapping[str, object]
"""What the operator says about a delivery, field by field, where it brings no delivery.yaml."""


@dataclass(frozen=True)
class Received:
    """A copy of a delivery, complete, in a folder of its own; `taken` is what intake says of it."""

    folder: Path
    delivery: Delivery
    taken: TakenIn
    digest: str  # of all its files
    packed: Packed | None = None  # the archive that it came in


@contextmanager
def receive(  # noqa: PLR0913
    workspace: Workspace, source: Path, partner: str, given: Given, params: Params, *, quarantine: bool = False
) -> Generator[Received]:
    """Copy what a partner sent, complete it, and ask intake what it would say; the copy goes when the block ends.

    Args:
        workspace: where deliveries lie.
        source: a folder, or one archive of it.
        partner: who sent it.
        given: what the operator says of it.
        params: caps, and the day that it is held against.
        quarantine: keep it as one archive where its files cannot lie in place as they came.

    Raises:
        OperatorError: partner or agreement is unknown, folder or archive cannot be a delivery, its description does not read, or
            it is dated ahead.
        InputDamagedError: the copy is not as the source.
    """
    institution = read_institution(workspace.root, partner)
    find_agreement(institution, str(given["agreement"]))
    source = source.absolute()
    if workspace.root.is_relative_to(source.resolve()):
        raise OperatorError(
            f"{source} is the folder of the factory itself, or one that holds it, and no delivery. Name the folder or the "
            "archive that the partner sent."
        )
    waiting = workspace.root / "var" / "unpublished"
    waiting.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"deliver-{partner}-", dir=waiting))
    try:
        packed = None
        try:
            if is_archive(source):
                packed = unpack_delivery(source, draft / UNPACKED, params.documents)
            else:
                _refuse(source)
            whole = False
        except Rejected as rejected:
            whole = _keep_whole(source, rejected, quarantine=quarantine)
        delivery = _describe_whole(source, given) if whole else _describe(source, packed.folder if packed else source, given)
        advice = "Nothing can be said of a time to come: mend the date with the partner, in delivery.yaml or as --date."
        must_have_come(workspace.root, delivery.date, f"the delivery {delivery.id} was made on", advice)
        folder = draft / delivery.id
        try:
            if whole:
                _refuse_closed(source)
                keep_as_sent(source, folder)
            elif packed:
                packed.folder.rename(folder)
            else:
                _copy(source, folder)
            _complete(folder, delivery)
        except OSError as error:
            raise OperatorError(
                f"{source} could not be copied: {error}. Nothing was entered. Free some space or mend the permissions, then run "
                "the command again."
            ) from error
        withdrawn = read_withdrawn(workspace.root, partner)
        with rows_on_disk(draft) as rows:
            taken = take_in(folder, institution, params.documents, params.rights.as_of, rows, withdrawn)
        yield Received(folder, delivery, taken, tree_digest(folder), packed)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def described_before(workspace: Workspace, partner: str, given: Given) -> Given:
    """What is said of a delivery, with the day of one that lies in place under its id, where no day is given."""
    place = workspace.root / DELIVERIES / partner / str(given.get("id", ""))
    if "date" in given or "id" not in given or not (place / DELIVERY_NAME).is_file():
        return given
    return {**given, "date": read_delivery(place).date}


def refuse_address(source: Path) -> None:
    """Refuse a URL, before anything else is asked.

    Raises:
        OperatorError: it is one.
    """
    if ADDRESS.match(str(source)) and not source.exists():
        raise OperatorError(
            f"{source} is an address, and nothing is fetched from the network: what a partner sends comes by the partner's own "
            "hand and is entered from a folder or an archive on this machine. Fetch it as the partner told you, check its sums, "
            "and name the file."
        )


def _refuse(source: Path) -> None:
    if not source.is_dir():
        what = "is no folder" if source.exists() else "is not there"
        raise OperatorError(
            f"{source} {what}. A delivery is a folder, or one archive of it ({', '.join(SUFFIXES)}). Unpack what the partner "
            "sent, if it is of another kind, and name the folder."
        )
    refuse_unsafe(source)
    _refuse_closed(source)
    if not list_files(source):
        raise OperatorError(f"{source} holds no file. Check the path, or ask the partner what became of it.")


def _refuse_closed(folder: Path) -> None:
    """Refuse folders that this user may not list: what lies in them would be missed, and the rest taken for the whole."""

    def closed(error: OSError) -> None:
        if not isinstance(error, PermissionError):
            return  # no folder at all, or one so deep that it is refused by that name
        raise OperatorError(
            f"{error.filename} cannot be looked into ({error.strerror}), so nobody can tell what lies there. Nothing was "
            "entered. Mend its permissions, or ask the partner for it again, then run the command again."
        ) from error

    for _ in os.walk(folder, onerror=closed):
        pass


def _keep_whole(source: Path, rejected: Rejected, *, quarantine: bool) -> bool:
    if quarantine:
        return True
    raise OperatorError(
        f"{source}: {rejected.detail} ({rejected.reason}). Nothing was entered. Mend that with the partner and deliver "
        "again; what was sent stays where it lies. Or keep it whole and unread, with that reason in the partner's receipt: "
        "--quarantine"
    ) from rejected


def _describe(source: Path, folder: Path, given: Given) -> Delivery:
    """What the delivery in `folder` says of itself; else what the operator says of it. `source` is what people know it as."""
    if (folder / DELIVERY_NAME).is_file():
        try:
            delivery = read_delivery(folder)
        except OperatorError as error:
            raise OperatorError(str(error).replace(str(folder), str(source))) from error
        said = delivery.model_dump(mode="json")
        for name, value in given.items():
            if str(said[name]) != str(value):
                raise OperatorError(
                    f"{source / DELIVERY_NAME} says {name} is {said[name]!r}, you say {str(value)!r}. What a partner wrote is "
                    "not written over. Leave the option out, or ask the partner which one holds."
                )
        return delivery
    default = DeliveryFormat.BAGIT if (folder / BAG_NAME).is_file() else DeliveryFormat.FILES
    return _described(source, {"format": default, **given})


def _described(source: Path, values: Given) -> Delivery:
    try:
        return Delivery.model_validate(values)
    except ValidationError as error:
        words = explain_validation(f"{source} brings no {DELIVERY_NAME}, so the options describe it", error)
        raise OperatorError(words.replace("Mend the file", "Give or mend these options")) from error


def _describe_whole(source: Path, given: Given) -> Delivery:
    """Of what is kept as one archive: what is said of it, but that it is files of their own kinds."""
    own = source / DELIVERY_NAME
    said = _describe(source, source, given) if own.is_file() and not own.is_symlink() else None
    told = said.model_dump(exclude={"format", "encoding", "fields"}, exclude_unset=True) if said else given
    return _described(source, {**told, "format": DeliveryFormat.FILES})


def _copy(source: Path, folder: Path) -> None:
    for name in list_files(source):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
        if sha256_file(target) != sha256_file(source / name):
            raise InputDamagedError(
                f"{source / name} was copied and the copy differs: the file changed meanwhile, or a disk is failing. Nothing was "
                "entered. Run the command again when nobody writes there."
            )


def _complete(folder: Path, delivery: Delivery) -> None:
    """Write what is missing of description and fixity, and wait until all of the folder is on the disk."""
    if not (folder / DELIVERY_NAME).is_file():
        values = delivery.model_dump(mode="json", exclude_unset=True)
        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1 << 16)
        (folder / DELIVERY_NAME).write_text(text, encoding="utf-8")
    if delivery.format is not DeliveryFormat.BAGIT and not (folder / FIXITY_NAME).is_file():
        (folder / FIXITY_NAME).write_text(fixity_lines(folder, payload_paths(folder, delivery)), encoding="utf-8")
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
