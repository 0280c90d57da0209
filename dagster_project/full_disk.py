"""A full disk, explained wherever it shows: the databases of Dagster and MLflow and DVC's cache all lie in the checkout."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from dagster._utils.error import SerializableErrorInfo

from latamgpt.errors import OperatorError

FULL = (errno.ENOSPC, errno.EDQUOT)
WORDS = ("database or disk is full", *(os.strerror(number) for number in FULL))
IO_ERROR = "disk I/O error"  # SQLite says so where there is no room even for its journal, and also of a broken disk
SCARCE_BYTES = 1 << 20
FIRST_BYTE = 0xFF  # of SQLite's error codes: the kind; the rest says where


@contextmanager
def explained(place: Path) -> Generator[None]:
    """Turn an error with a full disk at its bottom into one that a person can mend.

    Raises:
        OperatorError: the disk that holds `place` is full, or the owner's share of it.
    """
    try:
        yield
    except Exception as error:
        if not is_full(error, place):
            raise
        raise OperatorError(in_words(place)) from error


def in_words(place: Path) -> str:
    """What a person should know and do."""
    return (
        f"the disk that holds {place} is full ({_free(place):,} bytes free), and what is done here can no longer be noted. What "
        "was finished stays, in data/ or in DVC's cache. Free some space, then run the same command again: it goes on from here."
    )


def is_full(error: BaseException | None, place: Path) -> bool:
    """Whether this error, or one that led to it, says that there is no room on the disk that holds `place`."""
    if error is None:
        return False
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if isinstance(error, sqlite3.Error) and _is_full(error.sqlite_errorcode & FIRST_BYTE, place):
        return True
    return is_full(error.__cause__ or error.__context__, place)


def was_full(error: SerializableErrorInfo | None, place: Path) -> bool:
    """The same of an error that Dagster wrote down: only its words are left."""
    if error is None:
        return False
    if any(words in error.message for words in WORDS) or (IO_ERROR in error.message and _free(place) < SCARCE_BYTES):
        return True
    return was_full(error.cause or error.context, place)


def _is_full(sqlite_kind: int, place: Path) -> bool:
    return sqlite_kind == sqlite3.SQLITE_FULL or (sqlite_kind == sqlite3.SQLITE_IOERR and _free(place) < SCARCE_BYTES)


def _free(place: Path) -> int:
    return shutil.disk_usage(place).free
