"""What N ranks saved, cut anew for M: every number where its parameter has it, or nothing."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latamgpt.errors import InputDamagedError
from latamgpt.training import resume
from latamgpt.training.resume import Cursor, History, SavedState
from latamgpt.training.state_files import write_part
from latamgpt.training.world_size import LAYOUT, read_repartitioned, repartition

Part = dict[str, torch.Tensor]


def end_to_end(sizes: list[int], num_ranks: int) -> list[Part]:
    """As ZeRO 1 and 2: parameters end to end, filled up, in equal parts; each number is its own place, from 1 on."""
    total = sum(sizes)
    share = -(-total // num_ranks)
    flat = torch.cat([torch.arange(1.0, total + 1), torch.zeros(share * num_ranks - total)])
    parts: list[Part] = []
    for rank in range(num_ranks):
        low, rows, begin = rank * share, [], 0
        for parameter, size in enumerate(sizes):
            first, last = max(begin, low), min(begin + size, low + share)
            if first < last:
                rows.append((parameter, first - begin, 0, first - low, last - first))
            begin += size
        parts.append(part_of([flat[low : low + share]], rows))
    return parts


def each_by_itself(sizes: list[int], num_ranks: int) -> list[Part]:
    """As ZeRO 3: every parameter in equal parts, filled up, of two groups in turn."""
    parts: list[Part] = []
    for rank in range(num_ranks):
        groups: list[list[torch.Tensor]] = [[torch.zeros(0)], [torch.zeros(0)]]
        rows, begin = [], 0
        for parameter, size in enumerate(sizes):
            share, group = -(-size // num_ranks), parameter % 2
            first = rank * share
            values = torch.cat([torch.arange(begin + 1.0, begin + size + 1), torch.zeros(share * num_ranks - size)])
            if first < size:
                rows.append((parameter, first, group, sum(map(len, groups[group])), min(share, size - first)))
            groups[group].append(values[first : first + share])
            begin += size
        parts.append(part_of([torch.cat(group) for group in groups], rows))
    return parts


def part_of(masters: list[torch.Tensor], rows: list[tuple[int, int, int, int, int]]) -> Part:
    part: Part = {LAYOUT: torch.tensor(rows, dtype=torch.int64).reshape(-1, 5), "counters": torch.tensor([7])}
    for number, master in enumerate(masters):
        moments = {"master": master, "exp_avg": -master, "step": torch.tensor(3.0)}
        part |= {f"{kind}.{number:05}": values for kind, values in moments.items()}
    return part


def blank(part: Part) -> Part:
    """What a rank has before it took anything up: no moments yet, other weights."""
    return {
        name: torch.full_like(value, 99) if name.startswith("master") else value
        for name, value in part.items()
        if not name.startswith(("exp_avg", "step"))
    }


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(2, 23), min_size=1, max_size=6),
    before=st.integers(1, 5),
    after=st.integers(1, 5),
    ways=st.tuples(*[st.sampled_from([end_to_end, each_by_itself])] * 2),
)
def test_every_part_is_what_its_rank_would_have_saved(sizes: list[int], before: int, after: int, ways: tuple) -> None:
    saved, expected = ways[0](sizes, before), ways[1](sizes, after)
    for part in expected:
        if not len(part[LAYOUT]):
            continue  # more ranks than numbers
        found = repartition(blank(part), [each[LAYOUT] for each in saved], lambda rank: saved[rank])
        assert found.keys() == part.keys()
        for name, values in part.items():
            assert torch.equal(found[name], values), name


def test_only_parts_that_hold_something_of_a_rank_are_read() -> None:
    saved, expected = each_by_itself([64, 32], 8), each_by_itself([64, 32], 2)
    read: list[int] = []

    def read_part(rank: int) -> Part:
        read.append(rank)
        return saved[rank]

    repartition(blank(expected[1]), [each[LAYOUT] for each in saved], read_part)
    assert read == [4, 5, 6, 7]


def write_state(folder: Path, parts: list[Part]) -> Path:
    draft = resume.draft_state(folder, 4)
    draft.mkdir()
    written = [write_part(draft, rank, part) for rank, part in enumerate(parts)]
    cursor = Cursor(step=4, sequences=16, num_ranks=len(parts))
    resume.publish_state(folder, SavedState(cursor=cursor, history=History()), written)
    return resume.state_folder(folder, 4)


def test_a_published_state_is_cut_anew_from_its_files_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    state, expected = write_state(tmp_path, each_by_itself([64, 32], 3)), each_by_itself([64, 32], 2)
    for part in expected:
        found = read_repartitioned(state, 3, blank(part))
        assert all(torch.equal(found[name], values) for name, values in part.items())
    path = state / "rank-00001.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputDamagedError, match="sha256"):
        read_repartitioned(state, 3, blank(expected[0]))
    path.unlink()
    with pytest.raises(InputDamagedError, match="is missing or holds no layout"):
        read_repartitioned(state, 3, blank(expected[0]))


def test_a_state_that_lacks_a_number_is_refused() -> None:
    saved, (alone,) = end_to_end([10, 6], 4), end_to_end([10, 6], 1)
    with pytest.raises(InputDamagedError, match="lacks 2 of the 10 numbers of parameter 0"):
        repartition(blank(alone), [saved[0][LAYOUT], saved[1][LAYOUT], saved[3][LAYOUT]], lambda rank: saved[rank])
