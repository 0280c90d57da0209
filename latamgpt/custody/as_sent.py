"""What cannot lie in place as it came, kept whole all the same: as one archive, which intake sets aside with the reason.

That are links, devices, names that collide or that no manifest can list, and archives that intake refuses.
"""

import errno
import os
import shutil
import stat
import tarfile
from pathlib import Path

from latamgpt.errors import InputDamagedError, OperatorError, quoted
from latamgpt.intake.payload import readable
from latamgpt.store import sha256_file

PACKED_NAME = "as-sent.tar"


def keep_as_sent(source: Path, folder: Path) -> None:
    """Put what a partner sent into a new folder as one file: an archive as it is, a folder packed into one.

    A link is kept as a link and a device as a device: neither is followed or opened. Owners are left out, times kept.

    Raises:
        OperatorError: the folder is itself a link, or holds a socket, which is no content and goes into no archive, or folders so
            deep in each other that this system has no path for them.
        InputDamagedError: a file changed while it was copied.
    """
    folder.mkdir()
    if source.is_file():
        _copy_archive(source, folder / source.name)
        return
    if source.is_symlink():
        raise OperatorError(f"{source} is itself a link. Nothing was copied. Name the folder that it leads to.")
    try:
        paths = sorted(path for path in source.rglob("*") if path.lstat())
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise OperatorError(
            f"{source} holds folders so deep in each other that no program can open them by their path, so they are not packed "
            "here. Nothing was entered, and what was sent stays where it lies. Pack it yourself (`tar -cf sent.tar -C FOLDER .`) "
            "and deliver that archive with --quarantine."
        ) from error
    with tarfile.open(folder / PACKED_NAME, "w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as packed:
        for path in paths:
            _add(packed, path, os.fspath(path.relative_to(source)))


def _copy_archive(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    if sha256_file(source) != sha256_file(target):
        raise InputDamagedError(
            f"{source} was copied and the copy differs: the file changed meanwhile, or a disk is failing. Nothing was entered. "
            "Run the command again when nobody writes there."
        )


def _add(packed: tarfile.TarFile, path: Path, name: str) -> None:
    if stat.S_ISSOCK(path.lstat().st_mode):
        shown = quoted(readable(name))
        raise OperatorError(
            f"{path.parent} holds a socket, {shown}: it has no content that could be kept. Nothing was entered. Remove it, then "
            "run the command again."
        )
    entry = packed.gettarinfo(path, name)
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = int(entry.mtime)
    if not entry.isreg():
        packed.addfile(entry)
        return
    with path.open("rb") as content:
        packed.addfile(entry, content)
