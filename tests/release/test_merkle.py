from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from latamgpt.errors import OperatorError
from latamgpt.release import merkle
from latamgpt.release.merkle import Exclusion, Inclusion, MerkleTree, is_excluded, is_included

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""The test vectors that implementations of Certificate Transparency share; all of these leaves are ASCII or NUL."""

names = st.lists(st.text(st.characters(codec="utf-8"), max_size=4), max_size=40, unique=True).map(sorted)


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_known_vectors(size: int):
    leaves = [bytes.fromhex(leaf).decode("ascii") for leaf in LEAVES[:size]]
    assert leaves == sorted(leaves)
    assert MerkleTree(leaves).root == ROOTS[size - 1]


def test_root_of_no_leaves_is_the_hash_of_nothing():
    assert MerkleTree([]).root == sha256().hexdigest()
    assert is_excluded(MerkleTree([]).prove_exclusion("a"), 0, MerkleTree([]).root)


def recursive_root(leaves: list[str]) -> bytes:
    """Section 2.1.1 as it is written: split at the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return merkle.leaf_hash(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return merkle.node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


@given(names)
def test_root_is_that_of_the_definition(leaves: list[str]):
    assume(leaves)
    assert MerkleTree(leaves).root == recursive_root(leaves).hex()


@given(names, st.data())
def test_every_leaf_is_proved_and_no_other_name(leaves: list[str], data: st.DataObject):
    assume(leaves)
    tree = MerkleTree(leaves)
    proof = tree.prove_inclusion(data.draw(st.sampled_from(leaves)))
    assert is_included(proof, len(leaves), tree.root)
    assert not is_included(replace(proof, name=proof.name + "x"), len(leaves), tree.root)


@given(names, st.text(st.characters(codec="utf-8"), max_size=4))
def test_every_other_name_is_proved_absent(leaves: list[str], name: str):
    assume(leaves)
    assume(name not in leaves)
    tree = MerkleTree(leaves)
    proof = tree.prove_exclusion(name)
    assert is_excluded(proof, len(leaves), tree.root)
    for leaf in leaves:
        assert not is_excluded(replace(proof, name=leaf), len(leaves), tree.root)


@given(names, st.data())
def test_a_proof_with_one_bit_changed_proves_nothing(leaves: list[str], data: st.DataObject):
    assume(len(leaves) > 1)
    tree = MerkleTree(leaves)
    proof = tree.prove_inclusion(data.draw(st.sampled_from(leaves)))
    at = data.draw(st.integers(0, len(proof.path) - 1))
    bit = 1 << data.draw(st.integers(0, 255))
    step = f"{int(proof.path[at], 16) ^ bit:064x}"
    changed = replace(proof, path=(*proof.path[:at], step, *proof.path[at + 1 :]))
    assert not is_included(changed, len(leaves), tree.root)


def test_a_leaf_cannot_be_hidden_by_naming_neighbours_that_are_not_side_by_side():
    tree = MerkleTree(["a", "c", "e"])
    around = Exclusion("c", before=tree.prove_inclusion("a"), after=tree.prove_inclusion("e"))
    assert not is_excluded(around, 3, tree.root)
    assert not is_excluded(Exclusion("c", before=None, after=tree.prove_inclusion("e")), 3, tree.root)
    assert not is_excluded(Exclusion("c", before=tree.prove_inclusion("a"), after=None), 3, tree.root)
    assert not is_excluded(Exclusion("c", before=None, after=None), 3, tree.root)


def test_a_node_is_no_leaf():
    tree = MerkleTree(["a", "b"])
    assert not is_included(Inclusion("a", 0, ()), 1, tree.root)


@pytest.mark.parametrize("leaves", [["b", "a"], ["a", "a"]])
def test_names_out_of_order_or_doubled_are_refused(leaves: list[str]):
    with pytest.raises(OperatorError, match=r"must ascend and none may stand twice"):
        MerkleTree(leaves)
