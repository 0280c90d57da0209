"""Numbers and bullets of word processors' lists, as their readers see them."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latamgpt.intake.list_numbers import in_letters, in_roman
from latamgpt.intake.opendocument import parse_odt
from latamgpt.intake.quarantine import Rejected
from latamgpt.intake.word import parse_docx
from tests.intake.made_files import W, docx
from tests.intake.test_hidden_in_odt import styled

LEVELS = [
    [("decimal", "%1."), ("lowerLetter", "%2)"), ("lowerRoman", "(%3)")],
    [("bullet", "\uf0b7"), ("bullet", "o")],
    [("decimal", "Artículo %1.-"), ("decimal", "%1.%2")],
    [("upperRoman", "%1"), ("decimalZero", "%1.%2")],
    [("ordinalText", "%1"), ("upperLetter", "%2.")],
]


def numbering(more: str = "") -> str:
    kinds = ""
    for kind, levels in enumerate(LEVELS, 1):
        kinds += f'<w:abstractNum w:abstractNumId="{kind}">'
        for n, (form, text) in enumerate(levels):
            style = '<w:pStyle w:val="Articulo"/>' if (kind, n) == (3, 0) else ""
            looks = f'<w:start w:val="1"/><w:numFmt w:val="{form}"/>{style}<w:lvlText w:val="{text}"/>'
            kinds += f'<w:lvl w:ilvl="{n}">{looks}</w:lvl>'
        kinds += "</w:abstractNum>"
    lists = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in range(1, len(LEVELS) + 1))
    return f"<w:numbering {W}>{kinds}{lists}{more}</w:numbering>"


def item(words: str, number: int | str = 1, level: int | None = 0, mark: str = "", style: str = "") -> str:
    at = "" if level is None else f'<w:ilvl w:val="{level}"/>'
    listed = f'<w:numPr>{at}<w:numId w:val="{number}"/></w:numPr>' if number else ""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    run = f"<w:r><w:t>{words}</w:t></w:r>" if words else ""
    return f"<w:p><w:pPr>{named}{listed}<w:rPr>{mark}</w:rPr></w:pPr>{run}</w:p>"


def word(folder: Path, *paragraphs: str, more: str = "", styles: str = "", numbers: str = "") -> list[str]:
    members = {"word__numbering_xml": numbers or numbering(more), "word__styles_xml": f"<w:styles {W}>{styles}</w:styles>"}
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    members["word___rels__document.xml_rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{related}/numbering" Target="numbering.xml"/>'
        f'<Relationship Id="r2" Type="{related}/styles" Target="styles.xml"/></Relationships>'
    )
    path = folder / "a.docx"
    path.write_bytes(docx("".join(paragraphs), **members))
    return parse_docx(str(path), "a.docx")[0].text.split("\n\n")


def test_word_s_numbers_count_on_and_begin_anew_by_level(tmp_path: Path) -> None:
    levels = [0, 0, 1, 1, 2, 0, 1]
    found = word(tmp_path, *(item(f"p{n}", level=level) for n, level in enumerate(levels)))
    assert found == ["1. p0", "2. p1", "a) p2", "b) p3", "(i) p4", "3. p5", "a) p6"]


def test_word_s_numbers_count_on_behind_other_paragraphs(tmp_path: Path) -> None:
    found = word(tmp_path, item("uno"), item("otro", number=""), item("cosa", number=2), item("dos"))
    assert found == ["1. uno", "otro", "- cosa", "2. dos"]


def test_word_s_list_that_begins_anew_does_and_others_of_its_kind_go_on(tmp_path: Path) -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    more = f'<w:num w:numId="9"><w:abstractNumId w:val="1"/>{anew}</w:num>'
    more += '<w:num w:numId="10"><w:abstractNumId w:val="1"/></w:num>'
    found = word(tmp_path, item("a"), item("b"), item("c", 9), item("d", 9), item("e", 10), more=more)
    assert found == ["1. a", "2. b", "5. c", "6. d", "7. e"]


def test_numbers_that_word_s_styles_give_are_written_in_headings_too(tmp_path: Path) -> None:
    based = '<w:style w:type="paragraph" w:styleId="{}"><w:name w:val="{}"/>{}</w:style>'
    styles = based.format("Articulo", "heading 1", '<w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr>')
    styles += based.format("Otro", "Otro", '<w:basedOn w:val="Articulo"/>')
    paragraphs = [item("Del agua", "", style="Articulo"), item("inciso", 3, 1), item("De la tierra", "", style="Articulo")]
    found = word(tmp_path, *paragraphs, item("Sin", 0, style="Articulo"), item("x", "0", style="Articulo"), styles=styles)
    assert found == ["Artículo 1.- Del agua", "1.1 inciso", "Artículo 2.- De la tierra", "Artículo 3.- Sin", "x"]


def test_word_s_other_forms(tmp_path: Path) -> None:
    found = word(tmp_path, item("a", 4), item("b", 4), item("c", 4, 1))
    assert found == ["I a", "II b", "II.01 c"]


def test_a_number_in_words_stays_a_dash(tmp_path: Path) -> None:
    assert word(tmp_path, item("a", 5), item("b", 5, 1)) == ["- a", "A. b"]


def test_paragraphs_that_word_does_not_show_have_no_number_and_empty_ones_count(tmp_path: Path) -> None:
    deleted = item("fuera", mark="<w:del/>").replace("w:t>", "w:delText>")
    found = word(tmp_path, item("a"), item("oculto", mark="<w:vanish/>"), deleted, item(""), item("b"))
    assert [one for one in found if "oculto" not in one] == ["1. a", "3. b"]


@pytest.mark.parametrize("level", ["99999999999", "-1", "x", "9"])
def test_a_level_that_there_is_not_has_no_number(tmp_path: Path, level: str) -> None:
    found = word(tmp_path, item("a").replace('w:ilvl w:val="0"', f'w:ilvl w:val="{level}"'))
    assert [one.removeprefix("1. ") for one in found] == ["a"]


STYLES = (
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="P0"/>'
    '<style:style style:name="P0" style:family="paragraph" style:list-style-name="L2"/>'
    '<text:list-style style:name="L1">'
    '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")" text:start-value="3"/>'
    '<text:list-level-style-number text:level="3" style:num-format="1" style:num-suffix="." text:display-levels="3"/>'
    '</text:list-style><text:list-style style:name="L2">'
    '<text:list-level-style-bullet text:level="1" text:bullet-char="•"/>'
    '<text:list-level-style-number text:level="2" style:num-format="I" style:num-list-format="Cap. %2%:"/>'
    '<text:list-level-style-number text:level="3" style:num-format=""/>'
    "</text:list-style>"
)


def listed(*items: str, style: str = "L1", more: str = "") -> str:
    named = f'text:style-name="{style}"' if style else ""
    return f"<text:list {named} {more}>{''.join(items)}</text:list>"


def entry(words: str, *inside: str, more: str = "") -> str:
    own = f"<text:p>{words}</text:p>" if words else ""
    return f"<text:list-item {more}>{own}{''.join(inside)}</text:list-item>"


def office(folder: Path, *body: str, styles: str = STYLES) -> list[str]:
    path = folder / "a.odt"
    path.write_bytes(styled("".join(body), more=styles))
    return parse_odt(str(path), "a.odt")[0].text.split("\n\n")


def test_an_odt_s_numbers_count_by_level(tmp_path: Path) -> None:
    third = listed(entry("c"), entry("d"), style="")
    found = office(tmp_path, listed(entry("a"), entry("b", listed(entry("x", third), entry("y"), style="")), entry("z")))
    assert found == ["1. a", "2. b", "c) x", "2.c.1. c", "2.c.2. d", "d) y", "3. z"]


def test_an_odt_s_list_goes_on_only_where_it_says_so(tmp_path: Path) -> None:
    first = listed(entry("a"), more='xml:id="uno"')
    again, anew = listed(entry("b"), more='text:continue-numbering="true"'), listed(entry("c"))
    named, from_seven = listed(entry("d"), more='text:continue-list="uno"'), entry("e", more='text:start-value="7"')
    found = office(tmp_path, first, "<text:p>otro</text:p>", again, anew, named, listed(from_seven, entry("f")))
    assert found == ["1. a", "otro", "2. b", "1. c", "3. d", "7. e", "8. f"]


def test_an_odt_s_bullets_are_dashes_and_levels_without_a_mark_have_none(tmp_path: Path) -> None:
    deeper = listed(entry("", listed(entry("sin"), style="")), entry("dos"), style="")
    assert office(tmp_path, listed(entry("uno", deeper), style="L2")) == ["- uno", "sin", "Cap. I: dos"]


def test_only_an_item_s_first_paragraph_has_its_mark(tmp_path: Path) -> None:
    header = "<text:list-header><text:p>Lista</text:p></text:list-header>"
    page = "<text:list-item><text:soft-page-break/><text:p>b</text:p></text:list-item>"
    found = office(tmp_path, listed(header, entry("a", "<text:p>sigue</text:p>"), page, entry(" "), entry("c")))
    assert found == ["Lista", "1. a", "sigue", "2. b", "4. c"]


def test_a_paragraph_s_style_may_name_the_list_s_and_no_style_says_no_mark(tmp_path: Path) -> None:
    by_style = '<text:list-item><text:p text:style-name="P1">a</text:p></text:list-item>'
    assert office(tmp_path, listed(by_style, entry("b"), style=""), listed(entry("c"), style="X")) == ["- a", "b", "c"]


def test_numbers_of_items_in_a_table_s_cell_stand_in_it(tmp_path: Path) -> None:
    cell = f"<table:table-cell>{listed(entry('a'), entry('b'))}</table:table-cell>"
    assert office(tmp_path, f"<table:table><table:table-row>{cell}</table:table-row></table:table>") == ["1. a 2. b"]


CHANGES = st.tuples(st.integers(0, 3000), st.integers(0, 30), st.text(alphabet='<>/"=%w:1-9é\n', max_size=8))
ODD = ["w:ilvl", "w:numId", "w:abstractNumId", "w:val", "%1", '"1"', "text:level", "style:num-format", "text:display-levels"]


def changed(text: str, at: int, length: int, put: str) -> str:
    at %= len(text)
    return text[:at] + put + text[at + length :]


@settings(max_examples=40)
@given(change=CHANGES)
def test_whatever_word_s_numbering_says_all_words_are_read_or_the_file_is_named(change: tuple[int, int, str]) -> None:
    paragraphs = [item("uno"), item("dos", 1, 1), item("tres", 3)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = " ".join(word(Path(folder), *paragraphs, numbers=changed(numbering(), *change)))
        except Rejected:
            return
    assert [one in found for one in ("uno", "dos", "tres")] == [True] * 3


@settings(max_examples=40)
@given(change=CHANGES, odd=st.sampled_from(ODD), put=st.sampled_from(["", "-1", "99999999999999", "%99%", "x", '""']))
def test_whatever_list_styles_say_all_words_are_read_or_the_file_is_named(
    change: tuple[int, int, str], odd: str, put: str
) -> None:
    body = listed(entry("uno", listed(entry("dos"), style="")), more='xml:id="a" text:continue-list="a"')
    for styles in (changed(STYLES, *change), STYLES.replace(odd, put)):
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = " ".join(office(Path(folder), body, styles=styles))
            except Rejected:
                continue
        assert [one in found for one in ("uno", "dos")] == [True] * 2


@pytest.mark.parametrize("odd", ["w:ilvl", "w:numId", "w:abstractNumId", "w:start w:val", "w:numFmt w:val", "w:lvlText w:val"])
@pytest.mark.parametrize("put", ["", "-1", "99999999999999", "%9", "x", "%1%1%1"])
def test_whatever_word_s_numbers_are_all_words_are_read(tmp_path: Path, odd: str, put: str) -> None:
    numbers = re.sub(f'{odd}="[^"]*"', f'{odd}="{put}"', numbering())
    found = " ".join(word(tmp_path, item("uno"), item("dos", 1, 1), numbers=numbers))
    assert [one in found for one in ("uno", "dos")] == [True] * 2


def test_numbers_are_written_as_word_processors_write_them() -> None:
    assert [in_letters(n, doubled=True) for n in (0, 1, 26, 27, 28, 677)] == ["", "A", "Z", "AA", "BB", ""]
    assert [in_letters(n, doubled=False) for n in (26, 27, 28, 53)] == ["Z", "AA", "AB", "BA"]
    assert [in_roman(n) for n in (0, 4, 9, 1949, 4000)] == ["", "IV", "IX", "MCMXLIX", ""]
