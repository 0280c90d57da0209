import gzip
import os
import unicodedata
from pathlib import Path

import pytest
import yaml
import zstandard

from latamgpt.errors import OperatorError
from latamgpt.intake.taking_in import identify
from latamgpt.params import Params
from latamgpt.records import DOCUMENT_SCHEMA, EXCLUSION_SCHEMA
from latamgpt.store import Workspace, read_table
from tests.intake.deliveries import DESCRIPTION, PARTNER, deliver, documents, exclusions, reasons, register, seal, take_in

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def test_a_delivery_becomes_documents_with_all_that_is_known_of_them(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY})
    report = take_in(archive, params)
    (row,) = documents(archive)
    assert row["doc_id"] == identify(PARTNER, "relatos", STORY)
    assert (row["title"], row["country"], row["declared_language"], row["licence"]) == ("rio", "AR", "es-AR", "CC-BY-4.0")
    assert str(row["delivery_date"]) == "2026-03-01"
    assert report.counts["documents"] == 1
    assert report.summary == "read 1 documents from 1 of 1 deliveries"
    folder = archive.read("documents", PARTNER)
    assert read_table(folder / "documents.parquet").schema.names == DOCUMENT_SCHEMA.names
    assert read_table(folder / "exclusions.parquet").schema.names == EXCLUSION_SCHEMA.names


def test_the_delivery_s_country_holds_before_the_institution_s(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY}, country="UY")
    take_in(archive, params)
    assert documents(archive)[0]["country"] == "UY"


@pytest.mark.parametrize("description", ["[" * 3000, None])
def test_a_description_that_is_nested_or_a_folder_stops_no_other_delivery(
    archive: Workspace, params: Params, description: str | None
) -> None:
    deliver(archive, {"a.txt": "Había una vez."})
    folder = archive.root / "samples" / PARTNER / "broken"
    folder.mkdir()
    if description is None:
        (folder / "delivery.yaml").mkdir()
    else:
        (folder / "delivery.yaml").write_text(description)
    take_in(archive, params)
    assert len(documents(archive)) == 1
    assert set(reasons(archive).values()) == {"delivery_invalid"}


def test_a_partner_without_a_folder_is_an_operator_s_error(archive: Workspace, params: Params) -> None:
    with pytest.raises(OperatorError, match=r"archivo-sur has no deliveries.*take it out of `partners`"):
        take_in(archive, params)


def test_a_partner_with_an_empty_folder_is_an_operator_s_error(archive: Workspace, params: Params) -> None:
    (archive.root / "samples" / PARTNER).mkdir(parents=True)
    with pytest.raises(OperatorError, match="holds no delivery"):
        take_in(archive, params)
    assert not archive.place("documents", PARTNER).exists()


def test_a_file_beside_the_deliveries_is_named_and_not_lost(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY})
    (archive.root / "samples" / PARTNER / "carta.docx").write_bytes(b"x")
    take_in(archive, params)
    assert reasons(archive) == {"carta.docx": "not_a_delivery"}


def test_an_empty_file_is_set_aside_alone(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY, "nada.txt": b"", "blanco.txt": " \n\t\n"})
    take_in(archive, params)
    assert len(documents(archive)) == 1
    assert reasons(archive) == {"nada.txt": "empty_document", "blanco.txt": "empty_document"}


def test_the_same_text_twice_in_a_delivery_is_kept_once(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.txt": STORY, "b.txt": STORY.replace("\n", "\r\n") + "\n\n"})
    take_in(archive, params)
    (row,) = exclusions(archive)
    assert (row["path"], row["reason"], row["detail"]) == ("b.txt", "repeated_in_delivery", "the same text stands in a.txt")
    assert row["doc_id"] == documents(archive)[0]["doc_id"]


def test_a_file_that_the_format_does_not_read_is_named(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY, "mapa.tiff": b"II*", "NOTICE.txt": "CC BY 4.0"}, notice="NOTICE.txt")
    take_in(archive, params)
    assert reasons(archive) == {"mapa.tiff": "not_read"}


def test_the_table_of_deliveries_says_why_and_how_often_something_was_set_aside(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY, "copia.txt": STORY, "mapa.tiff": b"II*", "foto.tiff": b"II*"})
    report = take_in(archive, params)
    (table,) = [one for one in report.tables if one.name == "deliveries"]
    (row,) = [dict(zip(table.columns, one, strict=True)) for one in table.rows]
    assert (row["documents"], row["set aside"], row["reasons"]) == (1, 3, "not_read 2, repeated_in_delivery 1")


