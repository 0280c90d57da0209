"""Front matter of Markdown: out of the text, and what it states is held against the agreement as a sidecar's fields are."""

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from latamgpt.intake.front_matter import MAX_CHARS, without_front_matter
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.test_any_bytes import ALIASES, MERGES
from tests.intake.test_formats import STORY

HEADS = {
    "yaml": '---\ntitle: "El río"\ndate: 1890-05-12\nlang: quy\nlicense: {license}\n---\n\n',
    "yaml with points at its end": "---  \nTítulo: >\n  El\n  río\nfecha: 12/05/1890\nlanguage: quy\nlicencia: {license}\n...\n",
    "yaml from Windows": "---\r\ntitle: El río\r\ndate: mayo de 1890\r\nlang: quy\r\nrights: {license}\r\n---\r\n\r\n",
    "toml": '+++\ntitle = "El río"\ndate = 1890-05-12\nlang = "quy"\nlicense = "{license}"\n+++\n',
}


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


@pytest.mark.parametrize("kind", sorted(HEADS))
def test_front_matter_is_no_text_and_says_what_the_text_is(archive: Workspace, params: Params, kind: str) -> None:
    deliver(archive, {"a.md": HEADS[kind].format(license="CC BY 4.0") + STORY}, format="markdown")
    take_in(archive, params)
    (row,) = documents(archive)
    assert (row["text"], row["title"], row["declared_language"], row["period"]) == (STORY, "El río", "quy", "1890s")


@pytest.mark.parametrize("kind", sorted(HEADS))
def test_a_licence_in_front_matter_that_contradicts_is_found(archive: Workspace, params: Params, kind: str) -> None:
    files = {"a.md": HEADS[kind].format(license="CC BY-NC-ND 4.0") + STORY, "b.md": "Uno.", "c.md": "Dos."}
    deliver(archive, dict(files), format="markdown")
    take_in(archive, params)
    assert reasons(archive) == {"a.md": "licence_contradiction"}
    assert "the front matter of a.md" in str(exclusions(archive)[0]["detail"])


@pytest.mark.parametrize(
    "head",
    [
        "---\ntitle: Uno\nlicense:\n  name: CC BY-NC 4.0\n---\n",
        "---\ntitle: Uno\nlicense: [CC BY 4.0, CC BY-NC 4.0]\n---\n",
        "---\ntitle: Uno\nfooter: Todos los derechos reservados\n---\n",
        "---\ntitle: Uno\ndescription: |\n  Se publica bajo CC BY-NC-SA 4.0\n---\n",
        "% Uno\n% Autora (CC BY-NC 4.0)\n\n",
    ],
)
def test_a_licence_anywhere_in_front_matter_is_found(archive: Workspace, params: Params, head: str) -> None:
    deliver(archive, {"a.md": head + STORY, "b.md": "Uno.", "c.md": "Dos."}, format="markdown")
    take_in(archive, params)
    assert reasons(archive) == {"a.md": "licence_contradiction"}


def test_the_sidecar_wins_but_a_licence_that_contradicts_is_found_in_each(archive: Workspace, params: Params) -> None:
    head = HEADS["yaml"].format(license="CC BY 4.0")
    sidecar = {"title": "Río abajo", "language": "es-UY", "date": "1950"}
    other = HEADS["yaml"].format(license="CC BY-NC 4.0")
    files: dict[str, bytes | str] = {"a.md": head + STORY, "a.json": orjson.dumps(sidecar), "b.md": other + "Uno."}
    files |= {"b.json": orjson.dumps({"license": "CC BY 4.0"}), "c.md": head + "Dos."}
    files |= {"c.json": orjson.dumps({"license": "CC BY-NC 4.0"}), "d.md": "Tres.", "e.md": "Cuatro."}
    deliver(archive, files, format="markdown")
    take_in(archive, params)
    assert reasons(archive) == {"b.md": "licence_contradiction", "c.md": "licence_contradiction"}
    first = next(row for row in documents(archive) if row["path"] == "a.md")
    assert (first["title"], first["declared_language"], first["period"]) == ("Río abajo", "es-UY", "1950s")


def test_pandoc_s_title_block_is_front_matter() -> None:
    headed = without_front_matter("% El río\n% Ana Pérez\n% 1890\n\nUn texto.")
    assert (headed.text, headed.fields) == ("Un texto.", {"title": "El río", "author": "Ana Pérez", "date": "1890"})


