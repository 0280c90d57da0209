"""States copied beside a training: what is kept, what is tried again, and what a store that is away means."""

import logging
from pathlib import Path
from threading import Event

import pytest

from latamgpt.launch.site import Site
from latamgpt.object_store.door import ObjectStore, StoreError
from latamgpt.training import copier
from latamgpt.training.copier import copy_state, copy_while_it_lasts, others_to_remove
from latamgpt.training.copies import copies_of, take_up_copy
from latamgpt.training.resume import only_trainer, state_folder

STORE = ObjectStore("s3://bucket/trainings/0123", num_tries=1)


def make_state(folder: Path, step: int) -> Path:
    state = state_folder(folder, step)
    state.mkdir(parents=True)
    (state / "rank-00000.safetensors").write_bytes(b"numbers")
    return state


@pytest.mark.parametrize(
    ("there", "newest", "removed"),
    [
        ([2, 4, 6], 6, []),
        ([2, 4, 6, 8], 8, [2]),
        ([2, 4, 6, 8], 4, [8, 6]),  # rolled back: those after it are of a past that is given up
        ([], 2, []),
    ],
)
def test_newest_states_up_to_where_the_training_is_are_kept(there: list[int], newest: int, removed: list[int]) -> None:
    names = [*(f"step-{step:08d}" for step in there), "step-odd", "other"]
    assert others_to_remove(names, f"step-{newest:08d}") == [f"step-{step:08d}" for step in removed]


def test_failed_copy_is_told_and_tried_again_with_the_next_state_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ending, tried = Event(), list[str]()
    make_state(tmp_path, 2)
    looks = iter([lambda: None, lambda: make_state(tmp_path, 4), lambda: None, ending.set])

    class Looked(Event):
        def wait(self, timeout: float | None = None) -> bool:
            next(looks)()
            return ending.is_set()

    def fail(_: ObjectStore, state: Path) -> None:
        tried.append(state.name)
        if len(tried) < 3:
            raise StoreError("s3://bucket: it is away.")

    monkeypatch.setattr(copier, "copy_state", fail)
    with caplog.at_level(logging.WARNING):
        assert copy_while_it_lasts(tmp_path, STORE, Looked())
    assert tried == ["step-00000002", "step-00000004", "step-00000004"]
    assert caplog.messages == [
        f"step-{step:08d} was not copied, and the training goes on: s3://bucket: it is away." for step in (2, 4)
    ]


def test_state_that_the_training_drops_while_it_is_copied_stays_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, read = make_state(tmp_path, 2), list[bytes]()

    def put(_: ObjectStore, folder: Path, name: str) -> None:
        (state / "rank-00000.safetensors").unlink()
        read.append((folder / "rank-00000.safetensors").read_bytes())
        assert name == state.name

    monkeypatch.setattr(copier, "clean_leftovers", lambda *_, **__: 0)
    monkeypatch.setattr(copier, "whole_folders", lambda _: [])
    monkeypatch.setattr(copier, "put_folder", put)
    copy_state(STORE, state)
    assert read == [b"numbers"]
    assert [path.name for path in tmp_path.iterdir()] == [state.name]


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.mark.usefixtures("no_server")
def test_store_that_is_away_stops_only_a_training_that_has_nothing_to_go_on_from(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StoreError, match=r"did not do .* hours would be done again"):
        take_up_copy(STORE, tmp_path)
    make_state(tmp_path, 2)
    take_up_copy(STORE, tmp_path)
    assert "goes on from what this machine has" in caplog.text


def test_nothing_is_fetched_into_a_training_at_work(tmp_path: Path) -> None:
    with only_trainer(tmp_path):
        take_up_copy(STORE, tmp_path)


def test_copies_lie_apart_for_each_training(tmp_path: Path) -> None:
    assert copies_of(Site(), tmp_path) is None
    store = copies_of(Site(states="s3://bucket/states/"), tmp_path / "0123")
    assert store is not None
    assert store.address == "s3://bucket/states/0123"
