"""Thresholds learned from verified text: a file says what its sources teach now, and few texts make wide bounds."""

import shutil
from datetime import date

import pytest

from latamgpt.cli import main
from latamgpt.curation.learning import DOCUMENTS, learn, learned_from, limits_of, passages_of, read_source
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.governance.audit import LOG
from latamgpt.governance.chain import read_chain
from latamgpt.intake import documents
from latamgpt.params import Params, read_params
from latamgpt.registry.languages import Evidence, Override, Spread, read_languages
from latamgpt.store import Workspace, sha256_file
from tests.builders import INSTITUTION
from tests.conftest import ROOT
from tests.curation.documents import ENGLISH, PARTNER, QUECHUA, SPANISH, document, publish_documents

FILES = read_languages(ROOT)
DEFAULT = FILES["default"].thresholds
REFERENCES = "latamgpt/curation/language_samples"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The project's references, and the documents that partners sent of whose texts a file says it was learned."""
    root = tmp_path_factory.mktemp("sent")
    for name in ("latamgpt", "params.yaml", "partners", "samples", "sites", "governance"):
        (root / name).symlink_to(ROOT / name)
    workspace = Workspace(root)
    sources = {source for file in FILES.values() if file.evidence for source in file.evidence.sources}
    for source in sorted(sources):
        if source.startswith(DOCUMENTS):
            documents.run(workspace, read_params(ROOT), source.removeprefix(DOCUMENTS))
    return workspace


@pytest.mark.parametrize("code", [code for code, file in FILES.items() if file.evidence])
def test_a_committed_file_says_what_its_sources_teach_now(sent: Workspace, params: Params, code: str) -> None:
    again = learn(sent, FILES, code, (), params.clean_documents.min_language_confidence)
    assert again == FILES[code], f"run: latamgpt languages learn {code}"


@pytest.mark.parametrize("code", [code for code, file in FILES.items() if file.evidence])
def test_thresholds_drop_next_to_nothing_of_what_they_were_learned_from(code: str) -> None:
    evidence = FILES[code].evidence
    assert evidence is not None
    assert evidence.num_dropped <= 0.02 * evidence.num_passages


def evidence_of(num_passages: int) -> Evidence:
    """Words of 7 letters on average, as in Guarani."""
    return Evidence(
        sources=("a",),
        num_passages=num_passages,
        num_words=7 * num_passages,
        num_dropped=0,
        mean_word_chars=Spread(mean=7.0, deviation=1.0),
        letter_share=Spread(mean=0.96, deviation=0.02),
        chars_per_word=Spread(mean=8.0, deviation=1.0),
        noisy_share=Spread(mean=0.01, deviation=0.02),
    )


def test_few_passages_make_wide_bounds_and_many_their_own() -> None:
    limits = [limits_of(evidence_of(number), DEFAULT).word_chars for number in (20, 100, 1_000, 1_000_000)]
    assert limits == pytest.approx([18.5, 15.5, 11.8181, 11.0], abs=1e-3)
    shares = [limits_of(evidence_of(number), DEFAULT).letter_share for number in (20, 100, 1_000, 1_000_000)]
    assert shares == pytest.approx([0.6466, 0.74, 0.8545, 0.88], abs=1e-3)
    noisy = [limits_of(evidence_of(number), DEFAULT).noisy_share for number in (20, 100, 1_000, 1_000_000)]
    assert noisy == pytest.approx([0.2233, 0.17, 0.1045, 0.09], abs=1e-3)


def test_a_text_beyond_the_default_widens_its_bounds_however_few_passages() -> None:
    long_words = evidence_of(20).model_copy(update={"mean_word_chars": Spread(mean=18.0, deviation=2.0)})
    assert limits_of(long_words, DEFAULT).word_chars == 26.0
    assert learned_from(long_words, DEFAULT, DEFAULT).max_mean_word_chars == 26.0


def test_long_words_mean_that_fewer_of_them_are_asked_for() -> None:
    chosen = FILES["es"].thresholds
    long_words = evidence_of(1000).model_copy(update={"chars_per_word": Spread(mean=16.0, deviation=1.0)})
    assert learned_from(long_words, chosen, DEFAULT).min_words < learned_from(evidence_of(1000), chosen, DEFAULT).min_words


def test_passages_are_as_short_as_the_shortest_document_that_is_let_in() -> None:
    assert passages_of("abc\n\ndef\nghijkl\nmn", 6) == ["abc\ndef", "ghijkl"]


def test_what_was_chosen_reviewed_and_overridden_stays_when_learned_anew(workspace: Workspace) -> None:
    (workspace.root / "texts.txt").write_text(f"{QUECHUA}\n" * 30)
    override = Override(
        threshold="min_chars", value=200, by="Academia", day=date(2026, 11, 20), reason="shorter ones are headings"
    )
    said = {"reviewed_by": "Academia", "reviewed_on": "2026-11-20", "decision": "headings go"}
    reviewed = said | {"overrides": [override.model_dump(mode="json")]}
    files = {**FILES, "que": type(FILES["que"]).model_validate({**FILES["que"].model_dump(mode="json"), **reviewed})}
    file = learn(workspace, files, "que", ("texts.txt",), 0.6)
    assert (file.reviewed_by, file.overrides) == ("Academia", (override,))
    assert file.evidence is not None
    assert (file.evidence.sources, file.evidence.num_passages) == (("texts.txt",), 30)
    assert file.evidence.num_dropped == 0
    assert file.thresholds != FILES["que"].thresholds
    assert "max_mean_word_chars" in file.changed_since_review
    assert "min_chars" not in file.changed_since_review  # theirs, and above what is learned
    assert learn(workspace, {**files, "que": file}, "que", (), 0.6) == file  # said until they look again
    tighter = override.model_copy(update={"value": 1000})
    strict = learn(workspace, {**files, "que": file.model_copy(update={"overrides": (tighter,)})}, "que", (), 0.6)
    assert strict.evidence is not None
    assert strict.evidence.num_dropped == 30  # by the thresholds in force, not by those learned


