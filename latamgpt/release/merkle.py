"""A Merkle tree over sorted names: proof that a name is in it, and proof that it is not, for whoever knows only the root.

Hashes and paths are those of RFC 9162, section 2.1 (https://www.rfc-editor.org/rfc/rfc9162#section-2.1): sha256, a leaf is hashed
behind a byte 0, two nodes behind a byte 1. Since the leaves are in ascending order and none stands twice, two neighbours with
proofs of their places show that nothing lies between them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from latamgpt.errors import OperatorError


@dataclass(frozen=True)
class Inclusion:
    """That a name is leaf `index`: the hashes beside the way from it up to the root, in hex."""

    name: str
    index: int
    path: tuple[str, ...]


@dataclass(frozen=True)
class Exclusion:
    """That a name is no leaf: its neighbours, one only where it would stand first or last."""

    name: str
    before: Inclusion | None
    after: Inclusion | None


class MerkleTree:
    """All nodes of the tree, level by level; 64 bytes of memory per leaf."""

    def __init__(self, names: Sequence[str]) -> None:
        for first, second in zip(names, names[1:], strict=False):
            if first >= second:
                raise OperatorError(
                    f"{second!r} stands behind {first!r}: the names of a Merkle tree must ascend and none may stand twice, or "
                    "nothing could be proved absent. Sort them, and look for doubles in what wrote them."
                )
        self.names = names
        self._levels = [[leaf_hash(name) for name in names]]
        while len(self._levels[-1]) > 1:
            level = self._levels[-1]
            pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
            self._levels.append(pairs + level[len(level) - len(level) % 2 :])

    @property
    def root(self) -> str:
        """The root in hex; of no leaves, the sha256 of nothing."""
        return (self._levels[-1][0] if self.names else sha256().digest()).hex()

    def contains(self, name: str) -> bool:
        """Whether a name is a leaf."""
        at = bisect_left(self.names, name)
        return at < len(self.names) and self.names[at] == name

    def prove_inclusion(self, name: str) -> Inclusion:
        """The proof that a name is a leaf.

        Raises:
            ValueError: it is none.
        """
        if not self.contains(name):
            raise ValueError(f"{name!r} is no leaf")
        return self._inclusion(bisect_left(self.names, name))

    def prove_exclusion(self, name: str) -> Exclusion:
        """The proof that a name is no leaf.

        Raises:
            ValueError: it is one.
        """
        if self.contains(name):
            raise ValueError(f"{name!r} is a leaf")
        at = bisect_left(self.names, name)
        return Exclusion(
            name,
            before=self._inclusion(at - 1) if at else None,
            after=self._inclusion(at) if at < len(self.names) else None,
        )

    def _inclusion(self, index: int) -> Inclusion:
        path: list[str] = []
        at = index
        for level in self._levels[:-1]:
            if at ^ 1 < len(level):
                path.append(level[at ^ 1].hex())
            at >>= 1
        return Inclusion(self.names[index], index, tuple(path))


def leaf_hash(name: str) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + name.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two nodes."""
    return sha256(b"\x01" + left + right).digest()


def is_included(proof: Inclusion, num_leaves: int, root: str) -> bool:
    """Whether a proof leads to the root: RFC 9162, section 2.1.3.2."""
    if not 0 <= proof.index < num_leaves:
        return False
    at, last, found = proof.index, num_leaves - 1, leaf_hash(proof.name)
    for step in proof.path:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = node_hash(bytes.fromhex(step), found)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, bytes.fromhex(step))
        at, last = at >> 1, last >> 1
    return last == 0 and found.hex() == root


def is_excluded(proof: Exclusion, num_leaves: int, root: str) -> bool:
    """Whether a proof shows that a name is no leaf: its neighbours are leaves, stand side by side, and it lies between them."""
    before, after = proof.before, proof.after
    ends = (before.index if before else -1, after.index if after else num_leaves)
    if num_leaves and before is None and after is None:
        return False
    return (
        ends[1] - ends[0] == 1
        and (before is None or (before.name < proof.name and is_included(before, num_leaves, root)))
        and (after is None or (proof.name < after.name and is_included(after, num_leaves, root)))
        and (num_leaves > 0 or root == sha256().hexdigest())
    )
