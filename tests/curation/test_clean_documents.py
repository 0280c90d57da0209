import shutil
from hashlib import sha256

import pyarrow.parquet as pq
import pytest

from latamgpt.curation.clean_documents import run
from latamgpt.curation.cleaning import decide_language
from latamgpt.curation.engine import TASKS_WORTH_A_POOL
from latamgpt.curation.language import Identified
from latamgpt.curation.minhash import signature
from latamgpt.curation.quality import measure, score
from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA
from latamgpt.store import Workspace, read_table
from tests.curation.documents import ENGLISH, PARTNER, PORTUGUESE, QUECHUA, SPANISH, document, exclusion, publish_documents


def rows_of(workspace: Workspace, name: str) -> list[dict[str, object]]:
    return pq.read_table(workspace.read("clean_documents", PARTNER) / f"{name}.parquet").to_pylist()


def test_documents_come_out_with_language_variety_and_signature(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [document(SPANISH, ocr_confidence=0.97), document(QUECHUA, declared_language="quy")])
    report = run(workspace, params, PARTNER)
    assert {row["language"]: row["ocr_confidence"] for row in rows_of(workspace, "documents")} == {"es": 0.97, "que": None}
    found = {(row["language"], row["variety"], row["has_voseo"]) for row in rows_of(workspace, "documents")}
    assert found == {("es", "es-PE", False), ("que", "quy", False)}
    assert {len(row["signature"]) for row in rows_of(workspace, "documents")} == {params.clean_documents.num_permutations}  # type: ignore[arg-type]
    assert report.summary == "kept 2 of 2 documents (100.0%), 0 undetermined"
    assert [table.name for table in report.tables] == [
        *(
            "languages",
            "varieties",
            "second languages",
            "exclusions per reason",
            "personal data",
            "boilerplate",
            "language identifiers",
        ),
    ]
    folder = workspace.read("clean_documents", PARTNER)
    assert read_table(folder / "documents.parquet").schema.names == CLEAN_DOCUMENT_SCHEMA.names


def test_a_disputed_language_goes_to_people_and_is_not_overruled(workspace: Workspace, params: Params) -> None:
    mail = f"{ENGLISH} Write to ana@example.org."
    publish_documents(workspace, [document(SPANISH), document(mail, declared_language="quy")])
    report = run(workspace, params, PARTNER)
    (row,) = rows_of(workspace, "undetermined")
    (reason,) = rows_of(workspace, "exclusions")
    assert (reason["reason"], reason["language"]) == ("language_disputed", "und")
    assert str(reason["detail"]).startswith("declared as quy, and the model sees en with a confidence of")
    assert row["doc_id"] == reason["doc_id"]
    assert "[EMAIL]" in str(row["text"])
    assert report.counts["undetermined"] == report.counts["language_disputed"] == 1


@pytest.mark.parametrize(
    ("declared", "found", "letters", "language", "doubt"),
    [
        ("es-AR", Identified("es", 0.99), 500, "es", ""),
        ("es-AR", Identified("pt", 0.55), 500, "es", ""),
        ("es-AR", Identified("pt", 0.99), 500, "und", "language_disputed"),
        ("es-AR", Identified("pt", 0.99), 20, "es", ""),
        ("quz", Identified("que", 0.99), 500, "que", ""),
        ("gn", Identified("gug", 0.99), 500, "gug", ""),
        ("und", Identified("es", 0.99), 500, "es", ""),
        ("und", Identified("es", 0.4), 500, "und", "language_undetermined"),
        ("und", Identified("es", 0.99), 20, "und", "language_undetermined"),
        ("rap", Identified("cbu", 0.99), 500, "rap", ""),  # no sample of Rapa Nui: the model cannot know
        ("rap", Identified("es", 0.99), 500, "und", "language_disputed"),
    ],
)
def test_neither_the_partner_nor_the_model_is_overruled_in_silence(
    declared: str, found: Identified, letters: int, language: str, doubt: str
) -> None:
    verdict = decide_language(declared, found, letters, 0.6)
    assert (verdict.language, verdict.doubt) == (language, doubt)
    assert not doubt or verdict.detail


def test_a_drop_names_its_threshold_and_value(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [document(SPANISH), document("Muy corto."), document("12 34 56 " * 40)])
    run(workspace, params, PARTNER)
    found = {row["reason"]: row["detail"] for row in rows_of(workspace, "exclusions")}
    assert found == {
        "too_few_chars": "characters: 10 is below the 120 asked for es",
        "too_few_letters": "share of letters: 0 is below the 0.75 asked for es",
    }