@pytest.mark.parametrize(
    ("agreement", "reason"),
    [
        ({"valid_until": "2026-06-30"}, "agreement_expired"),
        ({"valid_from": "2027-01-01"}, "agreement_not_begun"),
        ({"withdrawn_on": "2026-11-01"}, "agreement_withdrawn"),
        ({"purposes": ["evaluate"]}, "purpose_not_permitted"),
        ({"licence": "CC-BY-SA-4.0"}, "licence_contradiction"),
        ({"id": "as-2"}, "no_agreement"),
        ({"consent": None}, "consent_missing"),
        ({"stages": ["corpus", "training"]}, "stage_not_permitted"),
        ({"labels": ["tk_community_use_only"], "labels_by": "Comunidad"}, "label_forbids"),
        (
            {"labels": ["tk_seasonal"], "labels_by": "Comunidad", "season": {"opens": "05-01", "closes": "08-31"}},
            "out_of_season",
        ),
    ],
)
def test_what_no_agreement_permits_is_set_aside_whole(
    workspace: Workspace, params: Params, agreement: dict[str, object], reason: str
) -> None:
    register(workspace, **agreement)
    deliver(workspace, {"rio.txt": STORY, "mar.txt": "Otro texto."})
    report = take_in(workspace, params)
    (row,) = exclusions(workspace)
    assert (row["reason"], row["delivery"], row["doc_id"]) == (reason, "relatos", "")
    assert documents(workspace) == []
    assert report.counts["deliveries_quarantined"] == 1


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ({"labels": ["tk_secret_sacred"]}, "label_forbids"),
        ({"labels": ["tk_non_commercial"]}, "label_not_agreed"),
        ({"labels": ["tk_seasonal"], "season": {"opens": "05-01", "closes": "08-31"}}, "out_of_season"),
        ({"labels": ["tk_sacred"]}, "delivery_invalid"),
    ],
)
def test_labels_of_a_single_delivery_keep_it_out_whole(
    archive: Workspace, params: Params, description: dict[str, object], reason: str
) -> None:
    deliver(archive, {"rio.txt": STORY})
    deliver(archive, {"mar.txt": "Otro texto."}, id="otra")
    path = archive.root / "samples" / PARTNER / "otra" / "delivery.yaml"
    path.write_text(yaml.safe_dump(DESCRIPTION | {"id": "otra"} | description), encoding="utf-8")
    take_in(archive, params)
    assert [row["delivery"] for row in documents(archive)] == ["relatos"]
    assert [row["reason"] for row in exclusions(archive)] == [reason]


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        (lambda folder: (folder / "rio.txt").write_text("Otro."), "fixity_changed", "rio.txt"),
        (lambda folder: (folder / "rio.txt").unlink(), "fixity_missing", "rio.txt"),
        (lambda folder: (folder / "nuevo.txt").write_text("Nuevo."), "fixity_extra", "nuevo.txt"),
        (lambda folder: (folder / "manifest-sha256.txt").unlink(), "fixity_invalid", "manifest-sha256.txt"),
        (lambda folder: (folder / "manifest-sha256.txt").write_text("abc  rio.txt\n"), "fixity_invalid", "manifest-sha256.txt"),
        (lambda folder: (folder / "manifest-sha256.txt").write_text(f"{'0' * 64}  ../x\n"), "unsafe_path", "manifest-sha256.txt"),
        (lambda folder: (folder / "manifest-sha256.txt").write_text(f"{'0' * 64}  /x\n"), "unsafe_path", "manifest-sha256.txt"),
        (lambda folder: (folder / "delivery.yaml").write_text("id: [", "utf-8"), "delivery_invalid", "delivery.yaml"),
        (lambda folder: (folder / "delivery.yaml").unlink(), "delivery_invalid", "delivery.yaml"),
        (lambda folder: (folder / "enlace.txt").symlink_to("/etc/passwd"), "unsafe_path", "enlace.txt"),
        (lambda folder: os.mkfifo(folder / "tubo.txt"), "unsafe_path", "tubo.txt"),
    ],
)
def test_a_broken_delivery_is_set_aside_whole_and_stays_where_it_is(
    archive: Workspace, params: Params, change: object, reason: str, path: str
) -> None:
    folder = deliver(archive, {"rio.txt": STORY, "mar.txt": "Un texto sobre el mar."})
    deliver(archive, {"cerro.txt": "Un texto sobre el cerro."}, id="otros")
    change(folder)  # type: ignore[operator]
    report = take_in(archive, params)
    (row,) = exclusions(archive)
    assert (row["reason"], row["path"], row["delivery"]) == (reason, path, "relatos")
    assert str(archive.root) not in str(row["detail"])
    assert [row["delivery"] for row in documents(archive)] == ["otros"]
    assert folder.is_dir()
    assert reason in report.summary


def test_a_manifest_written_on_windows_is_read(archive: Workspace, params: Params) -> None:
    """PowerShell writes a mark of UTF-8 first, digits in capitals, and two characters at each line's end."""
    folder = deliver(archive, {"rio.txt": STORY, "año.txt": "Un texto sobre el mar."})
    manifest = folder / "manifest-sha256.txt"
    lines = [
        f"{digest.upper()}  {name}" for digest, name in (line.split("  ") for line in manifest.read_text("utf-8").splitlines())
    ]
    manifest.write_bytes("".join(f"{line}\r\n" for line in lines).encode("utf-8-sig"))
    take_in(archive, params)
    assert exclusions(archive) == []
    assert len(documents(archive)) == 2


