import lxml.html
import orjson
import pytest

from latamgpt.intake.licences import RESERVED_ID, Statement, contradiction, statements_at_edges, statements_in
from latamgpt.intake.page_licences import page_statements
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.test_formats import PAGE, STORY, pdf


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Licencia CC BY-NC-ND 4.0", "CC-BY-NC-ND-4.0"),
        ("bajo CC-BY-SA-3.0.", "CC-BY-SA-3.0"),
        ("relato_CC_BY_NC_ND.pdf", "CC-BY-NC-ND"),
        ("(cc by)", "CC-BY"),
        ("CC0", "CC0-1.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/deed.es", "CC-BY-NC-SA-4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("Creative Commons Atribución-NoComercial-SinDerivadas 4.0", "CC-BY-NC-ND-4.0"),
        ("Reconocimiento - No Comercial - Compartir Igual", "CC-BY-NC-SA"),
        ("Atribuição-NãoComercial-SemDerivações 3.0", "CC-BY-NC-ND-3.0"),
        ("Attribution-ShareAlike 4.0", "CC-BY-SA-4.0"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Licencia Creative Commons Atribución 4.0 Internacional", "CC-BY-4.0"),
        ("Creative Commons Atribuição 3.0", "CC-BY-3.0"),
        ("Creative Commons Reconocimiento", "CC-BY"),
        ("Creative Commons Attribution Non-Commercial 4.0", "CC-BY-NC-4.0"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International", "CC-BY-NC-SA-4.0"),
        ("© 2020. Todos los derechos reservados.", RESERVED_ID),
        ("TODOS OS DIREITOS RESERVADOS", RESERVED_ID),
    ],
)
def test_a_licence_is_recognised_however_it_is_written(text: str, licence: str) -> None:
    assert statements_in(text, "here") == [Statement("here", licence)]


@pytest.mark.parametrize("text", ["", "por cc: al director", "la atribución de poderes", "ACC BYTE", "derechos humanos"])
def test_words_that_only_look_like_a_licence_state_none(text: str) -> None:
    assert statements_in(text, "here") == []


def test_a_licence_in_the_middle_of_a_book_is_no_statement() -> None:
    page = "Palabras y más palabras. " * 200
    assert statements_at_edges(page + "CC BY-NC-ND" + page) == []
    assert statements_at_edges(page + page + "CC BY-NC-ND")[0].licence == "CC-BY-NC-ND"


@pytest.mark.parametrize(
    ("stated", "covered", "agrees"),
    [
        ("CC-BY-4.0", {"CC-BY-4.0"}, True),
        ("CC-BY", {"CC-BY-4.0"}, True),
        ("cc-by-4.0", {"CC-BY-4.0"}, True),
        ("CC-BY-3.0", {"CC-BY-4.0"}, False),
        ("CC-BY-NC", {"CC-BY-4.0"}, False),
        ("CC-BY", {"CC-BY-SA-4.0"}, False),
        ("MPL-2.0", {"CC0-1.0", "MPL-2.0"}, True),
        ("CC-BY-4.0", set(), False),
    ],
)
def test_a_statement_without_a_version_agrees_with_any(stated: str, covered: set[str], *, agrees: bool) -> None:
    assert (contradiction([Statement("x", stated)], frozenset(covered)) is None) == agrees


FRIENDS = {f"otro{i}.md": f"Texto número {i} sobre el río y el monte." for i in range(3)}


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"a.md": f"{STORY}\n\nLicencia: CC BY-NC-ND 4.0"}, "the text says CC-BY-NC-ND-4.0"),
        ({"a.md": STORY, "a.json": orjson.dumps({"licence": "CC-BY-NC-4.0"})}, "a.json says CC-BY-NC-4.0"),
        ({"a.md": STORY, "a.json": orjson.dumps({"license": "Propia"})}, "a.json says Propia"),
        ({"a.md": STORY, "a.json": orjson.dumps({"Licencia": ["CC BY-NC 4.0"]})}, "a.json says CC-BY-NC-4.0"),
        ({"a.md": STORY, "a.json": orjson.dumps({"DIREITOS": {"tipo": "CC BY-ND"}})}, "a.json says CC-BY-ND"),
        ({"a.md": STORY, "a.json": orjson.dumps({"derechos": "Todos los derechos reservados"})}, f"a.json says {RESERVED_ID}"),
        ({"a.md": STORY, "a.pdf": pdf(Subject="CC BY-ND 4.0")}, "the metadata of a.pdf says CC-BY-ND-4.0"),
        ({"a_CC-BY-NC-ND.md": STORY}, "the file's name says CC-BY-NC-ND"),
    ],
)
def test_a_document_that_contradicts_its_delivery_is_set_aside(
    workspace: Workspace, params: Params, files: dict[str, bytes | str], where: str
) -> None:
    register(workspace)
    deliver(workspace, {**files, **FRIENDS}, format="markdown")
    take_in(workspace, params)
    (row,) = exclusions(workspace)
    assert (row["reason"], row["detail"]) == ("licence_contradiction", f"{where}, delivery.yaml says CC-BY-4.0")
    assert len(documents(workspace)) == 3


