"""What an ODT holds and does not show is left out and counted."""

import pytest

from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.made_files import ODF, odt
from tests.intake.test_formats import STORY
from tests.intake.test_hidden_from_readers import NUM_CHARS, ORDER, left_out, read

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
MORE = f'xmlns:style="{OASIS}:style:1.0" xmlns:fo="{OASIS}:xsl-fo-compatible:1.0"'
SHOWN = f"<text:p>{STORY}</text:p>"
SPAN = f"<text:p>{STORY}<text:span text:style-name='T1'> {ORDER}</text:span></text:p>"
PARAGRAPH = f"{SHOWN}<text:p text:style-name='T1'>{ORDER}</text:p>"


def styled(body: str, says: str = "", family: str = "text", more: str = "") -> bytes:
    """An ODT with one automatic style."""
    style = f"<style:style style:name='T1' style:family='{family}'>{says}</style:style>"
    content = (
        f"<office:document-content {ODF} {MORE}><office:automatic-styles>{more}{style}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return odt("", content_xml=content)


def text(says: str) -> str:
    return f"<style:text-properties {says}/>"


def section(attributes: str) -> str:
    return f"{SHOWN}<text:section {attributes}><text:p>{ORDER}</text:p></text:section>"


@pytest.mark.parametrize(
    "made",
    [
        styled(SPAN, text("text:display='none'")),
        styled(SPAN, text("fo:color='#ffffff'")),
        styled(SPAN, text("fo:color='#fefefe'")),
        styled(SPAN, text("fo:font-size='1pt'")),
        styled(SPAN, text("fo:color='#000000' fo:background-color='#000000'")),
        styled(PARAGRAPH, text("text:display='none'"), "paragraph"),
        styled(
            PARAGRAPH, "<style:paragraph-properties fo:background-color='#ffffff'/>" + text("fo:color='#ffffff'"), "paragraph"
        ),
        styled(section("text:display='none'")),
        styled(section("text:display='condition' text:is-hidden='true'")),
        styled(f"<text:p>{STORY} <text:hidden-text text:is-hidden='true'>{ORDER}</text:hidden-text></text:p>"),
        styled(f"{SHOWN}<text:p>{ORDER}<text:hidden-paragraph text:is-hidden='true'/></text:p>"),
        styled(
            SPAN.replace("T1", "T2"),
            text("text:display='none'"),
            more="<style:style style:name='T2' style:family='text' style:parent-style-name='T1'/>",
        ),
    ],
)
def test_an_odt_s_hidden_text_is_named_and_the_rest_is_read(workspace: Workspace, params: Params, made: bytes) -> None:
    assert read(workspace, params, "a.odt", made) == STORY
    assert left_out(workspace) == [("a.odt", "hidden_from_readers", NUM_CHARS)]


@pytest.mark.parametrize(
    "made",
    [
        styled(SPAN, text("text:display='true'")),
        styled(SPAN, text("fo:color='#ffffff' fo:background-color='#000080'")),
        styled(SPAN, text("fo:color='#808080' fo:font-size='6pt'")),
        styled(SPAN, text("fo:font-size='80%'")),
        styled(section("text:display='true'")),
        styled(section("text:display='condition' text:is-hidden='false'")),
        styled(SPAN, text("fo:color='#ffffff'"), more="<style:page-layout-properties fo:background-color='#202020'/>"),
        styled(
            f"{SHOWN}<draw:frame><draw:text-box>{PARAGRAPH}</draw:text-box></draw:frame>", text("fo:color='#ffffff'"), "paragraph"
        ),
        styled(SPAN, text("text:display='none'"), "paragraph"),
    ],
)
def test_an_odt_s_text_that_readers_see_stays(workspace: Workspace, params: Params, made: bytes) -> None:
    assert ORDER in read(workspace, params, "a.odt", made)
    assert left_out(workspace) == []


def test_white_by_a_style_of_the_whole_document_is_hidden(workspace: Workspace, params: Params) -> None:
    white, black = text("fo:color='#ffffff'"), text("fo:color='#000000'")
    styles = (
        f"<office:document-styles {ODF} {MORE}><style:default-style style:family='paragraph'>{white}</style:default-style>"
        f"<style:style style:name='Visto' style:family='paragraph'>{black}</style:style></office:document-styles>"
    )
    body = f"<text:p text:style-name='Visto'>{STORY}</text:p><text:p>{ORDER}</text:p>"
    assert read(workspace, params, "a.odt", odt(body, styles_xml=styles)) == STORY
    assert left_out(workspace) == [("a.odt", "hidden_from_readers", NUM_CHARS)]


def test_what_is_shown_again_within_hidden_text_stays(workspace: Workspace, params: Params) -> None:
    body = (
        f"<text:p><text:span text:style-name='T1'>{ORDER}<text:span text:style-name='T2'>{STORY}</text:span></text:span></text:p>"
    )
    shown = "<style:style style:name='T2' style:family='text'>" + text("text:display='true'") + "</style:style>"
    assert read(workspace, params, "a.odt", styled(body, text("text:display='none'"), more=shown)) == STORY