def test_a_language_without_a_file_begins_with_the_default(workspace: Workspace) -> None:
    (workspace.root / "rap.txt").write_text("Te vānaŋa rapa nui he vānaŋa o te taŋata, o te hare, o te vaikava.\n" * 25)
    file = learn(workspace, FILES, "rap", ("rap.txt",), 0.6)
    assert (file.language, file.reason, file.thresholds.min_chars) == ("rap", "", DEFAULT.min_chars)
    assert file.thresholds.max_mean_word_chars < DEFAULT.max_mean_word_chars


def test_too_few_passages_teach_nothing(workspace: Workspace) -> None:
    (workspace.root / "rap.txt").write_text("Te vānaŋa rapa nui he vānaŋa o te taŋata.\n" * 5)
    with pytest.raises(OperatorError, match=r"rap.txt: that is 5 passages in rap.*held against languages/default.yaml"):
        learn(workspace, FILES, "rap", ("rap.txt",), 0.6)


def test_a_missing_source_is_named(workspace: Workspace) -> None:
    with pytest.raises(OperatorError, match=r"rap.txt is missing: the thresholds of rap are learned from it"):
        learn(workspace, FILES, "rap", (), 0.6)


def agree(workspace: Workspace, residency: str = "[]") -> None:
    """Register the agreement of the documents."""
    (workspace.root / "partners").mkdir()
    text = INSTITUTION.replace("aq-2025-01", "aq-1").replace("    valid_from", f"    residency: {residency}\n    valid_from")
    (workspace.root / "partners" / f"{PARTNER}.yaml").write_text(text, encoding="utf-8")


def test_of_a_partner_s_documents_only_those_declared_in_the_language_and_not_disputed_are_verified(workspace: Workspace) -> None:
    rows = [
        document(QUECHUA, declared_language="quz"),
        document(SPANISH),
        document(f"{ENGLISH} {ENGLISH}", declared_language="quy"),
        document(f"{QUECHUA} Hinam.", declared_language="und"),
    ]
    publish_documents(workspace, rows)
    agree(workspace)
    assert read_source(workspace, f"{DOCUMENTS}{PARTNER}", "que", 0.6) == [QUECHUA]


def test_nothing_is_learned_here_of_documents_that_are_kept_elsewhere(workspace: Workspace) -> None:
    publish_documents(workspace, [document(QUECHUA, declared_language="quz")])
    agree(workspace, residency="[PE]")
    with pytest.raises(
        NotPermittedError, match="languages learn: 1 texts of academia-quechua: aq-1 lets its texts lie in PE, not at"
    ):
        read_source(workspace, f"{DOCUMENTS}{PARTNER}", "que", 0.6)


def test_the_command_learns_shows_and_says_what_changed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    place = workspace.root / REFERENCES
    place.mkdir(parents=True)
    shutil.copy(ROOT / REFERENCES / "ayr.txt", place / "ayr.txt")
    assert main(["languages", "learn", "ayr"]) == 0
    assert capsys.readouterr().out.endswith("from 108 passages: as its file says\n")
    path = workspace.root / "languages" / "ayr.yaml"
    before = path.read_bytes()
    (place / "ayr.txt").write_text(
        (place / "ayr.txt").read_text() + "Jaqinakax taqiniw qhispiyat yuripxi ukhamarak kikpakiw.\n" * 40
    )
    assert main(["languages", "learn", "ayr", "--dry-run"]) == 0
    assert path.read_bytes() == before
    kept = "overrides:\n- {threshold: min_chars, value: 25, by: Academia, day: 2026-11-20, reason: songs are short}\n"
    path.write_text(path.read_text() + kept)
    capsys.readouterr()
    assert main(["languages", "learn", "ayr", "--actor", "Rosa"]) == 0
    shown = capsys.readouterr().out
    stays = "min_chars stays 25, set by Academia on 2026-11-20 (learned: 40)"
    assert shown.endswith(f": changed; {stays}\n")
    assert path.read_bytes() != before
    (entry,) = read_chain(workspace.root / LOG).entries
    assert (entry.actor, entry.action, entry.subject) == ("Rosa", "language_learned", "ayr")
    assert entry.detail.endswith(f"passages of {REFERENCES}/ayr.txt; {stays}")
    assert [change.path for change in entry.changes] == ["languages/ayr.yaml"]
    assert entry.changes[0].after == sha256_file(path)
    assert main(["languages", "show"]) == 0
    assert "language_samples/ayr.txt" in capsys.readouterr().out