def test_a_manifest_that_find_wrote_of_a_folder_and_those_in_it_is_read(archive: Workspace, params: Params) -> None:
    folder = deliver(archive, {"rio.txt": STORY, "cartas/mar.txt": "Un texto sobre el mar."})
    manifest = folder / "manifest-sha256.txt"
    manifest.write_text("".join(line.replace("  ", "  ./") for line in manifest.read_text().splitlines(keepends=True)))
    take_in(archive, params)
    assert exclusions(archive) == []
    assert {row["path"] for row in documents(archive)} == {"rio.txt", "cartas/mar.txt"}


def test_a_manifest_in_another_encoding_is_named_as_such(archive: Workspace, params: Params) -> None:
    """As `>` of an older PowerShell writes it."""
    manifest = deliver(archive, {"rio.txt": STORY}) / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text(), encoding="utf-16")
    take_in(archive, params)
    (row,) = exclusions(archive)
    assert row["reason"] == "fixity_invalid"
    assert row["detail"] == "manifest-sha256.txt is not in UTF-8 (byte 0 is 0xff): ask the partner to save it as UTF-8"


def test_a_linked_delivery_folder_is_not_followed(
    archive: Workspace, params: Params, tmp_path_factory: pytest.TempPathFactory
) -> None:
    deliver(archive, {"rio.txt": STORY})
    outside = tmp_path_factory.mktemp("outside")
    (archive.root / "samples" / PARTNER / "ajeno").symlink_to(outside)
    take_in(archive, params)
    assert exclusions(archive)[0]["reason"] == "unsafe_path"


def test_a_delivery_named_otherwise_than_its_folder_is_set_aside(archive: Workspace, params: Params) -> None:
    folder = deliver(archive, {"rio.txt": STORY})
    folder.rename(folder.with_name("otro"))
    take_in(archive, params)
    assert exclusions(archive)[0]["reason"] == "delivery_invalid"


def test_a_delivery_that_says_it_will_be_made_in_years_is_set_aside(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.txt": "Texto."}, date="2206-03-01")
    take_in(archive, params)
    assert reasons(archive) == {"delivery.yaml": "delivery_invalid"}
    assert "made on 2206-03-01" in str(exclusions(archive)[0]["detail"])


def test_suffixes_in_capitals_are_read_as_small_ones(archive: Workspace, params: Params) -> None:
    files: dict[str, bytes | str] = {
        "a.JSONL.GZ": gzip.compress(b'{"text": "Uno."}\n'),
        "b.JSONL.ZST": zstandard.ZstdCompressor().compress(b'{"text": "Dos."}\n'),
        "c.MD": "Tres.",
        "c.JSON": '{"title": "El tercero"}',
    }
    deliver(archive, files, format="files")
    take_in(archive, params)
    assert {row["text"]: row["title"] for row in documents(archive)} == {"Uno.": "", "Dos.": "", "Tres.": "El tercero"}
    assert exclusions(archive) == []


def test_a_delivery_above_the_cap_is_set_aside_whole(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.txt": "a" * 700, "b.txt": "b" * 700})
    caps = params.documents.model_copy(update={"max_delivery_bytes": 1000})
    take_in(archive, params.model_copy(update={"documents": caps}))
    (row,) = exclusions(archive)
    assert (row["reason"], row["path"], row["num_bytes"] > 1400) == ("too_large", "b.txt", True)
    assert documents(archive) == []


def test_the_order_of_arrival_does_not_matter(tmp_path: Path, params: Params) -> None:
    outputs: list[dict[str, bytes]] = []
    for turn, names in enumerate((["uno", "dos", "tres"], ["tres", "uno", "dos"])):
        workspace = Workspace(tmp_path / str(turn))
        workspace.root.mkdir()
        register(workspace)
        for name in names:
            files = {f"{name}-{i}.txt": f"{STORY} {name} {i}" for i in (range(4) if turn else reversed(range(4)))}
            deliver(workspace, dict(files), id=name)
        take_in(workspace, params)
        folder = workspace.read("documents", PARTNER)
        outputs.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert outputs[0] == outputs[1]


def test_a_document_s_identity_is_its_content() -> None:
    text = "Ñande ñe’ẽ ĝ\nsegunda línea"
    same = unicodedata.normalize("NFD", text).replace("\n", "  \r\n") + "\n"
    assert identify("p", "d", text) == identify("p", "d", same)
    assert identify("p", "d", text) != identify("p", "d", text.replace("’", "'"))
    assert len({identify(p, d, text) for p in "pq" for d in "de"}) == 4


def test_resealing_a_changed_delivery_takes_it_in(archive: Workspace, params: Params) -> None:
    folder = deliver(archive, {"rio.txt": STORY})
    (folder / "rio.txt").write_text(STORY + " Y volvió.", encoding="utf-8")
    seal(folder)
    take_in(archive, params)
    assert len(documents(archive)) == 1
