"""Flipped bits, truncations and deletions over states and token shards: every one is seen, and the state before is taken."""

import random
import shutil
from collections import Counter
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, digest_of
from latamgpt.training import resume
from latamgpt.training.job import must_be_as_published
from latamgpt.training.resume import Cursor, History, SavedState
from latamgpt.training.state_writer import StateWriter

KINDS = ("flip", "truncation", "deletion")
SHARE_OF_STATES = 0.5
STEPS = (2, 4, 6)


def damage_often(workspace: Workspace, times: int, seed: int) -> Counter[str]:
    """Damage files at random, one at a time; returns how often each kind was injected.

    Raises:
        AssertionError: a damage was not seen, or the state before was not taken.
    """
    chance, injected = random.Random(seed), Counter[str]()
    states, shards = workspace.root / "drill" / "damaged", workspace.place("token_shards")
    shutil.rmtree(states, ignore_errors=True)
    for step in STEPS:
        _save(states, step)
    for _ in range(times):
        kind = chance.choice(KINDS)
        if chance.random() < SHARE_OF_STATES:
            _damage_state(states, kind, chance)
            injected[f"{kind} in a state"] += 1
        else:
            _damage_shard(workspace, shards, kind, chance)
            injected[f"{kind} in the token shards"] += 1
    return injected


def _damage_state(states: Path, kind: str, chance: random.Random) -> None:
    newest, kept = resume.state_folder(states, STEPS[-1]), states.with_name("kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(newest, kept)
    path = chance.choice(sorted(newest.iterdir()))
    words = _damage(path, kind, chance)
    found = resume.find_state(states)
    assert found == resume.state_folder(states, STEPS[-2]), f"{words} of {path.name} was not seen"
    assert not newest.exists()
    kept.rename(newest)


def _damage_shard(workspace: Workspace, shards: Path, kind: str, chance: random.Random) -> None:
    path = chance.choice(sorted(path for path in shards.rglob("*") if path.is_file()))
    before, digest = path.read_bytes(), digest_of(shards)
    words = _damage(path, kind, chance)
    try:
        workspace.read("token_shards")
        must_be_as_published(workspace, {"token_shards": digest})
    except OperatorError:
        path.write_bytes(before)
    else:
        raise AssertionError(f"{words} of {path.relative_to(shards)} was not seen")


def _damage(path: Path, kind: str, chance: random.Random) -> str:
    """Do it; returns it in words."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    if kind == "deletion":
        path.unlink()
        return "deletion"
    if kind == "truncation":
        path.write_bytes(content[:place])
        return f"truncation to {place} bytes"
    bit = chance.randrange(8)
    content[place] ^= 1 << bit
    path.write_bytes(content)
    return f"flip of bit {bit} of byte {place}"


def _save(folder: Path, step: int) -> None:
    import torch  # noqa: PLC0415

    writer = StateWriter(folder, 0, lambda told: [told])
    tensors = {"master.00000": torch.arange(5000.0) + step, "random.cpu": torch.get_rng_state()}
    writer.save(SavedState(cursor=Cursor(step=step, sequences=step, num_ranks=1), history=History()), tensors)
    writer.join()
    writer.close()
