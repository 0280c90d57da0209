"""Partners and agreements from the command line: checked, entered into the log, and nothing else in the file moves."""

import difflib
import os
import subprocess
import sys
from datetime import date

import pytest
import yaml

from latamgpt.cli import main
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import LOG, sound
from latamgpt.governance.withdrawals import withdrawals_path
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace, sha256_file
from tests.conftest import ROOT
from tests.custody.files import state

PARTNER = "archivo-litoral"
AGREEMENT = "al-2025-01"
NEW = ["partner", "add", "--id", "archivo-sur", "--name", "Archivo del Sur", "--country", "AR", "--kind", "archive"]
NEW += ["--contact", "archivist", "--data-steward", "archivist"]
TERMS = ["agreement", "add", PARTNER, "--id", "al-2027-01", "--title", "Actas", "--licence", "CC-BY-4.0"]
TERMS += [
    "--consent",
    "holder",
    "--purposes",
    "train",
    "release",
    "--valid-from",
    "2026-12-01",
    "--attribution",
    "Archivo del Litoral",
]


def registry_text(office: Workspace) -> str:
    return (office.root / "partners" / f"{PARTNER}.yaml").read_text(encoding="utf-8")


def added_and_removed(before: str, after: str) -> tuple[list[str], list[str]]:
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [line[2:] for line in lines if line.startswith("+ ")], [line[2:] for line in lines if line.startswith("- ")]


def test_a_partner_is_registered_and_the_log_says_by_whom(office: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(NEW) == 0
    institution = read_institution(office.root, "archivo-sur")
    assert (institution.name, institution.agreements) == ("Archivo del Sur", ())
    entry = sound(office).entries[-1]
    assert (entry.actor, entry.action, entry.subject) == ("Rosa Operadora", "partner_added", "archivo-sur")
    path = "partners/archivo-sur.yaml"
    assert [(change.path, change.before, change.after) for change in entry.changes][0] == (
        path,
        "",
        sha256_file(office.root / path),
    )
    assert "number 1 of the audit log" in capsys.readouterr().out
    assert main([*TERMS[:2], "archivo-sur", *TERMS[3:]]) == 0
    assert read_institution(office.root, "archivo-sur").agreements[0].id == "al-2027-01"


def test_a_partner_registered_anew_keeps_what_it_withdrew(office: Workspace) -> None:
    path = office.root / withdrawals_path("archivo-sur")
    path.parent.mkdir(parents=True)
    path.write_text("withdrawals:\n  - {withdrawn_on: 2026-01-01, reason: x, delivery: y, contents: []}\n", encoding="utf-8")
    before = path.read_bytes()
    assert main(NEW) == 0
    assert path.read_bytes() == before


def test_an_agreement_is_appended_and_comments_and_order_stay(office: Workspace) -> None:
    before = registry_text(office)
    assert main(TERMS) == 0
    after = registry_text(office)
    assert after.startswith(before.rstrip("\n"))
    assert read_institution(office.root, PARTNER).agreements[-1].valid_from == date(2026, 12, 1)


@pytest.mark.parametrize("licence", ["CC-BY-NC-SA-3.0-IGO", "CC-BY-2.5-AR", "CC0-1.0", "GPL-2.0-or-later", "LicenseRef-Archivo"])
def test_a_licence_that_spdx_spells_so_is_entered(office: Workspace, licence: str) -> None:
    assert main([*TERMS[:8], licence, *TERMS[9:]]) == 0


def test_an_agreement_that_permits_nothing_yet_says_so(office: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word for word in TERMS if word not in ("--consent", "holder")]) == 0
    assert "training is not permitted: al-2027-01 begins on 2026-12-01" in capsys.readouterr().out


