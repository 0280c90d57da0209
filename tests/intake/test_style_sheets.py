"""What a page's style sheets hide is left out and counted; what they show, and what cannot be judged, stays."""

import lxml.html
import pytest

from latamgpt.intake.hidden_markup import take_out_hidden
from latamgpt.intake.style_sheets import TooManyRulesError, declarations
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.made_files import epub
from tests.intake.test_formats import PAGE, STORY
from tests.intake.test_hidden_from_readers import NUM_CHARS, ORDER, left_out, read
from tests.work import num_steps


def styled(css: str, marked: str = 'class="nota otra" id="uno" lang="es"') -> tuple[int, str]:
    """How much of a page is hidden, and what is left."""
    page = lxml.html.document_fromstring(
        f"<html><head><style>{css}</style></head><body><article><p>{STORY}</p><div {marked}><b>{ORDER}</b></div></article></body>"
    )
    num_chars = take_out_hidden(page)
    return num_chars, page.find("body").text_content()


@pytest.mark.parametrize(
    "css",
    [
        ".nota { display: none }",
        ".nota.otra{display:none}",
        "#uno { visibility: hidden; }",
        "div { font-size: 0 }",
        "article > div { content-visibility: hidden }",
        "body .nota { position: absolute; left: -9999px }",
        "p + div, h1 { clip: rect(0, 0, 0, 0) }",
        "p ~ .nota { clip-path: inset(50%) }",
        "div[lang] { text-indent: -9999px }",
        'div[lang="es"][class^=no] { margin-left: -99999px }',
        ":root div { height: 0; overflow: hidden }",
        "@supports (display: grid) and (gap: 0) { .nota { display: none } }",
        ".nota { display: none } .nota::after { display: block }",
        "div:not(.fuera) { display: none }",
        "*{color:#fff} p{color:#000}",
        "body { background: #222 } div { color: rgb(34, 34, 34) } p { color: white }",
        ".nota { color: #fdfdfd }",
        ".nota { color: hsl(0, 0%, 99%) }",
        ".nota { background: no-repeat white; color: white }",
        ".nota { font-size: 1px }",
        "@media screen { .nota { display: none } }",
        "@supports (display: grid) { .nota { display: none } }",
        "/* .x { */ .nota { dis\\70 lay: none } /* } */",
        "@import url(otra.css); .nota { display: none",
        ".nota { content: '}'; display: none }",
        "<!-- .nota { display: none } -->",
        ".nota { display: none !important } #uno { display: block }",
        "div { display: none } p:hover { display: block }",
    ],
)
def test_text_that_a_style_sheet_hides_is_taken_out_and_counted(css: str) -> None:
    assert styled(css) == (NUM_CHARS, STORY)


@pytest.mark.parametrize(
    "css",
    [
        ".nota { display: none } #uno { display: block }",
        "#uno { display: block } .nota { display: none }",
        ".nota { display: none } .nota { display: block }",
        ".otro { display: none }",
        "h1 + div, article + div, body > div { display: none }",
        ".nota:hover { display: none }",
        ".nota::after { display: none }",
        ":root div { max-height: 0; overflow: hidden }",
        "article > div { opacity: 0 }",
        ".nota { visibility: hidden } .nota.activa { visibility: visible }",
        ".nota { display: none } .nota:target { display: block }",
        ".nota { display: none } input:checked ~ .nota { display: block }",
        ".nota { display: none } @media (max-width: 600px) { .nota { display: block } }",
        ".nota { color: #fff; background: #222 } .nota:hover { background: #333 }",
        "@supports not (display: grid) { .nota { display: none } }",
        "div:not(.nota) { display: none }",
        "@media print { .nota { display: none } }",
        "@media (max-width: 600px) { .nota { display: none } }",
        "@keyframes x { from { opacity: 0 } }",
        "@font-face { display: none }",
        "body { background: #222 } div { color: white }",
        "article { background: url(cielo.png) } div { color: #fff }",
        ".nota { background: linear-gradient(red, blue); color: transparent }",
        "div { color: var(--tinta) }",
        ".nota { opacity: .9; font-size: 10px; text-indent: -2em; margin-left: -20px }",
        "} .nota display: none {",
    ],
)
def test_text_that_a_style_sheet_shows_or_that_nobody_can_judge_stays(css: str) -> None:
    assert styled(css) == (0, STORY + ORDER)


