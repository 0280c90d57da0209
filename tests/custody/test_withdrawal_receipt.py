"""What a partner keeps of a withdrawal: a signed folder that is checked offline, by the program in it."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from latamgpt.cli import main
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import sound
from latamgpt.governance.withdrawals import read_withdrawn
from latamgpt.params import Params
from latamgpt.release.signature import KEY_VARIABLE, make_key
from latamgpt.store import Workspace, list_files, sha256_file
from tests.curation.documents import PORTUGUESE
from tests.custody.test_withdraw import PARTNER, small, withdraw

__all__ = ["small"]


@pytest.fixture
def signing(small: tuple[Workspace, Params], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The two partners, one of them real, and a key of the institution that operates."""
    no_sample(small[0])
    make_key(small[0].root / "key.pem")
    monkeypatch.setenv(KEY_VARIABLE, str(small[0].root / "key.pem"))
    return small[0]


def no_sample(workspace: Workspace) -> None:
    path = workspace.root / "partners" / f"{PARTNER}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("sample: true", "sample: false"), encoding="utf-8")


def folder_of(workspace: Workspace, number: int = 1) -> Path:
    return workspace.root / "var" / "withdrawal_receipts" / f"{PARTNER}-{number}"


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "verify_receipt.py", ".", *arguments]
    return subprocess.run(command, cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)


def ids(workspace: Workspace) -> dict[str, str]:
    rows = pq.read_table(workspace.place("documents", PARTNER) / "documents.parquet").to_pylist()
    return {row["path"]: row["doc_id"] for row in rows}


@pytest.mark.parametrize(
    ("what", "gone"),
    [
        (("--delivery", "relatos"), {"rio.txt", "vila.txt"}),
        (("--agreement", "as-1"), {"rio.txt", "vila.txt", "years.txt"}),
        (("--document", "vila.txt"), {"vila.txt"}),
    ],
)
def test_partner_gets_a_signed_receipt_that_names_each_document_and_the_line_of_the_log(
    signing: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path, what: tuple[str, str], gone: set[str]
) -> None:
    known = ids(signing)
    assert main(withdraw(what[0], known[what[1]] if what[0] == "--document" else what[1])) == 0
    assert f"names {len(gone)} documents and is signed. It lies in {folder_of(signing)}: give it" in capsys.readouterr().out
    receipt = json.loads((folder_of(signing) / "withdrawal.json").read_bytes())
    assert {one["path"]: one["doc_id"] for one in receipt["documents"]} == {path: known[path] for path in gone}
    assert receipt["entry"] == sound(signing).entries[0].model_dump(mode="json")
    (tmp_path / "mine.txt").write_text(PORTUGUESE, encoding="utf-8")
    done = check(folder_of(signing), "--text", str(tmp_path / "mine.txt"), "--delivery", "relatos")
    said = done.stdout.splitlines()
    assert (done.returncode, done.stderr, said[1:]) == (0, "", ["signature: good", f"{known['vila.txt']}: withdrawn"])
    assert said[0].startswith(f"withdrawn: {PARTNER}/")
    assert said[0].endswith("Number 1 of the audit log")


def test_receipt_of_a_withdrawal_that_was_changed_is_told(signing: Workspace) -> None:
    assert main(withdraw("--delivery", "relatos")) == 0
    folder = folder_of(signing)
    held = (folder / "withdrawal.json").read_text(encoding="utf-8")
    (folder / "withdrawal.json").write_text(held.replace("los autores", "el vecino"), encoding="utf-8")
    assert "withdrawal.json: changed since the receipt was made" in check(folder).stdout
    sums = [line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    (folder / "SHA256SUMS").write_text("".join(f"{sha256_file(folder / name)}  {name}\n" for name in sums))
    done = check(folder)
    assert (done.returncode, done.stdout.splitlines()) == (
        1,
        ["the line of the audit log is not the one that its sha256 is of", "signature: BAD"],
    )
    (folder / "withdrawal.json").write_text('{"partner": 1}', encoding="utf-8")
    assert check(folder).returncode == 2


def test_same_receipt_can_be_written_again_once_the_stages_ran(signing: Workspace, tmp_path: Path) -> None:
    assert main(withdraw("--delivery", "relatos")) == 0
    assert main(["receipt", PARTNER, "--withdrawal", "1", "--out", str(tmp_path / "again")]) == 0
    names = list_files(folder_of(signing))
    assert "withdrawal.sig" in names
    assert all((tmp_path / "again" / name).read_bytes() == (folder_of(signing) / name).read_bytes() for name in names)


def test_withdrawal_whose_receipt_the_disk_refuses_holds_and_says_how_to_get_it(
    signing: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (signing.root / "var" / "withdrawal_receipts").write_text("in the way")
    assert main(withdraw("--delivery", "relatos")) == OperatorError.exit_code
    said = capsys.readouterr().err
    assert "The withdrawal holds: it is number 1 of the audit log." in said
    assert f"latamgpt receipt {PARTNER} --withdrawal 1" in said
    (signing.root / "var" / "withdrawal_receipts").unlink()
    assert main(["receipt", PARTNER, "--withdrawal", "1"]) == 0
    assert check(folder_of(signing)).returncode == 0


def test_line_that_is_no_withdrawal_of_the_partner_has_no_receipt(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["receipt", PARTNER, "--withdrawal", "7"]) == OperatorError.exit_code
    assert f"number 7 of the audit log is no withdrawal by {PARTNER} (its withdrawals: none)" in capsys.readouterr().err


def test_without_a_key_the_receipt_says_that_it_is_not_signed(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    no_sample(small[0])
    assert main(withdraw("--delivery", "relatos")) == 0
    assert f"is NOT signed, since {KEY_VARIABLE} names no key" in capsys.readouterr().out
    assert "signature: not checked" in check(folder_of(small[0])).stdout


def test_receipt_that_could_not_be_given_stops_the_command_before_anything_is_withdrawn(
    signing: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (signing.root / "key.pem").write_text("no key")
    assert main(withdraw("--delivery", "relatos")) == OperatorError.exit_code
    assert "gives no key to sign with" in capsys.readouterr().err
    make_key(signing.root / "key.pem")
    assert main([*withdraw("--delivery", "relatos"), "--out", str(signing.root / "samples")]) == OperatorError.exit_code
    assert "holds other things than a receipt" in capsys.readouterr().err
    assert read_withdrawn(signing.root, PARTNER).tombstones == ()
