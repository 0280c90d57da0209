"""Check a receipt without the project: python verify_receipt.py [FOLDER], with Python 3.8 or newer and nothing else.

It holds the folder's files against SHA256SUMS, and checks for each document that the receipt says is in the release's corpus,
that it is a leaf of the corpus' Merkle tree (RFC 9162), and for each other document, that it is none. Where OpenSSL is installed
it checks the signature too. To see that an id is that of a text of yours, as UTF-8:

    python verify_receipt.py FOLDER --text FILE --delivery DELIVERY
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import unicodedata
from typing import Any, Iterator


def hash_of(prefix: bytes, *parts: bytes) -> str:
    """sha256 behind a byte that tells leaf (0) from node (1), in hex."""
    return hashlib.sha256(prefix + b"".join(parts)).hexdigest()


def is_leaf(place: dict[str, Any], size: int, root: str) -> bool:
    """RFC 9162, section 2.1.3.2: whether the path leads from the leaf to the root."""
    at, last = place["index"], size - 1
    if not 0 <= at <= last:
        return False
    found = hash_of(b"\x00", place["doc_id"].encode("utf-8"))
    for step in place["path"]:
        if last == 0 or len(step) != 64 or set(step) - set("0123456789abcdef"):
            return False
        left, right = found, step
        if at % 2 or at == last:
            left, right = step, found
            while at and at % 2 == 0:
                at, last = at >> 1, last >> 1
        found = hash_of(b"\x01", bytes.fromhex(left), bytes.fromhex(right))
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_absent(doc_id: str, gap: dict[str, Any], size: int, root: str) -> bool:
    """Whether the leaves on both sides of the document stand side by side in the tree, and it lies between them."""
    before, after = gap["before"], gap["after"]
    if size and not before and not after:
        return False
    low = before["index"] if before else -1
    high = after["index"] if after else size
    sides_hold = all(is_leaf(side, size, root) for side in (before, after) if side)
    in_order = (not before or before["doc_id"] < doc_id) and (not after or doc_id < after["doc_id"])
    return sides_hold and in_order and high - low == 1


def wrong_documents(receipt: dict[str, Any], corpus_root: dict[str, Any]) -> Iterator[str]:
    """What the receipt claims and does not prove, a sentence each."""
    size, root = corpus_root["num_leaves"], corpus_root["root"]
    if receipt["corpus_root"] != root or receipt["release"] != corpus_root["release"]:
        yield "the receipt is for another corpus root or another release"
    kept = {document["doc_id"] for document in receipt["documents"] if not document["reason"]}
    for document in receipt["documents"]:
        doc_id, place, gap = document["doc_id"], document["included"], document["excluded"]
        name = "{delivery}/{path} {doc_id}".format(**document)
        if doc_id in kept:
            if not doc_id or not place or gap or place["doc_id"] != doc_id or not is_leaf(place, size, root):
                yield name + ": said to be in the corpus, not proved"
        elif doc_id and (place or not gap or not is_absent(doc_id, gap, size, root)):
            yield name + ": said not to be in the corpus, not proved"


def changed_files(folder: pathlib.Path) -> Iterator[str]:
    """The files that are not as SHA256SUMS says: lost, damaged or edited since the receipt was made."""
    for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, name = line.split("  ", 1)
        if not (folder / name).is_file() or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            yield name + ": changed since the receipt was made"


def signature_says(folder: pathlib.Path) -> bool | None:
    """None where nothing was checked, else whether OpenSSL finds the signature good."""
    if not (folder / "corpus_root.sig").is_file() or not shutil.which("openssl"):
        return None
    command = ["openssl", "dgst", "-sha256", "-verify", "corpus_root.pem", "-signature", "corpus_root.sig", "corpus_root.json"]
    return subprocess.run(command, cwd=str(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def identify(partner: str, delivery: str, text: str) -> str:
    """The id of a text: the same however its lines end and its accents are composed."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    normal = "\n".join(line.rstrip() for line in lines).strip()
    return hashlib.sha256("{}/{}\n{}".format(partner, delivery, normal).encode("utf-8")).hexdigest()


def main() -> int:
    """Print what was found; exit code 0 only where everything holds."""
    parser = argparse.ArgumentParser(description="Check a receipt, offline.")
    parser.add_argument("folder", nargs="?", default=".", help="the folder of the receipt")
    parser.add_argument("--text", help="a text of yours, in UTF-8: print its id and what the receipt says of it")
    parser.add_argument("--delivery", default="", help="with --text: the delivery that it came in")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder)
    receipt, corpus_root = (json.loads((folder / n).read_text("utf-8")) for n in ("receipt.json", "corpus_root.json"))
    wrong = [*changed_files(folder), *wrong_documents(receipt, corpus_root)]
    print("\n".join(wrong) if wrong else "proved: every document of the receipt against root " + corpus_root["root"])
    signed = signature_says(folder)
    print({None: "signature: not checked", True: "signature: good", False: "signature: BAD"}[signed])
    if options.text:
        text = pathlib.Path(options.text).read_bytes().decode("utf-8")
        doc_id = identify(receipt["partner"], options.delivery, text)
        said = [d["reason"] or "in the corpus" for d in receipt["documents"] if d["doc_id"] == doc_id]
        print("{}: {}".format(doc_id, ", ".join(said) or "the receipt does not name it"))
    return 1 if wrong or signed is False else 0


if __name__ == "__main__":
    sys.exit(main())