def test_what_a_partner_s_documents_repeat_is_taken_out_counted_and_kept_beside_them(
    workspace: Workspace, params: Params
) -> None:
    footer = "Todos los derechos reservados a la Academia. Escriba a ana@example.org."
    texts = [f"{SPANISH} {numeral(number)}" for number in range(60)]
    half = "La abuela contaba que el río bajaba despacio en los años de sequía, y que entonces la gente cruzaba"
    publish_documents(workspace, [document(f"{text}\n\n{footer}") for text in [*texts, half]])
    report = run(workspace, params, PARTNER)
    kept = rows_of(workspace, "documents")
    assert sorted(str(row["text"]) for row in kept) == sorted(texts)
    for row in kept:
        raw = str(row["text"]).encode()
        assert (row["num_bytes"], row["text_sha256"]) == (len(raw), sha256(raw).hexdigest())
        measured = params.clean_documents
        signed = signature(str(row["text"]), measured.num_permutations, measured.shingle_words, measured.minhash_seed)
        assert row["signature"] == signed.tolist()
        assert row["quality"] == score(measure(str(row["text"])), None)
    (line,) = rows_of(workspace, "boilerplate")
    said = "todos los derechos reservados a la academia. escriba a [email]."
    assert line == {"line_sha256": sha256(said.encode()).hexdigest(), "line": said, "num_docs": 61, "num_docs_without": 61}
    (table,) = [table for table in report.tables if table.name == "boilerplate"]
    assert table.rows == ((str(line["line_sha256"])[:16], 61, 61),)
    assert (report.counts["boilerplate_lines"], report.counts["boilerplate_documents"]) == (1, 61)
    (gone,) = rows_of(workspace, "exclusions")
    said = "characters: 99 is below the 120 asked for es, once lines that many documents of academia-quechua repeat are out"
    assert gone["detail"] == said
    assert report.counts["personal_data"] == len(rows_of(workspace, "personal_data")) == 60


def numeral(number: int) -> str:
    return " ".join(
        ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")[int(d)] for d in f"{number:02}"
    )


def test_every_document_is_in_exactly_one_place(workspace: Workspace, params: Params) -> None:
    sent = [document(text) for text in (SPANISH, PORTUGUESE, ENGLISH, "Corto.", "")]
    publish_documents(workspace, sent)
    run(workspace, params, PARTNER)
    kept = {row["doc_id"] for row in rows_of(workspace, "documents")}
    excluded = [row["doc_id"] for row in rows_of(workspace, "exclusions")]
    assert len(excluded) == len(set(excluded)) == 4
    assert kept.isdisjoint(excluded)
    assert kept | set(excluded) == {row["doc_id"] for row in sent}


def test_a_partner_whose_deliveries_were_all_set_aside_gives_an_empty_output(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [], [exclusion()])
    assert run(workspace, params, PARTNER).summary == "kept 0 of 0 documents (0.0%), 0 undetermined"
    assert rows_of(workspace, "documents") == []


def test_nothing_at_all_is_an_error(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [])
    with pytest.raises(OperatorError, match="neither documents nor exclusions"):
        run(workspace, params, PARTNER)
    assert not workspace.place("clean_documents", PARTNER).exists()


def test_a_file_of_a_code_that_is_counted_as_another_language_is_refused(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [document(SPANISH)])
    text = (workspace.root / "languages" / "que.yaml").read_text(encoding="utf-8")
    (workspace.root / "languages" / "quz.yaml").write_text(text.replace("language: que", "language: quz"), encoding="utf-8")
    with pytest.raises(OperatorError, match=r"languages/quz.yaml is read for no text.*counted as que"):
        run(workspace, params, PARTNER)


def test_a_file_of_a_language_is_what_its_texts_are_judged_by(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [document(QUECHUA, declared_language="quz")])
    assert run(workspace, params, PARTNER).counts["documents"] == 1
    path = workspace.root / "languages" / "que.yaml"
    override = "overrides:\n- {threshold: min_chars, value: 999, by: Academia, day: 2026-11-20, reason: headings}\n"
    path.write_text(path.read_text(encoding="utf-8") + override, encoding="utf-8")
    run(workspace, params, PARTNER)
    (row,) = rows_of(workspace, "exclusions")
    assert str(row["detail"]).endswith("is below the 999 asked for que")


