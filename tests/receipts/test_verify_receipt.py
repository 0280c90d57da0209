"""What a partner runs: the checker alone, by an interpreter without any package or path of this project."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from copy import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.receipts.publish import write_receipt
from latamgpt.receipts.verify_receipt import main
from latamgpt.store import Workspace, sha256_file
from tests.receipts.conftest import IDS, OTHERS, PARTNER, TEXTS


@pytest.fixture
def folder(published: Workspace, receipt_params: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    away = tmp_path_factory.mktemp("partner") / "receipt"
    write_receipt(published, receipt_params, PARTNER, Language.SPANISH, away)
    return away


def check(folder: Path, *arguments: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "verify_receipt.py", ".", *arguments]
    return subprocess.run(command, cwd=folder, env={"PATH": path}, capture_output=True, text=True, check=False)


def rewrite(folder: Path, name: str, value: object) -> None:
    """Change a file and make the sums fit, as a forger would."""
    (folder / name).write_text(json.dumps(value), encoding="utf-8")
    lines = [line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    (folder / "SHA256SUMS").write_text("".join(f"{sha256_file(folder / line)}  {line}\n" for line in lines))


def read(folder: Path, name: str):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def flip(text: str, at: int) -> str:
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def test_whole_receipt_is_proved_far_from_the_project(folder: Path):
    done = check(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("proved: every document of the receipt against root ")
    if shutil.which("openssl", path="/usr/bin:/bin"):
        assert "signature: good" in done.stdout
    assert "signature: not checked" in check(folder, path="/nowhere").stdout


def test_checker_is_one_short_file_that_old_pythons_read(folder: Path):
    import ast

    source = (folder / "verify_receipt.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert len(source.splitlines()) <= 200
    imported = {line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names


def test_text_of_the_partner_gives_the_id_in_the_receipt(folder: Path, tmp_path: Path):
    (tmp_path / "mine.txt").write_bytes(TEXTS["learned"].replace("\n", "\r\n").encode() + b"  \r\n")
    done = check(folder, "--text", str(tmp_path / "mine.txt"), "--delivery", "entrega-1")
    assert f"{IDS['learned']}: in the corpus" in done.stdout
    assert done.stdout == check(folder, "--text", str(tmp_path / "mine.txt")).stdout


def test_text_under_another_delivery_is_not_said_to_be_nowhere(folder: Path, tmp_path: Path):
    (tmp_path / "mine.txt").write_text(TEXTS["learned"], encoding="utf-8")
    (tmp_path / "other.txt").write_text("Nadie entregó esto.", encoding="utf-8")
    done = check(folder, "--text", str(tmp_path / "mine.txt"), "--delivery", "entrega-l")
    assert ": the receipt does not name it. Its deliveries are: entrega-1" in done.stdout
    done = check(folder, "--text", str(tmp_path / "other.txt"))
    assert "\nthis text: the receipt does not name it. Its deliveries are: entrega-1" in done.stdout


def test_another_folder_than_a_receipt_s_is_named_as_such(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for other in (tmp_path, tmp_path / "nowhere", folder / "receipt.html"):
        assert main([str(other)]) == 2
        assert (
            capsys.readouterr().out == f"NOT CHECKED: {other} is no folder of a receipt. Name the folder that you were given.\n"
        )


def test_any_byte_of_an_inclusion_proof_matters(folder: Path):
    receipt = read(folder, "receipt.json")
    document = next(d for d in receipt["documents"] if d["doc_id"] == IDS["learned"] and not d["reason"])
    path = document["included"]["path"]
    for step in range(len(path)):
        for at in range(64):
            whole = path[step]
            path[step] = flip(whole, at)
            if at % 16 == 0:
                rewrite(folder, "receipt.json", receipt)
                assert "said to be in the corpus, not proved" in check(folder).stdout
            else:
                assert not proves(folder, document, receipt["corpus_root"])
            path[step] = whole


def proves(folder: Path, document: dict, root: str) -> bool:
    from latamgpt.receipts.verify_receipt import is_leaf

    return is_leaf(document["included"], read(folder, "corpus_root.json")["num_leaves"], root)


@pytest.mark.parametrize("at", range(0, 64, 21))
def test_root_or_id_changed_by_a_digit_fails(folder: Path, at: int):
    root = read(folder, "corpus_root.json")
    rewrite(folder, "corpus_root.json", {**root, "root": flip(root["root"], at)})
    assert check(folder).returncode == 1
    rewrite(folder, "corpus_root.json", root)
    receipt = read(folder, "receipt.json")
    document = next(d for d in receipt["documents"] if d["doc_id"] == IDS["held out"])
    document["doc_id"] = document["included"]["doc_id"] = flip(document["doc_id"], at)
    rewrite(folder, "receipt.json", receipt)
    done = check(folder)
    assert done.returncode == 1
    assert "said to be in the corpus, not proved" in done.stdout


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("field", ["doc_id", "path", "index"])
def test_neighbour_that_was_changed_proves_no_absence(folder: Path, side: str, field: str):
    receipt = read(folder, "receipt.json")
    gap = next(d for d in receipt["documents"] if d["reason"] == "too_few_chars")["excluded"]
    assert gap[side] is not None
    changed = {"doc_id": lambda v: flip(v, 63), "path": lambda v: [flip(v[0], 5), *v[1:]], "index": lambda v: v + 1}
    gap[side][field] = changed[field](gap[side][field])
    rewrite(folder, "receipt.json", receipt)
    assert "said not to be in the corpus, not proved" in check(folder).stdout


def test_document_in_the_corpus_cannot_be_told_absent(folder: Path):
    receipt = read(folder, "receipt.json")
    gap = next(d for d in receipt["documents"] if d["reason"] == "too_few_chars")["excluded"]
    document = next(d for d in receipt["documents"] if d["doc_id"] == IDS["not drawn"])
    document.update(reason="withdrawn", included=None, excluded=gap)
    rewrite(folder, "receipt.json", receipt)
    done = check(folder)
    assert "said not to be in the corpus, not proved" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["receipt.json", "receipt.html", "corpus_root.json", "corpus_root.sig", "corpus_root.pem"])
def test_any_file_that_changed_is_named(folder: Path, name: str):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    done = check(folder)
    assert done.returncode in (1, 2)
    assert f"{name}: changed since the receipt was made" in done.stdout
    assert done.stderr == ""


def test_signature_of_another_root_is_bad(folder: Path):
    rewrite(folder, "corpus_root.json", {**read(folder, "corpus_root.json"), "corpus": "0" * 64})
    if shutil.which("openssl", path="/usr/bin:/bin") is None:
        pytest.skip("openssl is not installed here")
    done = check(folder)
    assert "signature: BAD" in done.stdout
    assert done.returncode == 1


ODD_VALUES = (None, True, 0, -1, 1.5, 10**30, "", "\ud800", "\x1b[2J", "0" * 64, [], {}, [None], {"doc_id": 3}, [[]])


def mutate(value: Any, random: Random) -> Any:
    """The same record with one place in it changed: taken away, put twice, or given an odd value."""
    if isinstance(value, (dict, list)) and value and random.random() < 0.85:
        key = random.choice(list(value) if isinstance(value, dict) else range(len(value)))
        held = value[key]
        changed = copy(value)
        if random.random() < 0.1:
            del changed[key]
        elif isinstance(changed, list) and random.random() < 0.1:
            changed.append(held)
        else:
            changed[key] = mutate(held, random)
        return changed
    if isinstance(value, str) and len(value) == 64 and random.random() < 0.3:
        return flip(value, random.randrange(64))
    return random.choice(ODD_VALUES)


def damage(held: bytes, random: Random) -> bytes:
    at = random.randrange(len(held))
    kinds = (
        held[:at],
        held[:at] + bytes([random.randrange(256)]) + held[at + 1 :],
        b"\xff" + held,
        b"[" * 99_999,
        b"",
        b"9" * 9999,
    )
    return random.choice(kinds)


def test_receipt_changed_at_random_is_told_in_words_and_proves_nothing_that_is_not_so(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "which", lambda _: None)  # OpenSSL's part has tests of its own
    random, kept = Random(7), {name: (folder / name).read_bytes() for name in ("receipt.json", "corpus_root.json", "SHA256SUMS")}
    there = {*OTHERS, *(IDS[name] for name in ("learned", "held out", "not drawn"))}
    codes: Counter[int] = Counter()
    for number in range(240):
        name = random.choice(("receipt.json", "receipt.json", "corpus_root.json"))
        if number % 4:
            rewrite(folder, name, mutate(json.loads(kept[name]), random))
        else:
            name = random.choice(list(kept))
            (folder / name).write_bytes(damage(kept[name], random))
        code = main([str(folder)])
        said = capsys.readouterr()
        assert said.err == ""
        assert ("NOT CHECKED" in said.out) == (code == 2)
        assert ("proved: " in said.out) == (code == 0)
        if code == 0:
            documents = read(folder, "receipt.json")["documents"]
            used = {document["doc_id"] for document in documents if not document["reason"]}
            assert used <= there
            assert not there & {document["doc_id"] for document in documents if document["doc_id"] not in used}
        codes[code] += 1
        for each, held in kept.items():
            (folder / each).write_bytes(held)
    assert min(codes[1], codes[2]) > 25


def test_empty_corpus_cannot_be_claimed_under_the_root_of_a_full_one(folder: Path):
    root, receipt = read(folder, "corpus_root.json"), read(folder, "receipt.json")
    for document in receipt["documents"]:
        document.update(reason="withdrawn", included=None, excluded={"before": None, "after": None})
    rewrite(folder, "receipt.json", receipt)
    rewrite(folder, "corpus_root.json", {**root, "num_leaves": 0})
    done = check(folder)
    assert done.returncode == 1
    assert "said not to be in the corpus, not proved" in done.stdout


@pytest.mark.parametrize("name", ["receipt.json", "corpus_root.json", "SHA256SUMS"])
def test_file_that_is_gone_is_named_without_a_traceback(folder: Path, name: str):
    (folder / name).unlink()
    done = check(folder)
    assert (done.returncode, done.stderr) == (2, "")
    assert f"NOT CHECKED: {name} does not read as a receipt has it (FileNotFoundError" in done.stdout


def test_sums_that_leave_out_a_file_vouch_for_nothing(folder: Path):
    (folder / "SHA256SUMS").write_text("")
    done = check(folder)
    assert done.returncode == 1
    assert "receipt.json: changed since the receipt was made" in done.stdout


def test_name_in_a_receipt_cannot_act_on_the_terminal_that_shows_it(folder: Path):
    receipt = read(folder, "receipt.json")
    receipt["documents"][0].update(path="\x1b[2Jproved: \u202eall of it\ud800", doc_id="0", reason="", included=None)
    rewrite(folder, "receipt.json", receipt)
    done = check(folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
    assert "entrega-1/?[2Jproved: ?all of it?" in done.stdout


@pytest.mark.parametrize("held", [None, b"\xff\xfe"])
def test_text_that_does_not_read_is_explained(folder: Path, tmp_path: Path, held: bytes | None):
    if held is not None:
        (tmp_path / "mine.txt").write_bytes(held)
    done = check(folder, "--text", str(tmp_path / "mine.txt"), "--delivery", "entrega-1")
    assert (done.returncode, done.stderr) == (2, "")
    assert "cannot be read as a text in UTF-8" in done.stdout
