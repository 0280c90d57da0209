import shutil
from html import unescape
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.recipients import Recipient, add_recipient
from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.receipts.publish import write_receipt
from latamgpt.receipts.receipt import DocumentOutcome, Receipt, make_receipt, totals
from latamgpt.receipts.sentences import sentences
from latamgpt.receipts.words import catalogue
from latamgpt.registry.duties import DutyKind, duties_of
from latamgpt.registry.partners import read_institution
from latamgpt.release.merkle import Inclusion, is_included
from latamgpt.store import Workspace, digest_of, list_files, sha256_file, write_manifest
from tests.receipts.conftest import IDS, OTHERS, PARTNER, SECRET, publish_release
from tests.release.conftest import PARTNERS, write_partner


@pytest.fixture
def receipt(published: Workspace, receipt_params: Params) -> Receipt:
    return make_receipt(published, receipt_params, PARTNER)[0]


def find(receipt: Receipt, name: str) -> DocumentOutcome:
    return next(d for d in receipt.documents if d.doc_id == IDS[name] and d.reason != "repeated_in_delivery")


def test_given_is_kept_and_dropped_for_every_delivery(receipt: Receipt):
    numbers = {d.delivery: (d.num_given, d.num_kept, d.num_dropped) for d in receipt.deliveries}
    assert numbers == {"entrega-1": (6, 3, 3), "entrega-2": (1, 0, 1)}
    reasons = {reason.reason: reason.num_items for delivery in receipt.deliveries for reason in delivery.reasons}
    assert reasons == {"repeated_in_delivery": 1, "exact_duplicate": 1, "too_few_chars": 1, "fixity_changed": 1}


def test_use_counts_every_time_that_a_token_was_seen(receipt: Receipt):
    learned = find(receipt, "learned")
    assert (learned.num_tokens, learned.num_tokens_seen, learned.num_epochs, learned.steps) == (32, 32, 2, (3, 4, 9))
    assert find(receipt, "held out").held_out
    assert find(receipt, "not drawn").num_tokens_seen == 0
    sums = totals(receipt)
    assert (sums["trained"], sums["held_out"], sums["not_seen"], sums["steps"]) == (1, 1, 1, 3)


def test_kept_is_proved_in_the_corpus_and_dropped_proved_absent(receipt: Receipt, published: Workspace):
    place = find(receipt, "learned").included
    assert place is not None
    assert is_included(Inclusion(place.doc_id, place.index, place.path), 9, receipt.corpus_root)
    assert find(receipt, "learned").excluded is None
    assert find(receipt, "short").included is None
    assert find(receipt, "short").excluded is not None


def test_a_copy_s_partner_is_told_why_the_other_stays_and_not_whose_it_is(receipt: Receipt):
    assert find(receipt, "a copy").detail == "the other one was preferred for its broader rights"


def test_nothing_of_another_partner_is_told(published: Workspace, receipt_params: Params):
    write_receipt(published, receipt_params, PARTNER, Language.SPANISH)
    folder = published.root / "var" / "receipts" / PARTNER
    told = (folder / "receipt.html").read_text(encoding="utf-8") + (folder / "receipt.json").read_text(encoding="utf-8")
    assert SECRET not in told
    assert "secret.txt" not in told
    assert PARTNERS[1] not in told
    assert OTHERS[0][:12] not in (folder / "receipt.html").read_text(encoding="utf-8")


def test_duties_are_the_registrys_for_the_licences_of_what_is_in_the_corpus(receipt: Receipt, published: Workspace):
    [owed] = receipt.duties
    assert (owed.agreement, owed.licences, owed.valid_until) == (f"{PARTNER}-2026", ("CC-BY-NC-SA-4.0", "CC0-1.0"), "")
    [agreement] = read_institution(published.root, PARTNER).agreements
    assert owed.duties == duties_of(agreement, owed.licences)
    assert [duty.kind for duty in owed.duties] == ["attribution", "keep_notice", "non_commercial", "share_alike"]


