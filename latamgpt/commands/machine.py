"""What the machine refuses, told as a person can mend it: a disk that is full, a permission, a limit on the size of files."""

import errno
import sqlite3

FULL = (errno.ENOSPC, errno.EDQUOT)
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
KIND_OF_SQLITE = 0xFF  # the first byte of SQLite's error codes; the rest says where
STANDS = "What was finished stands, and nothing half written is used."


def refusal(error: Exception) -> str:
    """What the machine refused, and what to do; '' where the error is of another kind, which is a bug and to be shown whole."""
    if _is_full(error):
        return f"a disk is full{_place(error)}. {STANDS} Free some space (`df -h` shows where), then give the same command again."
    if isinstance(error, OSError) and error.errno in DENIED:
        return (
            f"this user may not read or write there{_place(error)}. {STANDS} Mend the permissions, or become the user to whom it "
            "belongs, then give the same command again."
        )
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return (
            f"no file may grow so large here{_place(error)}. {STANDS} Raise the limit (`ulimit -f`), then give the same command "
            "again."
        )
    return ""


def _is_full(error: BaseException | None) -> bool:
    """Whether this error, or one that it came of, says that there is no room: what is done after that may fail in other words."""
    if error is None:
        return False
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & KIND_OF_SQLITE == sqlite3.SQLITE_FULL:
        return True
    return _is_full(error.__cause__ or error.__context__)


def _place(error: Exception) -> str:
    name = error.filename2 or error.filename if isinstance(error, OSError) else None
    return f": {name}" if name else ""