def test_personal_data_in_a_title_is_masked_and_counted(workspace: Workspace, params: Params) -> None:
    publish_documents(
        workspace, [document(SPANISH, title="Carta de ana@archivo.org"), document(ENGLISH, title="CPF 390.533.447-05")]
    )
    run(workspace, params, PARTNER)
    (kept,) = rows_of(workspace, "documents")
    (undetermined,) = rows_of(workspace, "undetermined")
    assert (kept["title"], kept["num_personal_data"]) == ("Carta de [EMAIL]", 1)
    assert undetermined["title"] == "CPF [CPF]"


def test_kinds_of_personal_data_are_counted_per_document(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [document(f"{SPANISH} DNI 23.456.789, ana@x.org y eva@x.org.")])
    run(workspace, params, PARTNER)
    (kept,) = rows_of(workspace, "documents")
    rows = [{"doc_id": kept["doc_id"], "kind": kind, "num_replaced": number} for kind, number in (("DNI", 1), ("EMAIL", 2))]
    assert rows_of(workspace, "personal_data") == rows


def test_a_document_about_a_named_child_waits_for_a_person(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, [document(f"{SPANISH} La alumna Rosa Quispe, de 9 años, dejó la escuela.")])
    report = run(workspace, params, PARTNER)
    (reason,) = rows_of(workspace, "exclusions")
    assert (reason["reason"], reason["language"]) == ("names_a_minor", "es")
    assert "Rosa" not in str(reason["detail"])
    assert len(rows_of(workspace, "undetermined")) == report.counts["names_a_minor"] == 1
    assert rows_of(workspace, "documents") == []


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("La alumna Rosa Quispe, de 9 años, dejó la escuela.", {}),  # too short to be kept
        (f"{PORTUGUESE} {PORTUGUESE} La alumna Rosa Quispe, de 9 años, dejó la escuela.", {"declared_language": "quy"}),
    ],
)
def test_a_named_child_is_the_reason_before_quality_and_language(
    workspace: Workspace, params: Params, text: str, changes: dict[str, object]
) -> None:
    publish_documents(workspace, [document(text, **changes)])
    run(workspace, params, PARTNER)
    assert [row["reason"] for row in rows_of(workspace, "exclusions")] == ["names_a_minor"]
    assert len(rows_of(workspace, "undetermined")) == 1


@pytest.mark.parametrize("docs_per_task", [1, 3, 100])
def test_the_size_of_tasks_does_not_matter(workspace: Workspace, params: Params, docs_per_task: int) -> None:
    publish_documents(workspace, [document(f"{SPANISH} {i}.") for i in range(7)])
    outputs: list[dict[str, bytes]] = []
    for size in (params.clean_documents.docs_per_task, docs_per_task):
        section = params.clean_documents.model_copy(update={"docs_per_task": size})
        run(workspace, params.model_copy(update={"clean_documents": section}), PARTNER)
        outputs.append(published(workspace))
    assert outputs[0] == outputs[1]


def published(workspace: Workspace) -> dict[str, bytes]:
    """The files of the stage, by name."""
    return {path.name: path.read_bytes() for path in sorted(workspace.read("clean_documents", PARTNER).iterdir())}


@pytest.mark.parametrize(("engine", "workers"), [("pool", 2), ("pool", 4), ("dask", 2)])
def test_the_number_of_workers_and_what_spreads_them_do_not_matter(
    workspace: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch, engine: str, workers: int
) -> None:
    texts = [f"{text} {i}." for i in range(TASKS_WORTH_A_POOL // 3) for text in (SPANISH, PORTUGUESE, QUECHUA)]
    publish_documents(workspace, [document(text) for text in texts])
    section = params.clean_documents.model_copy(update={"docs_per_task": 1})
    assert len(texts) >= TASKS_WORTH_A_POOL
    (workspace.root / "sites").mkdir(exist_ok=True)
    outputs: list[dict[str, bytes]] = []
    for spread in ("workers: 1", f"workers: {workers}\nengine: {engine}"):
        (workspace.root / "sites" / "here.yaml").write_text(spread)
        monkeypatch.setenv("LATAMGPT_SITE", "here")
        shutil.rmtree(workspace.root / "var" / "cache", ignore_errors=True)
        run(workspace, params.model_copy(update={"clean_documents": section}), PARTNER)
        outputs.append(published(workspace))
    assert outputs[0] == outputs[1]