WHOLE = {
    "a break and a dialogue": "---\nAna: ¿Quién vive?\nPedro: Nadie.\n---\nY nadie era.",
    "a break and a heading": "---\n# El río\ntitle: no\n---\nUn texto.",
    "a break and a blank line": "---\n\ntitle: El río\n---\nUn texto.",
    "a break and no end": "---\ntitle: El río\n\nUn texto.",
    "two breaks and nothing": "---\n---\nUn texto.",
    "a list": "---\n- title\n- date\n---\nUn texto.",
    "words": "---\nUna línea sola, title\n---\nUn texto.",
    "a key that stands twice": "---\ntitle: Uno\nlicense: CC BY 4.0\nlicense: CC0-1.0\n---\nUn texto.",
    "brackets without end": "---\ntitle: [Uno\n---\nUn texto.",
    "deep nesting": f"---\ntitle: {'[' * 9000}{']' * 9000}\n---\nUn texto.",
    "shallow nesting": f"---\ntitle: {'[' * 20}{']' * 20}\n---\nUn texto.",
    "an alias bomb": f"---\ntitle: Uno\na: &a [x]\n{ALIASES}license: *i\n---\nUn texto.",
    "a bomb of merges": f"---\ntitle: Uno\na: &a {{x: 1}}\n{MERGES}---\nUn texto.",
    "an alias of itself": "---\ntitle: &a [*a]\n---\nUn texto.",
    "more than a head": f"---\ntitle: {'a' * MAX_CHARS}\n---\nUn texto.",
    "a megabyte": "---\n" + "title: Uno\n" * 90_000 + "---\nUn texto.",
    "a megabyte of values": "---\ntitle: [" + "a," * 10_000 + "]\n---\nUn texto.",
    "half a pair of surrogates": '---\ntitle: "\\uD800"\n---\nUn texto.',
    "a zero byte": '---\ntitle: "\\0"\n---\nUn texto.',
    "toml that is damaged": '+++\ntitle = "Uno\n+++\nUn texto.',
    "toml nested deeply": f"+++\ntitle = {'[' * 9000}{']' * 9000}\n+++\nUn texto.",
    "toml with a number too long": f"+++\ntitle = {'9' * 5000}\n+++\nUn texto.",
    "a percentage": "% 40 de la población\n\nhabla guaraní.",
    "percentages": "% 40 habla guaraní\n% 30 castellano\n\nUn texto.",
    "a museum's card": "---\nTipo: cántaro\nMaterial: barro\nDescripción: un cántaro\n---\nUn texto.",
    "a letter that there is not": '---\ntitle: "\\UFFFFFFFF"\n---\nUn texto.',
    "a version without end": f"---\n%YAML {'9' * 5000}.1\ntitle: Uno\n---\nUn texto.",
}


@pytest.mark.parametrize("case", sorted(WHOLE))
def test_what_is_damaged_or_no_front_matter_for_sure_stays_text(case: str) -> None:
    headed = without_front_matter(WHOLE[case])
    assert headed.text == WHOLE[case]
    assert headed.fields == {}


def test_tags_of_yaml_make_nothing() -> None:
    fields = without_front_matter("---\ntitle: !!python/object/apply:os.system [ls]\ndate: !!int x\n---\nUn texto.").fields
    assert fields == {"title": ["ls"], "date": "x"}


def test_damaged_front_matter_is_a_text_s_first_part_and_its_licence_is_found(archive: Workspace, params: Params) -> None:
    damaged = f"---\ntitle: [Uno\nlicense: CC BY-NC 4.0\n---\n{STORY}"
    deliver(archive, {"a.md": damaged, "b.md": "Uno.", "c.md": "Dos."}, format="markdown")
    take_in(archive, params)
    assert reasons(archive) == {"a.md": "licence_contradiction"}


def test_a_text_that_is_all_front_matter_is_named_as_empty(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.md": "---\ntitle: Uno\n---\n", "b.md": STORY}, format="markdown")
    take_in(archive, params)
    assert reasons(archive) == {"a.md": "empty_document"}


HEAD_CHARS = st.text(alphabet="abtitle: \n-+%[]{}&*\"'!|>#.0\\u=ñ\r\t", max_size=80)


@given(inside=HEAD_CHARS, mark=st.sampled_from(["---", "+++", "%"]))
@example(inside="title: &a [*a, *a]", mark="---")
@example(inside="? [a]\n: title", mark="---")
def test_of_any_head_nothing_is_lost(inside: str, mark: str) -> None:
    text = f"{mark}\n{inside}\n{mark}\ntitle: x\n{mark}\nFin."
    headed = without_front_matter(text)
    assert text.endswith(headed.text)
    assert headed.text == text or (headed.head in text and headed.fields)
