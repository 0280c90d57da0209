"""Check a receipt without the project: python verify_receipt.py [FOLDER], with Python 3.8 or newer and nothing else.

It holds the folder's files against SHA256SUMS, and checks for each document that the receipt says is in the release's corpus,
that it is a leaf of the corpus' Merkle tree (RFC 9162), and for each other document, that it is none. Where OpenSSL is installed
it checks the signature too. To see that an id is that of a text of yours, as UTF-8:

    python verify_receipt.py FOLDER --text FILE --delivery DELIVERY

The receipt of a withdrawal is checked the same way: whether it holds the line of the audit log that its sha256 is of, and whether
it is signed.
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

RECEIPT, ROOT, SUMS = "receipt.json", "corpus_root.json", "SHA256SUMS"
ALWAYS = (RECEIPT, "receipt.html", ROOT)  # in every receipt, and so in its sums
WITHDRAWAL = "withdrawal.json"
ODD = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError)  # what a damaged file raises


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
    if not before and not after:
        return size == 0 and root == hashlib.sha256().hexdigest()
    low = before["index"] if before else -1
    high = after["index"] if after else size
    sides_hold = all(is_leaf(side, size, root) for side in (before, after) if side)
    in_order = (not before or before["doc_id"] < doc_id) and (not after or doc_id < after["doc_id"])
    return sides_hold and in_order and high - low == 1


def wrong_documents(receipt: dict[str, Any], corpus_root: dict[str, Any]) -> Iterator[str]:
    """What the receipt claims and does not prove, a sentence each."""
    size, root, documents = corpus_root["num_leaves"], corpus_root["root"], receipt["documents"]
    if receipt["corpus_root"] != root or receipt["release"] != corpus_root["release"]:
        yield "the receipt is for another corpus root or another release"
    if not isinstance(size, int) or not isinstance(documents, list):
        raise TypeError("num_leaves is no number, or documents no list")
    kept = {document["doc_id"] for document in documents if not document["reason"]}
    for document in documents:
        doc_id, place, gap = document["doc_id"], document["included"], document["excluded"]
        name = "{delivery}/{path} {doc_id}".format(**document)
        if doc_id in kept:
            if not doc_id or not place or gap or place["doc_id"] != doc_id or not is_leaf(place, size, root):
                yield name + ": said to be in the corpus, not proved"
        elif doc_id and (place or not gap or not is_absent(doc_id, gap, size, root)):
            yield name + ": said not to be in the corpus, not proved"


def wrong_withdrawal(receipt: dict[str, Any]) -> Iterator[str]:
    """What does not fit together in the receipt of a withdrawal, a sentence each."""
    line = {name: value for name, value in receipt["entry"].items() if name != "sha256"}
    sealed = json.dumps(line, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if hashlib.sha256(sealed.encode("utf-8")).hexdigest() != receipt["entry"]["sha256"]:
        yield "the line of the audit log is not the one that its sha256 is of"
    if line["subject"].split("/")[0] != receipt["partner"] or not line["action"].endswith("_withdrawn"):
        yield "the line of the audit log is no withdrawal of this partner"
    for document in receipt["documents"]:
        if len(document["doc_id"]) != 64 or set(document["doc_id"]) - set("0123456789abcdef"):
            yield "{delivery}/{path}: {doc_id} is no id".format(**document)


def changed_files(folder: pathlib.Path, always: tuple[str, ...]) -> Iterator[str]:
    """The files that are not as SHA256SUMS says: lost, damaged or edited since the receipt was made."""
    lines = (folder / SUMS).read_text("utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    for name in sorted({*listed, *always}):
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != listed.get(name):
            yield name + ": changed since the receipt was made"


def signature_says(folder: pathlib.Path, signed: str) -> bool | None:
    """None where nothing was checked, else whether OpenSSL finds the signature of a file good."""
    key, signature = signed.replace(".json", ".pem"), signed.replace(".json", ".sig")
    if not (folder / signature).is_file() or not shutil.which("openssl"):
        return None
    command = ["openssl", "dgst", "-sha256", "-verify", key, "-signature", signature, signed]
    return subprocess.run(command, cwd=str(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def identify(partner: str, delivery: str, text: str) -> str:
    """The id of a text: the same however its lines end and its accents are composed."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    normal = "\n".join(line.rstrip() for line in lines).strip()
    return hashlib.sha256("{}/{}\n{}".format(partner, delivery, normal).encode("utf-8")).hexdigest()


