"""Withdrawing: the next corpus holds nothing of it, it never comes back, and all of that is said before."""

import pyarrow.parquet as pq
import pytest
import yaml

from dagster_project.dvc_graph import parse_graph
from latamgpt.cli import main
from latamgpt.curation import clean_documents, corpus
from latamgpt.custody.stale import stale_stages
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import sound
from latamgpt.governance.contents import content_id
from latamgpt.governance.recipients import Recipient, add_recipient
from latamgpt.governance.withdrawals import EMPTY_FILE, read_withdrawn, withdrawals_path
from latamgpt.intake import documents
from latamgpt.params import Params
from latamgpt.records import Expectation, Report, Severity
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace, write_report
from tests.conftest import ROOT
from tests.curation.documents import ENGLISH, PORTUGUESE, SPANISH, copy_evaluation_sets
from tests.custody.files import state
from tests.intake.deliveries import deliver, register

PARTNER, OTHER = "archivo-sur", "biblioteca-norte"
WHY = ["--reason", "los autores lo pidieron"]


@pytest.fixture
def small(office: Workspace, params: Params) -> tuple[Workspace, Params]:
    """Two partners with three deliveries, taken through to a corpus; one text came from both."""
    for partner in (PARTNER, OTHER):
        register(office, partner)
        path = office.root / withdrawals_path(partner)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(EMPTY_FILE, encoding="utf-8")
    deliver(office, {"rio.txt": SPANISH, "vila.txt": PORTUGUESE}, PARTNER, id="relatos", language="und")
    deliver(office, {"years.txt": ENGLISH}, PARTNER, id="cartas", language="und", date="2026-03-02")
    deliver(office, {"copia.txt": SPANISH}, OTHER, id="donado", date="2026-05-01")
    path = office.root / "params.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8")) | {"partners": [PARTNER, OTHER]}
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    changed = params.model_copy(update={"partners": (PARTNER, OTHER)})
    run_to_corpus(office, changed)
    return office, changed


def run_to_corpus(workspace: Workspace, params: Params) -> None:
    copy_evaluation_sets(workspace)
    for partner in params.partners:
        documents.run(workspace, params, partner)
        clean_documents.run(workspace, params, partner)
        held = Expectation(kind="expect_something", severity=Severity.CRITICAL, passed=True, observed="1")
        with workspace.publish("documents_gate", partner) as folder:
            write_report(folder, Report(stage="documents_gate", key=partner, summary="", expectations=(held,)))
    corpus.run(workspace, params)


def in_the_corpus(workspace: Workspace) -> set[tuple[str, str, str]]:
    rows = pq.read_table(workspace.place("corpus") / "documents.parquet").to_pylist()
    return {(row["partner"], row["delivery"], row["path"]) for row in rows}


def excluded(workspace: Workspace) -> dict[tuple[str, str], str]:
    rows = pq.read_table(workspace.place("corpus") / "exclusions.parquet").to_pylist()
    return {(row["delivery"], row["path"]): row["reason"] for row in rows}


def doc_id(workspace: Workspace, path: str) -> str:
    rows = pq.read_table(workspace.place("documents", PARTNER) / "documents.parquet").to_pylist()
    return next(row["doc_id"] for row in rows if row["path"] == path)


def withdraw(*what: str) -> list[str]:
    return ["withdraw", "--partner", PARTNER, *what, *WHY, "--on", "2026-11-20"]


def test_the_corpus_before_a_withdrawal_holds_each_text_once(small: tuple[Workspace, Params]) -> None:
    held = {(PARTNER, "relatos", "rio.txt"), (PARTNER, "relatos", "vila.txt"), (PARTNER, "cartas", "years.txt")}
    assert in_the_corpus(small[0]) == held


