"""Whether a receipt still speaks of what is published here; its page is shown with a note where it does not."""

import re
from html import escape
from pathlib import Path

from pydantic import ValidationError

from latamgpt.pages import Language
from latamgpt.receipts.anchor import STAGES
from latamgpt.receipts.publish import PAGE_NAME, RECORD_NAME, receipts_folder
from latamgpt.receipts.receipt import Receipt
from latamgpt.receipts.releases import HeldBy
from latamgpt.receipts.use import is_published
from latamgpt.receipts.words import catalogue
from latamgpt.release.corpus_root import ROOT_NAME, CorpusRoot
from latamgpt.store import Workspace, digest_of

LANGUAGE = re.compile(r'<html lang="(es|pt|en)">')
BODY = "<body>\n"
SHOWN_CHARS = 12  # of a sha256


def page_now(workspace: Workspace, partner: str) -> str | None:
    """A receipt's page, with a note at its head where a newer release, or corpus, is published here; None where there is none."""
    folder = receipts_folder(workspace, partner)
    path = folder / PAGE_NAME
    if not path.is_file():
        return None
    page = path.read_text(encoding="utf-8")
    found = LANGUAGE.search(page)
    note = note_on(workspace, folder, partner, Language(found[1]) if found else Language.SPANISH)
    return page.replace(BODY, f'{BODY}<p class="note">{escape(note)}</p>\n', 1) if note else page


def note_on(workspace: Workspace, folder: Path, partner: str, language: Language) -> str:
    """For which release a receipt was made and that this is not the newest, in words; '' where it is.

    A receipt is of one manifest. It is compared with that of the release, or the candidate, that was made from the corpus and the
    weights published now; only manifests are read.
    """
    words = catalogue().on_page(language)
    command = f"latamgpt receipt {partner} --lang {language}"
    made_for = _made_for(folder)
    if made_for is None:
        return words["older_unknown"].format(command=command)
    newest = _newest(workspace)
    if newest is None:
        return words["older_corpus"].format(made_for=_named(made_for.release, made_for.manifest))
    stage, release = newest
    digest = digest_of(workspace.place(stage))
    if digest == made_for.manifest:
        return ""
    return words["older_release"].format(
        made_for=_named(made_for.release, made_for.manifest), now=_named(release, digest), command=command
    )


def _made_for(folder: Path) -> HeldBy | None:
    try:
        return Receipt.model_validate_json((folder / RECORD_NAME).read_bytes()).releases[0]
    except (OSError, ValidationError, IndexError):  # made by an older version, or by hand
        return None


def _newest(workspace: Workspace) -> tuple[str, str] | None:
    """The stage, and the name, of the release or candidate that was made from what is published now."""
    if not (is_published(workspace, "corpus") and is_published(workspace, "checkpoint")):
        return None
    made = tuple(digest_of(workspace.place(stage)) for stage in ("corpus", "checkpoint"))
    for stage in STAGES:
        folder = workspace.place(stage)
        if is_published(workspace, stage) and (folder / ROOT_NAME).is_file():
            root = CorpusRoot.read(folder)
            if (root.corpus, root.checkpoint) == made:
                return stage, root.release
    return None


def _named(release: str, manifest: str) -> str:
    return f"{release} ({manifest[:SHOWN_CHARS]})"
