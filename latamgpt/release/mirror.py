"""A release on an object store: a content-addressed prefix that is never overwritten, manifest last, read back and compared."""

import hashlib
import os
from collections import Counter
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.recipients import RECIPIENTS, Recipient, add_recipient
from latamgpt.object_store.door import ObjectStore, StoreError
from latamgpt.object_store.upload import put_file
from latamgpt.params import read_params
from latamgpt.progress import follow
from latamgpt.records import MANIFEST_NAME, FileEntry
from latamgpt.registry.edges import Question, Terms, must_be_permitted
from latamgpt.registry.partners import Edge, Purpose
from latamgpt.registry.rights import Place
from latamgpt.release.approval import RELEASE_STAGE
from latamgpt.release.duties import Duties
from latamgpt.release.verify import verified
from latamgpt.release.versions import Lineage
from latamgpt.release.withdrawn import must_hold_nothing_withdrawn
from latamgpt.store import Workspace, digest_of

READ_BACK_BYTES = 8 << 20  # one ranged request
ADVICE = (
    "A copy that others fetch cannot be called back, so nothing was copied. Renew the agreement with the partner, make a release "
    "without its texts, or name the country of the store with --country where an agreement limits it."
)

WITHDRAWN = (
    "A copy that others fetch cannot be called back, so nothing was copied. Run `make run` for a candidate without these texts, "
    "approve it, and mirror the release that follows."
)


def mirror(workspace: Workspace, target: str, country: str = "") -> str:
    """Copy data/release to TARGET/<sha256 of its manifest>/ and say where it lies.

    Steps: verify that the local release is the one that was approved; ask the registry, as it is today, about every agreement in
    it, and whether any text in it was withdrawn; put each file; read each back and compare its sha256; ask once more; enter the
    copy in the register of recipients; put the manifest. Whoever finds the manifest finds a whole release, and one that is on
    record. A second call finds it there and copies nothing.

    Args:
        workspace: the checkout that holds the release.
        target: s3://BUCKET/PREFIX; credentials and AWS_ENDPOINT_URL come from the environment only.
        country: where the store stands, for agreements that say where weights may lie; '' where that is not known.

    Raises:
        OperatorError: the store does not answer, refuses, or has no such bucket, or the copy cannot be put on record.
        NotPermittedError: an agreement in it does not permit another copy, or not in this country; or texts in it were withdrawn.
        InputDamagedError: the release is not the one that was approved, or what came back differs from what was sent.
    """
    if not target.startswith("s3://") or not target.removeprefix("s3://").strip("/"):
        raise OperatorError(f"{target!r} is not an object store's address. Name one as s3://BUCKET/PREFIX.")
    folder = workspace.place(RELEASE_STAGE)
    found = verified(folder)
    may_leave = partial(_must_be_permitted_now, workspace, found.lineage, Place(country))
    may_leave()
    files, digest = found.manifest.files, digest_of(folder)
    place = f"{target.removeprefix('s3://').rstrip('/')}/{digest}"
    copy = Recipient(release=digest, name=_name(place, country), address=f"s3://{place}")
    try:
        store = _open_store(copy.address)
        store.must_answer()
        if _has_manifest(store):
            _must_be_this_release(store, digest)
            add_recipient(workspace.root, copy)
            return f"{copy.address} holds this release already; nothing was copied. It is on record in {RECIPIENTS}."
        _put(store, folder, files)
        may_leave()
        add_recipient(workspace.root, copy)
        store.put_bytes(MANIFEST_NAME, (folder / MANIFEST_NAME).read_bytes())
        _must_be_this_release(store, digest)
    except (FileNotFoundError, StoreError) as error:
        raise OperatorError(
            f"{target}: the object store did not take the release ({error}). The release in {folder} is whole; without its "
            "manifest the copy counts as absent. Check the bucket's name, AWS_ENDPOINT_URL and the credentials, then run the "
            "same command again."
        ) from error
    return (
        f"{copy.address} holds the release: {len(files)} files, each read back and compared. The copy is on record in "
        f"{RECIPIENTS}: commit that file."
    )


def _must_be_permitted_now(workspace: Workspace, lineage: Lineage, place: Place) -> None:
    """Asked before the first file and before the manifest: hours may lie between, and a partner's word comes when it comes."""
    day = max(read_params(workspace.root).rights.as_of, _today())
    must_permit_export(workspace.root, workspace.place(RELEASE_STAGE), place, day)
    must_hold_nothing_withdrawn(workspace, lineage, WITHDRAWN)


def must_permit_export(root: Path, release: Path, place: Place, on: date) -> None:
    """Hold every agreement whose texts a release was trained on against one more copy of it, at a place. Default is deny.

    Raises:
        NotPermittedError: an agreement has ended, was withdrawn, or does not permit weights to be handed on there.
        InputDamagedError: the release does not say whose texts it was trained on.
    """
    used = Duties.read(release).agreements
    counts = Counter({Terms(one.partner, one.agreement, licence): one.num_documents for one in used for licence in one.licences})
    question = Question("mirror", Purpose.RELEASE, Edge.EXPORT, on, place, ADVICE)
    must_be_permitted(root, tuple(sorted({one.partner for one in used})), counts, question)


def _name(place: str, country: str) -> str:
    """A store as the register of recipients names it: the bucket, its server and its country, and never a key."""
    server = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).netloc.rpartition("@")[2] or "AWS"
    return f"bucket {place.partition('/')[0]} at {server}" + (f" in {country}" if country else "")


def _today() -> date:
    return datetime.now(UTC).date()


def _open_store(address: str) -> ObjectStore:
    return ObjectStore(address)


def _has_manifest(store: ObjectStore) -> bool:
    try:
        store.read(MANIFEST_NAME)
    except FileNotFoundError:
        return False
    return True


def _put(store: ObjectStore, folder: Path, files: tuple[FileEntry, ...]) -> None:
    with follow("mirror", "", "bytes", sum(entry.num_bytes for entry in files)) as progress:
        for entry in files:
            put_file(store, folder / entry.path, entry.path, entry)
            _must_have_arrived(store, entry)
            progress.advance(entry.num_bytes, entry.path)


def _must_be_this_release(store: ObjectStore, digest: str) -> None:
    found = hashlib.sha256(store.read(MANIFEST_NAME)).hexdigest()
    if found != digest:
        raise InputDamagedError(
            f"{store.address}/{MANIFEST_NAME}: sha256 is {found[:16]}..., not {digest[:16]}... as the folder's name says. What "
            "lies there is not this release, and others may fetch it as if it were. Find out who can write to the bucket, and "
            "take the folder away."
        )


def _must_have_arrived(store: ObjectStore, entry: FileEntry) -> None:
    digest = hashlib.sha256()
    for start in range(0, entry.num_bytes, READ_BACK_BYTES):
        digest.update(store.read(entry.path, start, min(start + READ_BACK_BYTES, entry.num_bytes)))
    if digest.hexdigest() != entry.sha256:
        raise InputDamagedError(
            f"{store.address}/{entry.path}: sha256 of what came back is {digest.hexdigest()[:16]}..., {entry.sha256[:16]}... was "
            "sent. The store or the way to it damages bytes. No manifest was put there; look at the store before you try again."
        )