def test_the_element_s_own_style_holds_before_a_sheet_s_unless_that_one_is_important() -> None:
    shown = 'class="nota" style="display:block"'
    assert styled(".nota { display: none }", shown)[0] == 0
    assert styled(".nota { display: none !important }", shown)[0] == NUM_CHARS


def test_a_sheet_for_paper_hides_nothing_on_a_screen() -> None:
    page = lxml.html.document_fromstring(f"<style media='print'>p {{display:none}}</style><p>{STORY}</p>")
    assert take_out_hidden(page) == 0


def test_of_a_background_the_words_are_kept_apart() -> None:
    assert [one.value for one in declarations("background: White  no-repeat; clip: rect(0 0 0 0)")] == [
        "white no-repeat",
        "rect(0000)",
    ]


def test_a_page_s_own_sheet_is_heeded_and_the_rest_is_read(workspace: Workspace, params: Params) -> None:
    page = PAGE.format(meta="<style>.s{display:none}</style>", text=f"{STORY}</p><p class='s'>{ORDER}</p><p>{STORY}")
    assert "alcalde" not in read(workspace, params, "a.html", page)
    assert left_out(workspace) == [("a.html", "hidden_from_readers", NUM_CHARS)]


def test_a_book_s_linked_sheet_is_heeded(workspace: Workspace, params: Params) -> None:
    link = "<link rel='stylesheet' href='../css/a%20b.css'/><link rel='stylesheet' href='http://x/y.css'/>"
    book = epub([f"{link}<p>{STORY}</p><p class='s'>{ORDER}</p>"], **{"css__a b.css": ".s{visibility:hidden}"})
    assert read(workspace, params, "a.epub", book) == STORY
    assert left_out(workspace) == [("a.epub", "hidden_from_readers", NUM_CHARS)]


def test_a_page_whose_sheets_ask_for_too_much_work_is_read_without_them(workspace: Workspace, params: Params) -> None:
    css = "".join(f"i {'* ' * 14}b.k{n % 7}{{color:red}}" for n in range(400))
    page = f"<style>{css}</style>{'<div>' * 100}{'<b class=k1></b>' * 2000}<p>{STORY}</p>{'</div>' * 100}"
    with pytest.raises(TooManyRulesError):
        take_out_hidden(lxml.html.document_fromstring(page))
    text = read(workspace, params, "a.html", f"<html><body>{page}<p hidden>{ORDER}</p></body></html>")
    assert STORY in text
    assert left_out(workspace) == [("a.html", "hidden_from_readers", NUM_CHARS), ("a.html", "hidden_from_readers", 0)]


def test_a_long_law_whose_articles_follow_its_title_is_not_slow() -> None:
    css = "h1 ~ p { display: none } h2 ~ p { color: #fff } h1 ~ p ~ i { display: none }"
    page = lxml.html.document_fromstring(f"<style>{css}</style><h1>Ley</h1>{'<p>a</p>' * 2500}<i>b</i>")
    assert take_out_hidden(page) == 2501


@pytest.mark.parametrize(
    "body",
    [
        f"<style>.n{{display:none}}</style><a href='#n1'>1</a><p class=n id=n1>{STORY}</p>",
        f"<style>.n{{display:none}}</style><aside class=n epub:type='footnote'>{STORY}</aside>",
        f"<section hidden role='doc-endnotes'><p>{STORY}</p></section>",
        f"<style>h1{{position:absolute;color:#fff}}</style><div><img src=a.jpg><h1>{STORY}</h1></div>",
        f"<style>.h img{{position:absolute}} h1{{color:#fff}}</style><div class=h><img src=a.jpg><h1>{STORY}</h1></div>",
    ],
)
def test_notes_what_a_link_leads_to_and_titles_over_pictures_stay(body: str) -> None:
    page = lxml.html.document_fromstring(f"<html><body>{body}</body></html>")
    assert take_out_hidden(page) == 0


def test_work_grows_with_the_page_and_not_with_its_square() -> None:
    def page(size: int) -> lxml.html.HtmlElement:
        css = "".join(f".k{n} b {{ color: #{n:03} }}" for n in range(size))
        return lxml.html.document_fromstring(f"<style>{css}</style>" + "".join(f"<p class=k{n}>a</p>" for n in range(size)))

    assert num_steps(take_out_hidden, page(80)) < 2.5 * num_steps(take_out_hidden, page(40))