def test_html_metadata_that_contradicts_is_seen(workspace: Workspace, params: Params) -> None:
    register(workspace)
    link = '<link rel="license" href="https://creativecommons.org/licenses/by-nc/4.0/">'
    meta = '<meta name="DC.rights" content="CC BY-ND 4.0">'
    pages = {f"{i}.html": PAGE.format(meta="", text=f"{STORY} {i}") for i in range(3)}
    pages |= {"link.html": PAGE.format(meta=link, text=STORY), "meta.html": PAGE.format(meta=meta, text=f"{STORY} Fin.")}
    deliver(workspace, dict(pages), format="html")
    take_in(workspace, params)
    assert reasons(workspace) == {"link.html": "licence_contradiction", "meta.html": "licence_contradiction"}


def test_a_licence_that_the_agreement_also_covers_is_no_contradiction(workspace: Workspace, params: Params) -> None:
    register(workspace)
    deliver(workspace, {"a.md": f"{STORY}\n\nCC0"}, format="markdown")
    take_in(workspace, params)
    assert exclusions(workspace) == []


def test_where_most_documents_contradict_the_whole_delivery_waits(workspace: Workspace, params: Params) -> None:
    register(workspace)
    odd = {f"odd{i}.md": f"{STORY} {i}\n\nCC BY-NC-ND 4.0" for i in range(4)}
    deliver(workspace, {**odd, **FRIENDS}, format="markdown")
    take_in(workspace, params)
    (row,) = exclusions(workspace)
    assert (row["reason"], row["doc_id"]) == ("licence_contradiction", "")
    assert str(row["detail"]).startswith("4 of 7 documents contradict the delivery's CC-BY-4.0")
    assert documents(workspace) == []


def test_a_bag_s_own_licence_that_contradicts_sets_the_bag_aside(workspace: Workspace, params: Params) -> None:
    register(workspace)
    folder = deliver(workspace, {"a.txt": STORY}, format="bagit")
    import bagit

    bag = bagit.Bag(str(folder))
    bag.info["License"] = "CC BY-NC 4.0"
    bag.save()
    take_in(workspace, params)
    (row,) = exclusions(workspace)
    assert (row["reason"], row["path"]) == ("licence_contradiction", "bag-info.txt")


@pytest.mark.parametrize(
    "field", ["licence", "LICENSE", "Licencia", "licença", "Licenc\u0327a", "rights", "Derechos", "direitos"]
)
@pytest.mark.parametrize("value", ["CC BY-NC 4.0", ["CC BY-NC 4.0"], {"id": "CC BY-NC 4.0"}])
def test_a_record_s_own_licence_is_seen_under_any_name_and_type(
    workspace: Workspace, params: Params, field: str, value: object
) -> None:
    register(workspace)
    odd = orjson.dumps({"text": STORY, field: value})
    good = [orjson.dumps({"text": f"{STORY} {n}", field: ""}) for n in range(3)]
    deliver(workspace, {"a.jsonl": b"\n".join([odd, *good])}, format="jsonl")
    take_in(workspace, params)
    assert reasons(workspace) == {"a.jsonl#1": "licence_contradiction"}
    assert len(documents(workspace)) == 3


def test_a_row_s_own_licence_is_seen(workspace: Workspace, params: Params) -> None:
    register(workspace)
    deliver(workspace, {"a.csv": f'text,Licencia\n"{STORY}",CC BY-NC 4.0\nUno,\nDos,CC BY\nTres,cc-by-4.0\n'}, format="csv")
    take_in(workspace, params)
    assert reasons(workspace) == {"a.csv#1": "licence_contradiction"}


@pytest.mark.parametrize(
    "statement",
    [
        "<footer>© Archivo. Todos los derechos reservados.</footer>",
        "<footer><p>Licencia <b>CC BY-NC</b> 4.0</p></footer>",
        '<footer><a href="https://creativecommons.org/licenses/by-nd/4.0/">condiciones</a></footer>',
    ],
)
def test_what_a_page_states_outside_its_main_text_is_seen(workspace: Workspace, params: Params, statement: str) -> None:
    register(workspace)
    pages = {f"{i}.html": PAGE.format(meta="", text=f"{STORY} {i}") for i in range(3)}
    odd = PAGE.format(meta="", text=STORY).replace("</body>", f"{statement}</body>")
    deliver(workspace, {**pages, "odd.html": odd}, format="html")
    take_in(workspace, params)
    assert reasons(workspace) == {"odd.html": "licence_contradiction"}


