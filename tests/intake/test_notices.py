import pytest

from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, register, take_in
from tests.intake.made_files import docx, paragraph
from tests.intake.test_formats import STORY, pdf

LEGAL_CODE = """Attribution{more} 4.0 International

Creative Commons Attribution{more} 4.0 International Public License

By exercising the Licensed Rights, You accept to be bound. The text of the Creative Commons public licenses is
dedicated to the public domain under the CC0 Public Domain Dedication.
"""
BSD = (
    "Copyright (c) 2019, Archivo del Sur. All rights reserved.\n\nRedistribution and use in source and binary forms is permitted."
)
GPL = "                    GNU GENERAL PUBLIC LICENSE\n                       Version 2, June 1991\n"


def taken_in(
    workspace: Workspace, params: Params, files: dict[str, bytes | str], kind: str = "files", **description: str
) -> list[tuple[str, str]]:
    """Path and reason of whatever is out, of a delivery of two texts and these files."""
    register(workspace, accepted_licences=["CC0-1.0", "GPL-2.0-or-later"])
    texts: dict[str, bytes | str] = {"textos/a.txt": STORY, "textos/b.txt": "Otra cosa distinta."}
    deliver(workspace, texts | files, format=kind, **description)
    take_in(workspace, params)
    return [(str(row["path"]), str(row["reason"])) for row in exclusions(workspace)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("NOTICE", "Licencia CC BY-NC-ND 4.0"),
        ("LICENSE", LEGAL_CODE.format(more="-NonCommercial-NoDerivatives")),
        ("LICENSE.txt", "Creative Commons Attribution-NonCommercial 4.0"),
        ("license.md", "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("LICENCIA", "Creative Commons Atribución-NoComercial 4.0".encode("latin-1")),
        ("LICENCIA.txt", "Creative Commons Atribución-NoComercial 4.0".encode("utf-16")),
        ("LICENÇA.txt", "Creative Commons Atribuição-NãoComercial 4.0"),
        ("LICENC\u0327A.txt", "CC BY-NC"),
        ("README.md", "# Relatos\n\nTodos los derechos reservados."),
        ("LÉEME.txt", "Se entregan bajo CC BY-NC-SA 4.0, y la interfaz bajo CC BY 4.0."),
        ("LEIA-ME.html", '<p>Textos do arquivo, <a href="https://creativecommons.org/licenses/by-nd/4.0/">licença</a>.</p>'),
        ("COPYING", GPL.replace("GENERAL", "AFFERO GENERAL")),
        ("README.docx", docx(paragraph("Los textos se entregan bajo CC BY-NC 4.0."))),
        ("LICENSE.pdf", pdf(Title="Creative Commons Attribution-NonCommercial 4.0")),
    ],
)
def test_a_licence_at_the_top_that_contradicts_has_the_whole_delivery_wait(
    workspace: Workspace, params: Params, name: str, content: bytes | str
) -> None:
    assert taken_in(workspace, params, {name: content}) == [(name, "licence_contradiction")]
    assert documents(workspace) == []
    detail = str(exclusions(workspace)[0]["detail"])
    assert detail.endswith("delivery.yaml says CC-BY-4.0: ask the partner which one holds")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("NOTICE", "Licencia CC BY 4.0"),
        ("LICENSE", LEGAL_CODE.format(more="")),
        ("README.md", "Relatos del sur, entregados bajo CC BY 4.0; los dibujos son CC0 1.0."),
        ("README.txt", "Relatos del sur."),
        ("LICENSE", BSD),
        ("readings.txt", "Lecturas sobre CC BY-NC"),
    ],
)
def test_what_stands_at_the_top_and_agrees_lets_the_texts_in(
    workspace: Workspace, params: Params, name: str, content: str
) -> None:
    out = [path for path, reason in taken_in(workspace, params, {name: content}) if reason == "licence_contradiction"]
    assert out == ([name] if name == "readings.txt" else [])
    assert {"textos/a.txt", "textos/b.txt"} <= {str(row["path"]) for row in documents(workspace)}


def test_a_licence_at_the_top_that_the_agreement_covers_is_still_not_the_delivery_s(workspace: Workspace, params: Params) -> None:
    assert taken_in(workspace, params, {"LICENSE": "CC0 1.0"}) == [("LICENSE", "licence_contradiction")]


@pytest.mark.parametrize(("licence", "out"), [("GPL-2.0-or-later", []), ("CC-BY-4.0", [("COPYING", "licence_contradiction")])])
def test_a_well_known_licence_sent_whole_is_held_against_the_delivery_s(
    workspace: Workspace, params: Params, licence: str, out: list[tuple[str, str]]
) -> None:
    assert taken_in(workspace, params, {"COPYING": GPL}, licence=licence, notice="COPYING") == out


def test_the_notice_that_delivery_yaml_names_or_says_is_held_against_the_licence(workspace: Workspace, params: Params) -> None:
    said = taken_in(workspace, params, {}, notice="Todos los derechos reservados.")
    named = taken_in(workspace, params, {"papeles/permiso.txt": "CC BY-NC"}, id="otra", notice="papeles/permiso.txt")
    assert [reason for _, reason in said] == ["licence_contradiction"]
    assert ("papeles/permiso.txt", "licence_contradiction") in named


@pytest.mark.parametrize("name", ["LICENSE.txt", "sub/LICENSE.txt"])
def test_in_a_bag_the_top_is_that_of_its_texts(workspace: Workspace, params: Params, name: str) -> None:
    out = taken_in(workspace, params, {name: "CC BY-NC 4.0"}, kind="bagit")
    assert out == [(f"data/{name}", "licence_contradiction")]
    assert bool(documents(workspace)) is (name == "sub/LICENSE.txt")
