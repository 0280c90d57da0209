"""A data subject's request: every place is found, the clock is the law's, and the string is written nowhere."""

import stat
from datetime import date
from pathlib import Path

import pytest
import yaml

from latamgpt.cli import main
from latamgpt.curation import clean_documents
from latamgpt.custody.edits import FileEdit
from latamgpt.custody.journal import JOURNAL
from latamgpt.custody.needles import needle
from latamgpt.custody.subject_requests import Kind, Request, close_case, open_case, read_cases
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import sound
from latamgpt.governance.recipients import Recipient, add_recipient
from latamgpt.governance.withdrawals import EMPTY_FILE, withdrawals_path
from latamgpt.intake import documents
from latamgpt.params import Params
from latamgpt.store import Workspace, digest_of, write_json
from tests.builders import clean_document, publish_corpus, publish_shards, shard_row
from tests.curation.documents import SPANISH
from tests.custody.files import state
from tests.intake.deliveries import deliver, register

PARTNER = "archivo-sur"
NAME, NUMBER = "Rosa Quispe Mamani", "12.531.909-2"
DAY = date(2026, 12, 1)


@pytest.fixture
def small(office: Workspace, params: Params) -> Workspace:
    """One partner's delivery, in which a person is named and numbered, taken through to clean documents."""
    register(office, PARTNER)
    path = office.root / withdrawals_path(PARTNER)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(EMPTY_FILE, encoding="utf-8")
    text = f"{SPANISH} La vecina {NAME} firmó el acta y contó lo que sabía del río.\n\nLa señora firmó con RUT {NUMBER}."
    deliver(office, {"acta.txt": text, "rio.txt": SPANISH}, PARTNER, id="actas")
    values = yaml.safe_load((office.root / "params.yaml").read_text(encoding="utf-8")) | {"partners": [PARTNER]}
    (office.root / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    changed = params.model_copy(update={"partners": (PARTNER,)})
    documents.run(office, changed, PARTNER)
    clean_documents.run(office, changed, PARTNER)
    return office


def ask(string: str, **changes: object) -> Request:
    given: dict[str, object] = {"string": string, "kind": Kind.ERASURE, "country": "CL", "received_on": DAY}
    return Request(**given | changes)  # type: ignore[arg-type]


def places(workspace: Workspace, string: str) -> list[str]:
    return [trace.place for trace in open_case(workspace, ask(string, dry_run=True)).traces]


def test_a_masked_number_is_found_with_the_custodian_and_not_after_curation(small: Workspace) -> None:
    assert places(small, NUMBER) == ["deliveries", "documents"]


def test_a_name_in_running_text_is_found_wherever_it_went(small: Workspace) -> None:
    assert places(small, NAME) == ["deliveries", "documents", "clean_documents"]


@pytest.mark.parametrize("string", ["125319092", "12531909-2", "rosa  QUISPE mamani", "Rosa Quíspe Mamani"])
def test_another_spelling_leads_to_the_same_places(small: Workspace, string: str) -> None:
    assert "documents" in places(small, string)


@pytest.mark.parametrize("string", ["2531909-2", "Rosa Quispe Mama", "99999"])
def test_a_part_of_a_name_or_number_is_somebody_else(small: Workspace, string: str) -> None:
    assert places(small, string) == []


@pytest.mark.parametrize("string", ["", "Ana", "1234"])
def test_a_string_that_stands_everywhere_is_refused(string: str) -> None:
    with pytest.raises(OperatorError, match="leads to nobody"):
        needle(string)


def test_the_string_is_written_nowhere(small: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["dsr", "open", "--string", NAME, "--kind", "access", "--country", "cl", "--recipient", "s3://copia/latam"]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    written = [path for part in ("var/dsr", "governance") for path in (small.root / part).rglob("*") if path.is_file()]
    assert len(written) >= 3
    for secret in ("Quispe", "quispe"):
        assert secret not in told
        assert not any(secret.encode() in path.read_bytes() for path in written)
    assert "Recipients: s3://copia/latam" in told
    (case,) = (small.root / "var/dsr/cases").glob("*.json")
    assert stat.S_IMODE(case.stat().st_mode) == 0o600


def test_a_file_named_after_the_person_is_not_named_in_the_case(small: Workspace) -> None:
    (small.root / "samples" / PARTNER / "actas" / "Rosa Quispe Mamani.txt").write_text("nada", encoding="utf-8")
    case = open_case(small, ask(NAME, dry_run=True))
    assert not any("Rosa" in trace.item for trace in case.traces)
    assert any("holds the string" in trace.item for trace in case.traces)


@pytest.mark.parametrize(
    ("country", "days", "due"), [("CL", None, "2026-12-31"), ("BR", None, "2026-12-16"), ("BR", 20, "2026-12-21")]
)
def test_the_clock_is_the_laws_or_counsels(small: Workspace, country: str, days: int | None, due: str) -> None:
    assert open_case(small, ask(NAME, country=country, days=days)).due_on == date.fromisoformat(due)


def test_a_country_that_is_no_code_starts_no_clock(small: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["dsr", "open", "--string", NAME, "--kind", "access", "--country", "Chile"])
    assert "'Chile' is no country's code; write its two letters, as in CL or BR" in capsys.readouterr().err
    assert not (small.root / "var" / "dsr").exists()


def test_the_same_request_has_one_clock_however_it_is_spelt(small: Workspace) -> None:
    first = open_case(small, ask(NAME))
    with pytest.raises(OperatorError, match=first.case):
        open_case(small, ask(NAME.upper()))
    close_case(small, first.case, "retirado", DAY)
    assert open_case(small, ask(NAME)).case != first.case


def test_every_step_is_in_the_audit_log(small: Workspace) -> None:
    case = open_case(small, ask(NAME))
    close_case(small, case.case, "retirado", DAY)
    actions = [(entry.action, entry.subject) for entry in sound(small).entries]
    assert actions[-2:] == [("request_opened", case.case), ("request_closed", case.case)]


def test_a_case_whose_writing_was_cut_off_is_there_when_cases_are_listed(
    small: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish = FileEdit.publish

    class Killed(BaseException):
        """Stands for SIGKILL: nothing catches it."""

    def die(edit: FileEdit, root: Path) -> None:
        if edit.path != JOURNAL:
            raise Killed
        publish(edit, root)

    with monkeypatch.context() as patch:
        patch.setattr(FileEdit, "publish", die)
        with pytest.raises(Killed):
            open_case(small, ask(NAME))
    (entry,) = sound(small).entries
    assert (entry.action, entry.changes) == ("request_opened", ())
    assert "Quispe" not in (small.root / JOURNAL).read_text(encoding="utf-8")
    assert stat.S_IMODE((small.root / JOURNAL).stat().st_mode) == 0o600
    main(["dsr", "list"])
    assert capsys.readouterr().out.startswith(entry.subject)
    (case,) = (small.root / "var/dsr/cases").glob("*.json")
    assert stat.S_IMODE(case.stat().st_mode) == 0o600
    assert stat.S_IMODE(case.parent.stat().st_mode) == 0o700
    assert not (small.root / JOURNAL).exists()
    assert main(["audit", "--files"]) == 0


def test_a_full_disk_starts_no_clock(small: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(edit: FileEdit, root: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FileEdit, "draft", full)
        with pytest.raises(OperatorError, match="nothing was entered into the audit log"):
            open_case(small, ask(NAME))
    assert (sound(small).entries, read_cases(small)) == ((), [])


def test_a_rehearsal_writes_nothing(small: Workspace) -> None:
    open_case(small, ask(NAME, dry_run=True))
    assert not (small.root / "var/dsr").exists()


def test_open_cases_are_listed_by_urgency_and_closed_ones_are_not(small: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    late = open_case(small, ask(NAME, received_on=date(2020, 1, 1)))
    open_case(small, ask(NUMBER, country="BR"))
    main(["dsr", "list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(late.case)
    assert "days LATE" in lines[0]
    main(["dsr", "close", late.case, "--outcome", "respondido"])
    capsys.readouterr()
    main(["dsr", "list"])
    assert capsys.readouterr().out.splitlines()[-1] == "1 open cases"
    assert len(read_cases(small)) == 2


def test_a_release_that_was_trained_on_the_document_is_a_recipient(small: Workspace) -> None:
    row = clean_document(1, text=f"La historia de {NAME}.")
    publish_corpus(small, [row])
    publish_shards(small, [shard_row(str(row["doc_id"]), [1, 2])])
    release_of(small, digest_of(small.place("token_shards")))
    digest = digest_of(small.place("release"))
    for copy in (digest, "0" * 64):
        assert open_case(small, ask(NAME, dry_run=True)).doubt == ""
        add_recipient(small.root, Recipient(release=copy, name="Ministerio", address=f"mesa {copy[:2]}"))
    case = open_case(small, ask(NAME))
    assert [trace.place for trace in case.traces[-3:]] == ["corpus", "token_shards", "release"]
    assert case.recipients == (f"release {digest}", f"Ministerio (mesa {digest[:2]})")
    assert "do not lie here (000000000000)" in case.doubt


def test_a_release_of_other_shards_is_told_as_a_doubt(small: Workspace) -> None:
    release_of(small, "0" * 64)
    assert "cannot be told here" in open_case(small, ask(NAME)).doubt


def release_of(workspace: Workspace, shards: str) -> Path:
    with workspace.publish("release") as folder:
        write_json(folder / "lineage.json", {"inputs": {"token_shards": shards}})
    return workspace.place("release")


def test_erasure_names_the_command_for_each_document(small: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    main(["dsr", "open", "--string", NAME, "--kind", "erasure", "--country", "CL", "--dry-run"])
    told = capsys.readouterr().out
    assert f"latamgpt withdraw --partner {PARTNER} --document " in told
    assert "cannot forget" in told


def test_a_damaged_case_is_named(small: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    open_case(small, ask(NAME))
    (path,) = (small.root / "var/dsr/cases").glob("*.json")
    path.write_text("{", encoding="utf-8")
    assert main(["dsr", "list"]) != 0
    assert path.name in capsys.readouterr().err


def test_a_partner_that_was_taken_out_of_the_run_is_searched(small: Workspace) -> None:
    path = small.root / "params.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8")) | {"partners": ["museo-altiplano"]}
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert places(small, NAME) == ["deliveries", "documents", "clean_documents"]
    (small.root / "partners" / f"{PARTNER}.yaml").unlink()
    assert "documents" in places(small, NAME)


def test_a_rehearsed_closing_shows_the_case_and_writes_nothing(small: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    case = open_case(small, ask(NAME))
    before = state(small.root)
    assert main(["dsr", "close", case.case, "--outcome", "respondido", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert f"would close {case.case} on " in told
    assert told.endswith(": respondido\nNothing was written: --dry-run.\n")
    assert state(small.root) == before
    close_case(small, case.case, "respondido", DAY)
    assert main(["dsr", "close", case.case, "--outcome", "otra vez", "--dry-run"]) == OperatorError.exit_code
    assert "was closed on" in capsys.readouterr().err


def test_a_case_is_not_closed_without_a_word(small: Workspace) -> None:
    case = open_case(small, ask(NAME))
    with pytest.raises(OperatorError, match="the outcome is empty"):
        close_case(small, case.case, " ", DAY)