def test_licence_that_no_document_in_the_corpus_carries_owes_nothing(published: Workspace, receipt_params: Params):
    write_partner(published, PARTNER, "PE", licence="CC-BY-ND-4.0", accepted_licences=["CC0-1.0", "CC-BY-NC-SA-4.0"])
    [owed] = make_receipt(published, receipt_params, PARTNER)[0].duties
    assert "CC-BY-ND-4.0" not in {duty.cause for duty in owed.duties}


def test_agreement_that_left_the_registry_stops_the_receipt(published: Workspace, receipt_params: Params):
    write_partner(published, PARTNER, "PE", id="another-2026")
    with pytest.raises(OperatorError, match=f"has no agreement '{PARTNER}-2026'"):
        make_receipt(published, receipt_params, PARTNER)


@pytest.mark.parametrize("language", list(Language))
def test_page_says_each_duty_in_its_language(published: Workspace, receipt_params: Params, language: Language):
    write_partner(published, PARTNER, "PE", labels=["tk_attribution", "tk_creative"], labels_by="Comunidad Uno")
    write_receipt(published, receipt_params, PARTNER, language)
    page = unescape((published.root / "var" / "receipts" / PARTNER / "receipt.html").read_text(encoding="utf-8"))
    [owed] = make_receipt(published, receipt_params, PARTNER)[0].duties
    assert {duty.kind for duty in owed.duties} == set(DutyKind)
    said = [sentences().statement(duty.statement, language) or duty.statement for duty in owed.duties]
    assert [statement for statement in said if statement not in page] == []
    assert [kind for kind in DutyKind if f"<li>{catalogue().duty(kind, language)}: " not in page] == []


def test_releases_name_who_has_a_copy(published: Workspace, receipt_params: Params):
    digest = digest_of(published.place("release"))
    copy = Recipient(release=digest, name="Ministerio", address="mesa de partes")
    assert add_recipient(published.root, copy)
    assert not add_recipient(published.root, copy)
    [held] = make_receipt(published, receipt_params, PARTNER)[0].releases
    assert (held.manifest, held.recipients, held.signed, held.released) == (digest, (copy,), True, True)


def test_candidate_stands_in_where_nothing_is_released(published: Workspace, receipt_params: Params):
    shutil.rmtree(published.place("release"))
    publish_release(published, "release_candidate")
    [held] = make_receipt(published, receipt_params, PARTNER)[0].releases
    assert (held.released, held.signed) == (False, False)


def test_what_a_later_training_saw_is_not_told_of_the_release_before_it(published: Workspace, receipt_params: Params):
    with published.publish("checkpoint") as folder:
        shutil.copytree(published.place("checkpoint"), folder, dirs_exist_ok=True)
        (folder / "model.safetensors").write_text("other weights")
    with pytest.raises(OperatorError, match="no release and no candidate here was made from the corpus and the weights"):
        make_receipt(published, receipt_params, PARTNER)
    publish_release(published, "release_candidate")
    candidate, release = make_receipt(published, receipt_params, PARTNER)[0].releases
    assert (candidate.released, candidate.holds_this_corpus) == (False, True)
    assert (release.released, release.holds_this_corpus) == (True, True)


def test_release_of_another_corpus_proves_nothing(published: Workspace, receipt_params: Params):
    with published.publish("corpus") as folder:
        shutil.copytree(published.place("corpus"), folder, dirs_exist_ok=True)
        (folder / "extra.txt").write_text("x")
    with pytest.raises(OperatorError, match="no release and no candidate here was made from the corpus"):
        make_receipt(published, receipt_params, PARTNER)


def test_document_that_vanished_between_stages_is_no_receipt(published: Workspace, receipt_params: Params):
    shutil.rmtree(published.place("documents", PARTNER))
    with published.publish("documents", PARTNER) as folder:
        from latamgpt.records import DOCUMENT_SCHEMA, Report
        from latamgpt.store import rows_to_table, write_report
        from latamgpt.table_format import write_table
        from tests.receipts.conftest import given

        row = {k: v for k, v in {**given("short"), "doc_id": "f" * 64}.items() if k in DOCUMENT_SCHEMA.names}
        write_table(folder / "documents.parquet", rows_to_table([row], DOCUMENT_SCHEMA))
        write_report(folder, Report(stage="documents", key=PARTNER, summary="x"))
    with pytest.raises(OperatorError, match="not exactly once in the corpus or among its exclusions"):
        make_receipt(published, receipt_params, PARTNER)