NC_ND = "https://creativecommons.org/licenses/by-nc-nd/4.0/"
JSON_LD = '<script type="application/ld+json">{}</script>'


@pytest.mark.parametrize(
    "said",
    [
        '<meta name="licencia" content="CC BY-NC-ND 4.0">',
        '<meta name="Licença" content="CC BY-NC-ND 4.0">',
        '<meta name="licenc\u0327a" content="CC BY-NC-ND 4.0">',
        '<meta name="derechos" content="Todos los derechos reservados">',
        '<meta name="direitos-autorais" content="Todos os direitos reservados">',
        '<meta name="DC.Rights" content="CC BY-NC-ND 4.0">',
        '<meta name="DC.Rights.license" content="CC BY-NC-ND 4.0">',
        '<meta name="DCTERMS.accessRights" content="CC BY-NC-ND 4.0">',
        '<meta property="cc:license" content="CC BY-NC-ND 4.0">',
        '<meta itemprop="license" content="CC BY-NC-ND 4.0">',
        f'<meta property="dct:license" resource="{NC_ND}">',
        f'<link itemprop="license" href="{NC_ND}">',
        f'<link rel="License" href="{NC_ND}">',
        JSON_LD.format(f'{{"license": "{NC_ND}"}}'),
        JSON_LD.format('{"licencia": "CC BY-NC-ND 4.0", "licencia": "CC BY 4.0"}'),
        JSON_LD.format(f'{{"@graph": [{{"@type": "Article", "dct:license": {{"@id": "{NC_ND}"}}}}]}}'),
        JSON_LD.format('{"copyrightNotice": ["Editorial", "Todos os direitos reservados"]}'),
        JSON_LD.format('{"license": "https:\\/\\/creativecommons.org\\/licenses\\/by-nc\\/4.0\\/", no JSON'),
    ],
)
def test_a_licence_in_a_page_s_metadata_is_seen_in_any_language_and_kind(said: str) -> None:
    page = lxml.html.document_fromstring(PAGE.format(meta=said, text=STORY))
    odd = contradiction(page_statements(page), frozenset({"CC-BY-4.0"}))
    assert odd is not None
    assert odd.where == "the page's metadata"


@pytest.mark.parametrize(
    "said",
    [
        '<span itemprop="license">CC BY-NC-ND 4.0</span>',
        '<p rel="dct:rights">Todos los derechos reservados</p>',
        f'<div property="cc:license" resource="{NC_ND}"></div>',
    ],
)
def test_a_licence_that_an_element_amid_a_long_page_is_marked_with_is_seen(said: str) -> None:
    long = f"<p>{STORY * 60}</p>"
    page = lxml.html.document_fromstring(f"<html><body>{long}{said}{long}</body></html>")
    assert contradiction(page_statements(page), frozenset({"CC-BY-4.0"})) is not None


@pytest.mark.parametrize(
    "said",
    [
        '<meta name="licencia" content="CC BY 4.0">',
        '<meta name="description" content="Un taller sobre CC BY-NC-ND 4.0">',
        '<meta name="copyright" content="Archivo del Sur, 2019">',
        '<script>var x = {"license": "CC BY-NC-ND 4.0"}</script>',
        JSON_LD.format(f'{{"license": "CC BY 4.0", "image": {{"@type": "ImageObject", "license": "{NC_ND}"}}}}'),
        JSON_LD.format(f'[{{"@type": ["ImageObject"], "license": "{NC_ND}"}}]'),
        JSON_LD.format("[" * 5000),
    ],
)
def test_metadata_that_states_no_other_licence_of_the_text_passes(said: str) -> None:
    page = lxml.html.document_fromstring(PAGE.format(meta=said, text=STORY))
    assert contradiction(page_statements(page), frozenset({"CC-BY-4.0"})) is None


@pytest.mark.parametrize("label", ["Licencia", "LICENÇA", "Derechos", "Direitos", "rights"])
def test_a_bag_s_own_licence_is_seen_under_any_name(workspace: Workspace, params: Params, label: str) -> None:
    register(workspace)
    folder = deliver(workspace, {"a.txt": STORY}, format="bagit")
    import bagit

    bag = bagit.Bag(str(folder))
    bag.info[label] = "Todos los derechos reservados"
    bag.save()
    take_in(workspace, params)
    assert reasons(workspace) == {"bag-info.txt": "licence_contradiction"}
