"""A full disk is told in a sentence wherever it shows, and no other error is taken for one."""

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from dagster_project.full_disk import explained, is_full, was_full
from latamgpt.errors import OperatorError


def fill_a_file() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")


def fill_a_database() -> None:
    database = sqlite3.connect(":memory:")
    database.execute("pragma max_page_count = 2")
    database.execute("create table events (words)")
    database.execute("insert into events values (zeroblob(100000))")


@pytest.mark.parametrize("fill", [fill_a_file, fill_a_database])
def test_a_full_disk_is_explained_with_the_way_on(tmp_path: Path, fill: Callable[[], None]) -> None:
    with pytest.raises(OperatorError, match=r"is full \(.* bytes free\).*Free some space, then run the same command again"):
        in_a_library(tmp_path, fill)


def in_a_library(place: Path, fill: Callable[[], None]) -> None:
    with explained(place):
        try:
            fill()
        except (OSError, sqlite3.Error) as error:
            raise RuntimeError("what a library makes of it") from error


@pytest.mark.parametrize("fill", [fill_a_file, fill_a_database])
def test_a_full_disk_is_known_from_what_dagster_wrote_down(tmp_path: Path, fill: Callable[[], None]) -> None:
    try:
        fill()
    except (OSError, sqlite3.Error):
        assert was_full(serializable_error_info_from_exc_info(sys.exc_info()), tmp_path)


def test_a_bug_travels_up(tmp_path: Path) -> None:
    with pytest.raises(KeyError), explained(tmp_path):
        raise KeyError("corpus")


def test_a_broken_disk_with_room_on_it_is_not_called_full(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    assert not is_full(error, tmp_path)