def read(folder: pathlib.Path, name: str) -> dict[str, Any]:
    """A record of the receipt."""
    value = json.loads((folder / name).read_text("utf-8"))
    if not isinstance(value, dict):
        raise TypeError("it is no record")
    return value


def say(words: str) -> None:
    """Print a line on any terminal: what is not a character that shows, as from a damaged file, cannot act on it."""
    shown = "".join(char if char.isprintable() else "?" for char in words)
    coding = sys.stdout.encoding or "ascii"
    print(shown.encode(coding, "backslashreplace").decode(coding))


def about(receipt: dict[str, Any], own: list[tuple[str, Any]], text: str, delivery: str) -> list[str]:
    """What the receipt says of a text: in the delivery that is named, else in each of the receipt's."""
    known = sorted({document["delivery"] for document in receipt["documents"]})
    ids = [identify(receipt["partner"], one, text) for one in ([delivery] if delivery else known)]
    said = ["{}: {}".format(doc_id, verdict) for doc_id in ids for named, verdict in own if named == doc_id]
    none = "{}: the receipt does not name it. Its deliveries are: {}"
    return said or [none.format(ids[0] if delivery else "this text", ", ".join(known))]


def check(folder: pathlib.Path, text: str | None, delivery: str) -> int:
    """Print what was found; 0 where everything holds, 1 where something does not, 2 where it cannot be told."""
    if not any((folder / name).is_file() for name in (SUMS, RECEIPT, WITHDRAWAL)):
        say("NOT CHECKED: {} is no folder of a receipt. Name the folder that you were given.".format(folder))
        return 2
    at, wrong = SUMS, []  # the file that is read, for the sentence that says which one does not read
    withdrawal = (folder / WITHDRAWAL).is_file() and not (folder / RECEIPT).is_file()
    try:
        wrong = list(changed_files(folder, (WITHDRAWAL,) if withdrawal else ALWAYS))
        at = WITHDRAWAL if withdrawal else RECEIPT
        receipt = read(folder, at)
        if withdrawal:
            wrong += wrong_withdrawal(receipt)
            proved = "withdrawn: {subject}, {detail}. Number {sequence} of the audit log".format(**receipt["entry"])
            own = [(d["doc_id"], "withdrawn") for d in receipt["documents"]]
        else:
            at = ROOT
            corpus_root = read(folder, at)
            at = RECEIPT + " or " + ROOT
            wrong += wrong_documents(receipt, corpus_root)
            proved = "proved: every document of the receipt against root " + corpus_root["root"]
            own = [(d["doc_id"], d["reason"] or "in the corpus") for d in receipt["documents"]]
        told = [] if text is None else about(receipt, own, text, delivery)
    except ODD as error:
        for line in wrong:
            say(line)
        say("NOT CHECKED: {} does not read as a receipt has it ({}). Ask for the receipt again.".format(at, repr(error)[:200]))
        return 2
    signed = signature_says(folder, WITHDRAWAL if withdrawal else ROOT)
    good = {None: "signature: not checked", True: "signature: good", False: "signature: BAD"}[signed]
    for line in [*(wrong or [proved]), good, *told]:
        say(line)
    return 1 if wrong or signed is False else 0


def main(arguments: list[str] | None = None) -> int:
    """Check the receipt in a folder, and a text against it."""
    parser = argparse.ArgumentParser(description="Check a receipt, offline.")
    parser.add_argument("folder", nargs="?", default=".", help="the folder of the receipt")
    parser.add_argument("--text", help="a text of yours, in UTF-8: print its id and what the receipt says of it")
    parser.add_argument("--delivery", default="", help="the delivery that it came in; any if not given")
    options = parser.parse_args(arguments)
    try:
        text = pathlib.Path(options.text).read_bytes().decode("utf-8") if options.text else None
    except (OSError, ValueError) as error:
        say("{} cannot be read as a text in UTF-8 ({}). Save it as UTF-8 and try again.".format(options.text, error))
        return 2
    return check(pathlib.Path(options.folder), text, options.delivery)


if __name__ == "__main__":
    sys.exit(main())
