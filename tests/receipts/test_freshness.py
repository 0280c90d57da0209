"""The page that is served says where it speaks of an older release than lies here."""

import pytest

from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.receipts.freshness import page_now
from latamgpt.receipts.publish import receipts_folder, write_receipt
from latamgpt.records import Report
from latamgpt.store import Workspace, digest_of, write_report
from tests.receipts.conftest import PARTNER, publish_release


@pytest.fixture
def given(published: Workspace, receipt_params: Params) -> Workspace:
    """A receipt, in English, of the release that is here."""
    write_receipt(published, receipt_params, PARTNER, Language.ENGLISH)
    return published


def lying_there(workspace: Workspace) -> str:
    return (receipts_folder(workspace, PARTNER) / "receipt.html").read_text(encoding="utf-8")


def test_the_page_of_the_release_that_is_here_is_served_as_it_lies_there(given: Workspace) -> None:
    assert page_now(given, PARTNER) == lying_there(given)


def test_a_newer_release_of_the_same_weights_is_named_with_the_older_and_with_what_to_do(given: Workspace) -> None:
    before = digest_of(given.place("release"))[:12]
    publish_release(given, signed=False)
    page = page_now(given, PARTNER)
    now = digest_of(given.place("release"))[:12]
    assert page is not None
    assert before != now
    assert f"({before}). A newer one is here, " in page
    assert f"({now}), of which this page does not speak. It is made anew by: latamgpt receipt {PARTNER} --lang en" in page
    assert page.replace(page[page.index('<p class="note">This receipt') : page.index("</p>\n") + 5], "") == lying_there(given)


def test_a_corpus_that_was_made_anew_without_a_release_is_said(given: Workspace) -> None:
    with given.publish("corpus") as folder:
        write_report(folder, Report(stage="corpus", summary="the next one"))
    page = page_now(given, PARTNER)
    assert page is not None
    assert "Since then the corpus or the weights were made anew, and there is no release of them yet." in page


def test_a_receipt_made_anew_carries_no_note(given: Workspace, receipt_params: Params) -> None:
    publish_release(given, signed=False)
    assert page_now(given, PARTNER) != lying_there(given)
    write_receipt(given, receipt_params, PARTNER, Language.SPANISH)
    assert page_now(given, PARTNER) == lying_there(given)


def test_a_record_that_does_not_read_is_said_in_the_pages_language(given: Workspace) -> None:
    (receipts_folder(given, PARTNER) / "receipt.json").write_text("{}", encoding="utf-8")
    assert "It is not known for which release this receipt was made." in (page_now(given, PARTNER) or "")


def test_without_a_receipt_there_is_no_page(published: Workspace) -> None:
    assert page_now(published, PARTNER) is None