def test_an_agreement_that_keeps_texts_from_this_run_says_so(office: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    terms = ["2026-01-01" if word == "2026-12-01" else word for word in TERMS]
    assert main([*terms, "--residency", "BO"]) == 0
    assert "training is not permitted: al-2027-01" in capsys.readouterr().out
    terms[terms.index("al-2027-01")] = "al-2027-02"
    assert main([*terms, "--stages", "intake", "corpus"]) == 0
    assert "training is not permitted: al-2027-02" in capsys.readouterr().out


def test_an_extension_changes_one_line(office: Workspace) -> None:
    before = registry_text(office)
    assert main(["agreement", "extend", PARTNER, AGREEMENT, "--until", "2029-06-30"]) == 0
    assert added_and_removed(before, registry_text(office)) == (["    valid_until: 2029-06-30"], ["    valid_until: 2027-12-31"])
    assert sound(office).entries[-1].detail == "extended from 2027-12-31 to 2029-06-30"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*NEW[:3], PARTNER, *NEW[4:]], "archivo-litoral is registered"),
        ([*NEW[:3], "Archivo Sur", *NEW[4:]], "id: asks for small letters"),
        ([*NEW[:7], "Argentina", *NEW[8:]], "country: asks for a country by its two capital letters"),
        (NEW[:4], "name: is missing; country: is missing"),
        ([*TERMS[:2], "nobody", *TERMS[3:]], "'nobody' is not in the registry"),
        ([*TERMS[:4], AGREEMENT, *TERMS[5:]], f"has an agreement '{AGREEMENT}'"),
        ([*TERMS, "--valid-until", "2026-01-01"], "lies before valid_from"),
        ([*TERMS[:8], "cc-by-nc-4.0", *TERMS[9:]], "licence: 'cc-by-nc-4.0' is not spelt as SPDX spells it"),
        ([*TERMS[:8], "CC BY 4.0", *TERMS[9:]], "licence: 'CC BY 4.0' is not spelt as SPDX spells it"),
        ([*TERMS, "--accepted-licences", "MIT", "CC-BY-NCSA-4.0"], "'CC-BY-NCSA-4.0' is not spelt"),
        (["agreement", "extend", PARTNER, "al-9", "--until", "2029-01-01"], "it has: al-2025-01, al-2026-02"),
        (["agreement", "extend", PARTNER, AGREEMENT, "--until", "2027-12-31"], "does not extend it"),
        (["agreement", "show", PARTNER, "al-9"], "it has: al-2025-01, al-2026-02"),
        (["partner", "show", "nobody"], "it holds: academia-quechua"),
    ],
)
def test_a_mistake_is_explained_and_leaves_no_trace(
    office: Workspace, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    before = state(office.root)
    assert main(arguments) == OperatorError.exit_code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert state(office.root) == before


def test_two_operators_at_once_lose_neither_agreement(office: Workspace) -> None:
    ids = [f"al-2027-{number:02}" for number in range(1, 5)]
    commands = [[sys.executable, "-m", "latamgpt.cli", *TERMS[:4], one, *TERMS[5:]] for one in ids]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for command in commands]
    assert [process.wait(60) for process in running] == [0] * len(ids)
    assert {one.id for one in read_institution(office.root, PARTNER).agreements} >= set(ids)
    assert len(sound(office).entries) == len(ids)


@pytest.mark.parametrize("arguments", [NEW, TERMS, ["agreement", "extend", PARTNER, AGREEMENT, "--until", "2029-06-30"]])
def test_a_dry_run_shows_the_lines_and_changes_nothing(
    office: Workspace, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    before = state(office.root)
    assert main([*arguments, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "Nothing was changed" in printed
    assert "\n+" in printed
    assert state(office.root) == before


def test_a_withdrawn_agreement_is_not_extended(office: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    path = office.root / "partners" / f"{PARTNER}.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["agreements"][0]["withdrawn_on"] = "2026-11-01"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert main(["agreement", "extend", PARTNER, AGREEMENT, "--until", "2029-06-30"]) == OperatorError.exit_code
    assert "a withdrawal is final" in capsys.readouterr().err


def test_lists_name_every_partner_and_the_ruling_on_the_day_of_the_run(
    office: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["partner", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 11
    assert main(["agreement", "list", PARTNER]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [PARTNER, AGREEMENT, "CC0-1.0", "2025-01-01", "2027-12-31", "yes"]


@pytest.mark.parametrize(
    ("last_day", "words"),
    [
        ("2026-11-21", "ends on 2026-11-21, 0 days after 2026-11-21"),
        ("2027-01-20", "ends on 2027-01-20, 60 days after 2026-11-21"),
        ("2027-01-21", ""),
        ("2026-11-20", ""),  # it has ended: the table says so
        (None, ""),
    ],
)
def test_the_list_warns_of_agreements_that_end_within_sixty_days(
    office: Workspace, capsys: pytest.CaptureFixture[str], last_day: str | None, words: str
) -> None:
    path = office.root / "partners" / f"{PARTNER}.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["agreements"][0]["valid_until"] = last_day
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert main(["agreement", "list", PARTNER]) == 0
    below = capsys.readouterr().out.splitlines()[3:]  # its head, and two agreements
    assert [words in line and f"agreement extend {PARTNER} {AGREEMENT} --until" in line for line in below] == [True] * bool(words)


def test_a_log_that_is_not_whole_stops_every_change(office: Workspace) -> None:
    assert main(NEW) == 0
    log = office.root / LOG
    log.write_bytes(log.read_bytes()[:-20])
    before = state(office.root)
    assert main(TERMS) == OperatorError.exit_code
    assert state(office.root) == before


def test_a_repeated_key_is_explained_by_file_and_line_and_nothing_is_written(
    office: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = office.root / "partners" / f"{PARTNER}.yaml"
    text = registry_text(office).replace("country:", "country: PE\ncountry:", 1)
    path.write_text(text, encoding="utf-8")
    before = state(office.root)
    for arguments in (TERMS, ["agreement", "extend", PARTNER, AGREEMENT, "--until", "2029-06-30"], ["agreement", "list"]):
        assert main(arguments) == OperatorError.exit_code
        line = text.splitlines().index("country: PE") + 1
        said = f"partners/{PARTNER}.yaml is not valid YAML in UTF-8: line {line + 1}: the key 'country' stands in line {line}"
        assert said in capsys.readouterr().err
    assert state(office.root) == before


def test_what_only_the_editor_of_the_registry_cannot_read_is_explained(
    office: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = office.root / "partners" / f"{PARTNER}.yaml"
    path.write_text("%YAML 3.0\n---\n" + registry_text(office), encoding="utf-8")
    assert main(TERMS) == OperatorError.exit_code
    assert f"partners/{PARTNER}.yaml" in capsys.readouterr().err