def test_a_withdrawn_delivery_is_in_no_next_corpus_and_its_copy_elsewhere_takes_its_place(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, params = small
    tokens = workspace.root / "var" / "sweep" / "rungs" / "tiny" / "data" / "token_shards"
    tokens.mkdir(parents=True)
    assert main(withdraw("--delivery", "relatos")) == 0
    assert not tokens.exists(), "a sweep's tokens are of all partners' texts, and are made anew of those that stay"
    printed = capsys.readouterr().out
    assert "Leaves intake: 2 documents" in printed
    assert "Leaves the corpus: 2 documents" in printed
    assert f"may take their place: {OTHER} 1" in printed
    assert "donado, copia.txt" in printed
    kept_of = {path.name.partition("@")[0] for path in (workspace.root / "var" / "cache" / "data").glob("*/*")}
    assert kept_of == {OTHER}, "what this machine keeps of the partner's texts is gone with them"
    run_to_corpus(workspace, params)
    assert in_the_corpus(workspace) == {(PARTNER, "cartas", "years.txt"), (OTHER, "donado", "copia.txt")}
    assert excluded(workspace)["relatos", ""] == "withdrawn"
    entry = sound(workspace).entries[-1]
    assert (entry.action, entry.subject) == ("delivery_withdrawn", f"{PARTNER}/relatos")
    assert entry.changes[0].path == withdrawals_path(PARTNER)


def test_documents_of_the_partner_that_say_nearly_the_same_are_named_and_stay(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, params = small
    deliver(workspace, {"rio-2.txt": f"{SPANISH} Así fue."}, PARTNER, id="segunda", language="und", date="2026-04-01")
    run_to_corpus(workspace, params)
    assert excluded(workspace)["segunda", "rio-2.txt"] == "near_duplicate"
    first, second = doc_id(workspace, "rio.txt"), doc_id(workspace, "rio-2.txt")
    for gone, staying in ((first, f"{second} (segunda, rio-2.txt)"), (second, f"{first} (relatos, rio.txt)")):
        assert main([*withdraw("--document", gone), "--dry-run"]) == 0
        said = f"{PARTNER}'s own documents that say nearly the same stay, and may be in the next corpus (1):\n  {staying}\n"
        assert said in capsys.readouterr().out
    assert main([*withdraw("--delivery", "cartas"), "--dry-run"]) == 0
    assert "nearly the same" not in capsys.readouterr().out


def test_what_was_withdrawn_never_comes_back_under_another_name(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    assert main(withdraw("--delivery", "relatos")) == 0
    respaced = SPANISH.replace(" ", "\n").upper()
    deliver(workspace, {"otro.txt": respaced, "nuevo.txt": PORTUGUESE + " E mais nada."}, PARTNER, id="relatos-2", language="und")
    run_to_corpus(workspace, params)
    assert excluded(workspace)["relatos-2", "otro.txt"] == "withdrawn"
    assert (PARTNER, "relatos-2", "nuevo.txt") in in_the_corpus(workspace)


def test_a_withdrawn_document_leaves_alone_and_never_comes_back(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    gone = doc_id(workspace, "vila.txt")
    assert main(withdraw("--document", gone[:16])) == 0
    deliver(workspace, {"de-novo.txt": PORTUGUESE}, PARTNER, id="outra", language="und")
    run_to_corpus(workspace, params)
    assert in_the_corpus(workspace) == {(PARTNER, "relatos", "rio.txt"), (PARTNER, "cartas", "years.txt")}
    assert excluded(workspace)["outra", "de-novo.txt"] == excluded(workspace)["relatos", "vila.txt"] == "withdrawn"
    assert PORTUGUESE[:60] not in str(pq.read_table(workspace.place("corpus") / "documents.parquet").column("text").to_pylist())


def test_a_withdrawn_agreement_empties_the_corpus_of_all_that_came_under_it(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    assert main(withdraw("--agreement", "as-1")) == 0
    found = read_institution(workspace.root, PARTNER).agreement("as-1")
    assert found is not None
    assert str(found.withdrawn_on) == "2026-11-20"
    run_to_corpus(workspace, params)
    assert {partner for partner, _, _ in in_the_corpus(workspace)} == {OTHER}
    assert excluded(workspace)["cartas", ""] == "agreement_withdrawn"


def test_the_corpus_refuses_what_was_withdrawn_after_intake(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    assert main(withdraw("--delivery", "cartas")) == 0
    assert main(withdraw("--document", doc_id(workspace, "vila.txt"))) == 0
    corpus.run(workspace, params)
    assert in_the_corpus(workspace) == {(PARTNER, "relatos", "rio.txt")}
    assert excluded(workspace)["cartas", "years.txt"] == excluded(workspace)["relatos", "vila.txt"] == "withdrawn"


@pytest.mark.parametrize("what", [("--delivery", "relatos"), ("--agreement", "as-1"), ("--document", "")])
def test_a_dry_run_says_the_same_and_changes_nothing(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str], what: tuple[str, str]
) -> None:
    workspace, _ = small
    arguments = withdraw(what[0], what[1] or doc_id(workspace, "rio.txt"))
    before = state(workspace.root)
    assert main([*arguments, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert state(workspace.root) == before
    assert "Nothing was changed" in told
    assert f"documents@{PARTNER}" in told
    assert main(arguments) == 0
    effect = told.partition("would do:")[0]
    assert "Leaves the corpus" in effect
    assert capsys.readouterr().out.startswith(effect)


def test_who_has_a_release_is_named_to_whoever_withdraws(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    add_recipient(small[0].root, Recipient(release="ab" * 32, name="Ministerio", address="mesa de partes"))
    assert main([*withdraw("--delivery", "relatos"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "make the withdrawal known to those who hold one (1):\n  Ministerio (mesa de partes), release abababababab\n" in said


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (("--delivery", "cuentos"), "it delivered: cartas, relatos"),
        (("--agreement", "as-9"), "it has: as-1"),
        (("--document", "0" * 64), "names 0 documents"),
    ],
)
def test_what_is_not_there_is_not_withdrawn(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str], what: tuple[str, str], message: str
) -> None:
    before = state(small[0].root)
    assert main(withdraw(*what)) == OperatorError.exit_code
    assert message in capsys.readouterr().err
    assert state(small[0].root) == before


def test_a_withdrawal_is_final(small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]) -> None:
    for what in (("--delivery", "relatos"), ("--agreement", "as-1")):
        assert main(withdraw(*what)) == 0
        before = state(small[0].root)
        assert main(withdraw(*what)) == OperatorError.exit_code
        assert "withdrawn on 2026-11-20" in capsys.readouterr().err
        assert state(small[0].root) == before


def test_an_earlier_tombstone_stays_to_the_byte(small: tuple[Workspace, Params]) -> None:
    path = small[0].root / withdrawals_path(PARTNER)
    assert main(withdraw("--delivery", "relatos")) == 0
    first = path.read_bytes()
    assert main(withdraw("--delivery", "cartas")) == 0
    assert path.read_bytes().startswith(first)
    assert [one.delivery for one in read_withdrawn(small[0].root, PARTNER).tombstones] == ["relatos", "cartas"]


def test_a_delivery_that_no_longer_reads_can_be_withdrawn(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, params = small
    (workspace.root / "samples" / PARTNER / "relatos" / "delivery.yaml").write_bytes(b"\xff")
    assert main(withdraw("--delivery", "relatos")) == 0
    assert "do not read (delivery_invalid" in capsys.readouterr().out
    assert len(read_withdrawn(workspace.root, PARTNER).tombstones[0].contents) == 2
    run_to_corpus(workspace, params)
    assert (PARTNER, "relatos", "rio.txt") not in in_the_corpus(workspace)


def test_a_list_of_tombstones_that_does_not_read_stops_the_partner(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    (workspace.root / withdrawals_path(PARTNER)).write_text("withdrawals: [", encoding="utf-8")
    with pytest.raises(OperatorError, match=r"none of its texts are used.*git checkout"):
        documents.run(workspace, params, PARTNER)


def test_the_stages_called_stale_are_those_that_the_graph_says() -> None:
    graph = parse_graph(ROOT)
    for changed in ("partners/museo-altiplano.yaml", withdrawals_path("museo-altiplano"), "samples/museo-altiplano"):
        readers = {node.address for node in graph.stages if changed in node.deps}
        assert readers
        assert set(stale_stages(ROOT, {changed})) == graph.downstream(readers), changed
    partners = {node.key for node in graph.stages if node.address in stale_stages(ROOT, {withdrawals_path("museo-altiplano")})}
    assert partners == {"museo-altiplano", ""}


def test_a_content_is_known_again_however_it_is_spaced_cased_or_composed() -> None:
    assert content_id("El río\nbaja.") == content_id("EL RI\u0301O  baja\r\n") != content_id("El río sube.")
    assert content_id("...") != content_id("!!!")


def test_a_copy_at_a_partner_that_left_the_run_is_named(
    small: tuple[Workspace, Params], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, _ = small
    path = workspace.root / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(f"- {OTHER}\n", ""), encoding="utf-8")
    assert main([*withdraw("--delivery", "relatos"), "--dry-run"]) == 0
    assert "donado, copia.txt" in capsys.readouterr().out
    assert main(["withdraw", "--partner", OTHER, "--delivery", "donado", *WHY, "--dry-run"]) == 0
    assert f"Stages that become stale (0): none, {OTHER} is not in the run" in capsys.readouterr().out


def test_a_second_list_of_tombstones_does_not_silence_the_first(small: tuple[Workspace, Params]) -> None:
    workspace, params = small
    assert main(withdraw("--delivery", "relatos")) == 0
    path = workspace.root / withdrawals_path(PARTNER)
    path.write_text(path.read_text(encoding="utf-8") + "withdrawals: []\n", encoding="utf-8")
    with pytest.raises(OperatorError, match=r"the key 'withdrawals' stands in line 2 already"):
        documents.run(workspace, params, PARTNER)
