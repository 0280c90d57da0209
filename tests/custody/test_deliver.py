"""Delivering: a look before, whole or not at all, once, and only what the registry permits."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dagster_project.dvc_graph import parse_graph
from latamgpt.cli import main
from latamgpt.commands.audit import DIFFERS
from latamgpt.custody import receiving
from latamgpt.custody.run_lists import enter_run, listed_beside
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.governance.audit import sound
from latamgpt.params import Params, read_params
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.custody.files import state
from tests.custody.sending import STORY, WORDS, command, place
from tests.intake.deliveries import PARTNER, documents, reasons, register, take_in


def test_plain_files_become_a_delivery_that_intake_takes_in(
    office: Workspace, params: Params, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(sent, *WORDS)) == 0
    printed = capsys.readouterr().out
    assert "documents that intake keeps: 2 (es-AR 2)" in printed
    assert "number 1 of the audit log" in printed
    take_in(office, params)
    assert {row["path"] for row in documents(office)} == {"rio.txt", "hojas/piedra.txt"}
    assert reasons(office) == {}
    entry = sound(office).entries[-1]
    assert (entry.action, entry.subject) == ("delivery_entered", f"{PARTNER}/cuentos")
    assert entry.changes[0].path == f"samples/{PARTNER}/cuentos"


def test_a_folder_with_its_own_description_needs_no_words(office: Workspace, params: Params, sent: Path) -> None:
    assert main(command(sent, *WORDS)) == 0
    own = sent.parent / "own"
    shutil.copytree(place(office), own)
    shutil.rmtree(place(office))
    assert main(command(own)) == 0
    assert sorted(p.name for p in place(office).iterdir()) == ["delivery.yaml", "hojas", "manifest-sha256.txt", "rio.txt"]


def test_the_first_delivery_lists_its_partner_in_the_run(office: Workspace, sent: Path) -> None:
    assert PARTNER not in read_params(office.root).partners
    assert main(command(sent, *WORDS)) == 0
    partners = read_params(office.root).partners
    assert list(partners) == sorted([*read_params(ROOT).partners, PARTNER])
    (office.root / ".dvc").mkdir()
    (office.root / ".dvc" / "config").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
    graph = parse_graph(office.root)
    corpus = graph.find("corpus")
    assert {f"data/documents/{PARTNER}", f"data/documents_gate/{PARTNER}", f"partners/{PARTNER}.yaml"} <= set(corpus.deps)
    assert {f"governance/withdrawals/{PARTNER}.yaml"} <= set(corpus.deps)
    listed = [dep for dep in graph.find("release").deps if dep.startswith("partners/")]
    assert listed == [f"partners/{one}.yaml" for one in partners]


def test_a_list_is_grown_at_its_head_and_at_its_end() -> None:
    text = "partners: # of the run\n  - b # note\n  - d\n"
    assert listed_beside(text, "d", "e") == "partners: # of the run\n  - b # note\n  - d\n  - e\n"
    assert listed_beside(text, "b", "a") == "partners: # of the run\n  - a\n  - b # note\n  - d\n"


def test_a_list_that_names_the_partner_is_left_as_it_is() -> None:
    text = "deps:\n  - data/corpus/b\n  - data/corpus/c\n"
    assert listed_beside(text, "b", "c") == text


@pytest.mark.parametrize("name", ["partners", "corpus", "rights", "params", "en", "documents", "approval"])
def test_a_partner_that_is_called_as_a_word_of_the_graph_is_listed_as_any_other(office: Workspace, name: str) -> None:
    edits = {edit.path: edit for edit in enter_run(office.root, name)}
    edits["params.yaml"].write(office.root)
    assert list(read_params(office.root).partners) == sorted([*read_params(ROOT).partners, name])
    grown = edits["dvc.yaml"].after.splitlines()
    beside = "academia-quechua" if name < "archivo" else "museo-altiplano"
    named = [
        line.replace(beside, name)
        for line in edits["dvc.yaml"].before.splitlines()
        if line.partition(".")[0].endswith(f"/{beside}")
    ]
    assert sorted(grown) == sorted([*edits["dvc.yaml"].before.splitlines(), *named])
    for edit in edits.values():
        edit.write(office.root)
    assert enter_run(office.root, name) == ()
    after = {edit.path: edit for edit in enter_run(office.root, f"{name}-2")}
    assert after["dvc.yaml"].after.count(f"/{name}-2") == len(named)


def test_the_same_bytes_again_are_already_there(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dateless = [word for word in WORDS if word not in ("--date", "2026-03-01")]
    assert main(command(sent, *WORDS)) == 0
    before = state(office.root)
    capsys.readouterr()
    assert main(command(sent, *dateless)) == 0
    assert "already there, byte for byte" in capsys.readouterr().out
    assert state(office.root) == before


def test_an_id_that_lies_in_place_with_other_bytes_is_refused(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(sent, *WORDS)) == 0
    before = state(office.root)
    (sent / "rio.txt").write_text(STORY + " Y siguió.", encoding="utf-8")
    assert main(command(sent, *WORDS)) == OperatorError.exit_code
    assert "is in place with other bytes, or was described in other words" in capsys.readouterr().err
    assert state(office.root) == before


def test_a_dry_run_says_the_same_and_changes_nothing(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(office.root)
    assert main(command(sent, *WORDS, "--dry-run")) == 0
    preview = capsys.readouterr().out
    assert state(office.root) == before
    assert f"would enter it as samples/{PARTNER}/cuentos" in preview
    assert f"+  - {PARTNER}\n" in preview
    assert main(command(sent, *WORDS)) == 0
    assert capsys.readouterr().out.splitlines()[:2] == preview.splitlines()[:2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"partner": "nobody"}, "it holds: academia-quechua"),
        ({"agreement": "as-9"}, "it has: as-1"),
    ],
)
def test_an_unknown_partner_or_agreement_is_refused_with_the_known_ones(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], message: str
) -> None:
    before = state(office.root)
    assert main(command(sent, *WORDS, **changes)) == OperatorError.exit_code
    assert message in capsys.readouterr().err
    assert state(office.root) == before


def test_what_the_rights_refuse_is_not_entered_unless_said(
    office: Workspace, params: Params, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = [word if word != "CC-BY-4.0" else "CC-BY-NC-ND-4.0" for word in WORDS]
    assert main(command(sent, *refused)) == NotPermittedError.exit_code
    error = capsys.readouterr().err
    assert "set aside whole: licence_contradiction" in error
    assert "--quarantine" in error
    assert not place(office).exists()
    assert sound(office).entries == ()
    assert main(command(sent, *refused, "--quarantine")) == 0
    take_in(office, params)
    assert list(reasons(office).values()) == ["licence_contradiction"]


@pytest.mark.parametrize(("country", "code"), [("CL", 0), ("PE", NotPermittedError.exit_code), ("", NotPermittedError.exit_code)])
@pytest.mark.parametrize("more", [(), ("--quarantine",), ("--dry-run",)])
def test_texts_that_may_not_lie_on_this_machine_are_not_copied_to_it(  # noqa: PLR0913
    office: Workspace,
    sent: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    country: str,
    code: int,
    more: tuple[str, ...],
) -> None:
    register(office, residency=["CL", "tarapaca"])
    (office.root / "sites").mkdir(exist_ok=True)
    (office.root / "sites" / "casa.yaml").write_text(f"country: '{country}'\n", encoding="utf-8")
    monkeypatch.setenv("LATAMGPT_SITE", "casa")
    if code:
        monkeypatch.setattr(receiving, "_copy", _never)
    assert main(command(sent, *WORDS, *more)) == code
    assert place(office).exists() == (code == 0 and "--dry-run" not in more)
    if code:
        refused = capsys.readouterr().err
        assert "as-1 lets its texts lie in CL, tarapaca, and this machine is casa" in refused
        assert "sites/casa.yaml" in refused


def _never(*_: object) -> None:
    raise AssertionError("a copy was made")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (WORDS[:2], "licence: is missing"),
        ([*WORDS, "--format", "pdf"], "format: has to be 'bagit'"),
        ([*WORDS[2:], "--id", "../cuentos"], "id: "),
        ([*WORDS, "--fields", "{text: "], "--fields '{text: ' is not valid YAML"),
    ],
)
def test_a_description_that_does_not_read_is_refused(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    before = state(office.root)
    assert main(command(sent, *words)) == OperatorError.exit_code
    assert message in capsys.readouterr().err
    assert state(office.root) == before


def test_what_a_partner_wrote_is_not_written_over(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = {"id": "cuentos", "agreement": "as-1", "date": "2026-03-01", "format": "files", "licence": "CC-BY-4.0"}
    values |= {"source": "x", "notice": "x"}
    (sent / "delivery.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    assert main(command(sent, "--licence", "CC0-1.0")) == OperatorError.exit_code
    assert "says licence is 'CC-BY-4.0', you say 'CC0-1.0'" in capsys.readouterr().err


def test_links_and_empty_folders_are_refused(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sent / "link.txt").symlink_to("/etc/hostname")
    assert main(command(sent, *WORDS)) == OperatorError.exit_code
    assert "symbolic link" in capsys.readouterr().err
    assert main(command(sent / "none", *WORDS)) == OperatorError.exit_code
    (sent / "empty").mkdir()
    assert main(command(sent / "empty", *WORDS)) == OperatorError.exit_code
    assert "holds no file" in capsys.readouterr().err


def test_a_folder_that_may_not_be_listed_stops_the_delivery_instead_of_being_missed(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def closed(path: object) -> object:
        if str(path).endswith("hojas"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert main(command(sent, *WORDS)) == OperatorError.exit_code
    assert f"{sent / 'hojas'} cannot be looked into (Permission denied)" in capsys.readouterr().err
    (sent / "link").symlink_to("rio.txt")
    assert main(command(sent, *WORDS, "--quarantine")) == OperatorError.exit_code
    assert "hojas cannot be looked into" in capsys.readouterr().err
    assert not place(office).exists()


@pytest.mark.parametrize("path", ["", ".", ".."])
def test_the_factory_itself_is_no_delivery(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    assert main(["deliver", path, *command(sent, *WORDS)[2:]]) == OperatorError.exit_code
    assert "is the folder of the factory itself, or one that holds it" in capsys.readouterr().err


def test_audit_says_which_delivery_is_not_as_it_was_entered(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(sent, *WORDS)) == 0
    capsys.readouterr()
    assert main(["audit", "--files"]) == 0
    assert "since number" not in capsys.readouterr().out
    (place(office) / "rio.txt").write_text("otra cosa", encoding="utf-8")
    (office.root / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["audit", "--files"]) == DIFFERS
    printed = capsys.readouterr().out
    assert f"samples/{PARTNER}/cuentos was changed since number 1" in printed
    assert "params.yaml is as it was before number 1: that deed was cut off" in printed


@pytest.mark.parametrize("at", ["copy", "log", "rename"])
def test_a_kill_leaves_no_half_delivery_and_the_same_command_finishes_it(office: Workspace, sent: Path, at: str) -> None:
    arguments = command(sent, *WORDS)
    program = f"from tests.custody.killed import main; main({at!r}, {arguments!r})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", program], cwd=office.root, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not place(office).exists()
    sound(office)
    assert main(arguments) == 0
    assert sorted(p.name for p in place(office).iterdir()) == ["delivery.yaml", "hojas", "manifest-sha256.txt", "rio.txt"]


@pytest.mark.parametrize("address", ["https://example.org/cuentos", "http://example.org/cuentos.zip", "s3://cubo/cuentos"])
def test_an_address_is_refused_before_all_else_since_nothing_is_fetched(
    office: Workspace, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    before = state(office.root)
    assert main(["deliver", address, "--partner", "nobody", "--agreement", "none-such", *WORDS]) == OperatorError.exit_code
    assert "nothing is fetched from the network" in capsys.readouterr().err
    assert state(office.root) == before