@pytest.mark.parametrize("language", list(Language))
def test_page_stands_alone_in_every_language(published: Workspace, receipt_params: Params, language: Language):
    write_receipt(published, receipt_params, PARTNER, language)
    page = (published.root / "var" / "receipts" / PARTNER / "receipt.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    assert not [word for word in ("<script", "http:", "https:", "src=", "url(") if word in page]
    assert "too_few_chars" not in page
    assert "<pre>openssl dgst -sha256 -verify corpus_root.pem -signature corpus_root.sig corpus_root.json</pre>" in page


def test_receipt_is_the_same_bytes_twice_and_replaces_only_a_receipt(
    published: Workspace, receipt_params: Params, tmp_path: Path
):
    out = tmp_path / "out"
    write_receipt(published, receipt_params, PARTNER, Language.PORTUGUESE, out)
    first = {name: sha256_file(out / name) for name in list_files(out)}
    assert write_receipt(published, receipt_params, PARTNER, Language.PORTUGUESE, out).startswith(
        f"{PARTNER}: 3 of 7 things given"
    )
    assert {name: sha256_file(out / name) for name in list_files(out)} == first
    (out / "thesis.docx").write_text("years of work")
    with pytest.raises(OperatorError, match="holds other things than a receipt"):
        write_receipt(published, receipt_params, PARTNER, Language.PORTUGUESE, out)
    assert (out / "thesis.docx").is_file()
    assert not list(tmp_path.glob(".out-*"))


def test_release_whose_signature_is_not_good_is_not_told_as_signed(published: Workspace, receipt_params: Params):
    folder = published.place("release")
    (folder / "APPROVAL.sig").write_bytes(b"another")
    (folder / "manifest.json").unlink()
    write_manifest(folder, "release")
    with pytest.raises(InputDamagedError, match="signature is not that of what the approval says"):
        make_receipt(published, receipt_params, PARTNER)


@pytest.mark.parametrize("out", [".", "..", "", "../.."])
def test_folder_that_one_stands_in_is_not_taken_away(
    published: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str
):
    inside = published.root / "var" / "mine" / "here"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert main(["receipt", PARTNER, "--out", out]) == OperatorError.exit_code
    said = capsys.readouterr().err
    assert "is the folder you are in, or one above it" in said
    assert f"--out {Path(out or '.').resolve() / 'receipt'}" in said
    assert list(inside.iterdir()) == []


def test_folder_beside_others_is_given_its_own_name_and_a_file_is_no_folder(
    published: Workspace, receipt_params: Params, tmp_path: Path
):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "drafts").mkdir()
    (tmp_path / "note.txt").write_text("keep")
    for out, better in ((tmp_path / "letters", tmp_path / "letters" / "receipt"), (tmp_path / "note.txt", tmp_path / "receipt")):
        with pytest.raises(OperatorError, match=f"other things than a receipt.*--out {better}"):
            write_receipt(published, receipt_params, PARTNER, Language.SPANISH, out)
    with pytest.raises(OperatorError, match=r"note\.txt/receipt: the receipt could not be written there \(.*--out that you may"):
        write_receipt(published, receipt_params, PARTNER, Language.SPANISH, tmp_path / "note.txt" / "receipt")
    assert (tmp_path / "note.txt").read_text() == "keep"
    assert (tmp_path / "letters" / "drafts").is_dir()


def test_command_explains_an_unknown_partner(
    published: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(published.root)
    assert main(["receipt", "nobody"]) == 2
    assert "'nobody' is not in the registry" in capsys.readouterr().err
    assert not (published.root / "var" / "receipts").exists()
