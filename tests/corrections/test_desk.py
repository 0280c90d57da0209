"""The correction page: what people see in three languages, what is refused, and that nothing they typed is lost."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from latamgpt.corrections.desk import Answer, Desk
from latamgpt.corrections.queue import Queue
from latamgpt.corrections.requests import ACCESS_COOKIE, FORM_KIND, Request
from latamgpt.corrections.scan_page import ScanPage, State
from latamgpt.corrections.views import PAGES_AT_ONCE
from latamgpt.corrections.words import WORDS_PATH, words
from latamgpt.custody.edits import FileEdit
from latamgpt.governance.audit import sound
from latamgpt.pages import Language
from latamgpt.store import Workspace
from tests.corrections.conftest import ONE
from tests.custody.files import state
from tests.intake.deliveries import deliver, register
from tests.intake.scans_made import ocr_result, page

HOST = {"host": "127.0.0.1:5002"}
TYPED = "El maestro <b>rural</b> ’ʼ' g̃uahẽ & más\r\notra línea"


@pytest.fixture
def said() -> list[str]:
    """What the server says to the operator."""
    return []


@pytest.fixture
def desk(queue: Queue, said: list[str]) -> Desk:
    return Desk(queue, "Rosa Operadora", said.append)


def let_in(desk: Desk, **headers: str) -> dict[str, str]:
    """The headers of a browser that came with the printed address before."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    port = given.get("host", HOST["host"]).rpartition(":")[2]
    return HOST | given | {"cookie": f"{given.get('cookie', 'other=1')}; {ACCESS_COOKIE}_{port}={desk.access}"}


def get(desk: Desk, target: str, **headers: str) -> Answer:
    return desk.answer(Request("GET", target, let_in(desk, **headers)))


def shown(answer: Answer) -> str:
    """A page's words, without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", answer.content.decode()))


def typed_text(answer: Answer) -> str:
    """What stands in the form's field, as a browser reads it."""
    found = re.search(r'<textarea id="text"[^>]*>\n(.*?)</textarea>', answer.content.decode(), re.DOTALL)
    return html.unescape(found[1])


def form(desk: Desk, one: ScanPage, **changes: str) -> dict[str, str]:
    return {"token": desk.token, "seen": one.version, "text": TYPED, "corrector": "Ña Teodora"} | changes


def post(desk: Desk, one: ScanPage, fields: dict[str, str], **headers: str) -> Answer:
    plain = {"content_type": FORM_KIND, "origin": "http://127.0.0.1:5002"}
    return desk.answer(Request("POST", f"/page/{one.id}", let_in(desk, **plain | headers), urlencode(fields).encode()))


def test_a_browser_is_let_in_by_the_printed_address_alone_and_then_by_its_cookie(desk: Desk, waiting: ScanPage) -> None:
    answer = desk.answer(Request("GET", f"/?partner=archivo-sur&access={desk.access}", HOST))
    headers = dict(answer.headers)
    assert (answer.status, headers["Location"]) == (303, "/?partner=archivo-sur")
    cookie, _, rest = headers["Set-Cookie"].partition("; ")
    assert rest == "Path=/; HttpOnly; SameSite=Strict"
    for target in ("/", f"/page/{waiting.id}", f"/scan/{waiting.id}", "/style.css"):
        assert desk.answer(Request("GET", target, HOST | {"cookie": cookie})).status == 200


@pytest.mark.parametrize("cookie", ["", "corrections_access_5002=", "corrections_access_5002=x", "corrections_access_5003=TOKEN"])
def test_nobody_else_on_the_machine_reads_or_saves_anything(
    desk: Desk, waiting: ScanPage, office: Workspace, cookie: str
) -> None:
    before = state(office.root)
    headers = HOST | {"cookie": cookie.replace("TOKEN", desk.access)}
    pages = (
        "/",
        f"/page/{waiting.id}",
        f"/scan/{waiting.id}",
        "/style.css",
        "/?access=",
        "/?access=x",
        "/x",
        "/page/x?access=TOKEN",
    )
    for target in pages:
        answer = desk.answer(Request("GET", target.replace("TOKEN", desk.access), headers))
        assert answer.status == 403
        assert waiting.scan not in answer.content.decode()
        assert words(Language.SPANISH)["no_access"] in shown(answer)
    sent = headers | {"content-type": FORM_KIND, "origin": "http://127.0.0.1:5002"}
    answer = desk.answer(Request("POST", f"/page/{waiting.id}", sent, urlencode(form(desk, waiting)).encode()))
    assert answer.status == 403
    assert TYPED in html.unescape(answer.content.decode())  # it is theirs: the program may have been started anew meanwhile
    assert waiting.scan not in answer.content.decode()
    assert state(office.root) == before


def test_each_start_has_an_address_of_its_own(desk: Desk, queue: Queue) -> None:
    again = Desk(queue, "Rosa Operadora", lambda _: None)
    assert again.answer(Request("GET", "/", let_in(desk))).status == 403
    assert len({desk.access, again.access, desk.token, again.token}) == 4


@pytest.mark.parametrize("language", list(Language))
def test_the_queue_and_a_page_are_read_in_the_language_that_is_asked_for(
    desk: Desk, waiting: ScanPage, language: Language
) -> None:
    spoken = words(language)
    answer = get(desk, f"/?lang={language.value}")
    assert spoken["waiting"] in shown(answer)
    assert spoken["unsure"] in shown(answer)
    (cookie,) = [value for name, value in answer.headers if name == "Set-Cookie"]
    again = get(desk, f"/page/{waiting.id}", cookie=cookie.partition(";")[0])
    assert spoken["your_text"] in shown(again)
    assert f'<html lang="{language.value}">' in again.content.decode()


def test_a_browser_s_own_language_is_taken_and_spanish_otherwise(desk: Desk) -> None:
    assert words(Language.PORTUGUESE)["title"] in shown(get(desk, "/", accept_language="fr, pt-BR;q=0.8, en"))
    assert words(Language.SPANISH)["title"] in shown(get(desk, "/", accept_language="qu"))


def test_every_word_is_there_in_every_language() -> None:
    lacking = [key for key, texts in yaml.safe_load(WORDS_PATH.read_text("utf-8")).items() if set(texts) != set(Language)]
    assert lacking == []


def test_the_machine_s_doubtful_words_are_marked(desk: Desk, waiting: ScanPage) -> None:
    page_html = get(desk, f"/page/{waiting.id}").content.decode()
    assert "<mark>Fl</mark> <mark>rnaestr0</mark> rural" in page_html
    assert f'<img src="/scan/{waiting.id}"' in page_html


def test_a_correction_is_saved_thanked_for_and_leads_to_the_next_page(
    desk: Desk, waiting: ScanPage, queue: Queue, said: list[str]
) -> None:
    answer = post(desk, waiting, form(desk, waiting))
    assert (answer.status, dict(answer.headers)["Location"]) == (303, f"/?saved={waiting.id}")
    now = queue.look().find(waiting.id)
    assert (now.text, now.corrections[0].corrector) == (TYPED.replace("\r\n", "\n"), "Ña Teodora")
    assert "page 1 of hojas/acta-1.tif corrected" in said[0]
    queue_now = get(desk, f"/?saved={waiting.id}")
    assert words(Language.SPANISH)["saved"] in shown(queue_now)
    assert f'<a href="/page/{queue.look().pages[0].id}">{words(Language.SPANISH)["next"]}' in queue_now.content.decode()
    cookie = dict(answer.headers)["Set-Cookie"].partition(";")[0]
    assert 'value="Ña Teodora"' in get(desk, f"/page/{waiting.id}", cookie=cookie).content.decode()


def test_who_would_rather_not_be_named_is_not(desk: Desk, waiting: ScanPage, queue: Queue) -> None:
    assert post(desk, waiting, form(desk, waiting, anonymous="yes")).status == 303
    assert queue.look().find(waiting.id).corrections[0].corrector == "anonymous"
    assert words(Language.SPANISH)["anonymous_name"] in shown(get(desk, "/"))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"text": " \r\n"}, "text_missing"),
        ({"blank": "yes"}, "text_not_blank"),
        ({"corrector": "  "}, "name_missing"),
        ({"text": "a\x00b"}, "text_odd"),
        ({"corrector": "x" * 201}, "text_odd"),
    ],
)
def test_what_is_missing_is_said_and_the_text_stays(
    desk: Desk, waiting: ScanPage, office: Workspace, changes: dict[str, str], word: str
) -> None:
    before = state(office.root)
    answer = post(desk, waiting, form(desk, waiting, **changes))
    assert answer.status == 422
    assert words(Language.SPANISH)[word] in shown(answer)
    assert typed_text(answer) == changes.get("text", TYPED)
    assert state(office.root) == before


def test_a_page_without_text_may_be_said_to_be_blank(desk: Desk, waiting: ScanPage, queue: Queue) -> None:
    assert post(desk, waiting, form(desk, waiting, text="", blank="yes")).status == 303
    assert (queue.look().find(waiting.id).text, queue.look().find(waiting.id).state) == ("", State.CORRECTED)


def test_the_second_of_two_sees_both_texts_and_may_save_after_all(desk: Desk, waiting: ScanPage, queue: Queue) -> None:
    post(desk, waiting, form(desk, waiting))
    answer = post(desk, waiting, form(desk, waiting, text="Otra <lectura>", corrector="Juan"))
    assert answer.status == 409
    assert words(Language.SPANISH)["meanwhile"] in shown(answer)
    assert "Ña Teodora" in shown(answer)
    assert TYPED.splitlines()[0] in shown(answer)
    assert typed_text(answer) == "Otra <lectura>"
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', answer.content.decode())[1]
    assert post(desk, waiting, form(desk, waiting, text="Otra <lectura>", corrector="Juan", seen=seen)).status == 303
    assert [one.corrector for one in queue.look().find(waiting.id).corrections] == ["Ña Teodora", "Juan"]


def test_a_post_from_elsewhere_is_refused(desk: Desk, waiting: ScanPage, office: Workspace) -> None:
    before = state(office.root)
    for origin in ("http://evil.example", "null", "http://127.0.0.1:8080", "https://127.0.0.1:5002"):
        answer = post(desk, waiting, form(desk, waiting), origin=origin)
        assert (answer.status, TYPED in shown(answer)) == (403, False)
    assert state(office.root) == before


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:5002", "", "localhost@evil", "0.0.0.0:5002"])
def test_a_name_that_is_not_this_machine_s_is_refused(desk: Desk, waiting: ScanPage, host: str) -> None:
    for target in ("/", f"/page/{waiting.id}", f"/scan/{waiting.id}"):
        assert get(desk, target, host=host).status == 403


def test_a_form_without_the_token_of_this_start_is_given_back_and_not_saved(
    desk: Desk, waiting: ScanPage, office: Workspace
) -> None:
    before = state(office.root)
    answer = post(desk, waiting, form(desk, waiting, token="of the start before"))
    assert answer.status == 409
    assert typed_text(answer) == TYPED
    assert f'name="seen" value="{waiting.version}"' in answer.content.decode()
    assert state(office.root) == before


@pytest.mark.parametrize(
    "target",
    ["/scan/../../etc/passwd", "/scan/%2e%2e%2f", "/scan/", "/scan/0123456789abcdef0123", "/page/x", "/?partner=../..", "/x"],
)
def test_nothing_but_pages_of_the_queue_is_served(desk: Desk, target: str) -> None:
    assert get(desk, target).status == 404


def test_a_clean_page_s_picture_is_not_served(desk: Desk, queue: Queue, delivery: Path) -> None:
    first = queue.look().pages[0]
    clean = replace(first, scan="hojas/acta-2.tif")
    assert (delivery / clean.scan).is_file()
    assert get(desk, f"/scan/{clean.id}").status == 404


def test_a_page_that_may_not_be_shown_any_more_gives_the_typed_text_back(
    desk: Desk, waiting: ScanPage, office: Workspace
) -> None:
    register(office, labels=["tk_secret_sacred"], labels_by="la comunidad")
    assert get(desk, f"/page/{waiting.id}").status == 404
    assert get(desk, f"/scan/{waiting.id}").status == 404
    answer = post(desk, waiting, form(desk, waiting))
    assert answer.status == 410
    assert TYPED.splitlines()[0] in shown(answer)
    assert waiting.text not in shown(answer)


def test_a_picture_that_cannot_be_drawn_is_said_and_the_text_may_still_be_mended(
    desk: Desk, queue: Queue, office: Workspace
) -> None:
    register(office)
    broken = b"\x89PNG broken"
    deliver(office, {"b.png": broken, "b.png.ocr.json": ocr_result(broken, page(1, "Fl", 41.0))}, format="files", id="rotos")
    one = next(one for one in queue.look().pages if one.scan == "b.png")
    answer = get(desk, f"/page/{one.id}")
    assert words(Language.SPANISH)["no_picture"] in shown(answer)
    assert "<img" not in answer.content.decode()
    assert get(desk, f"/scan/{one.id}").status == 404
    assert post(desk, one, form(desk, one)).status == 303


def test_a_full_disk_is_said_and_the_text_stays(
    desk: Desk, waiting: ScanPage, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(edit: FileEdit, root: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileEdit, "draft", full)
    answer = post(desk, waiting, form(desk, waiting))
    assert (answer.status, typed_text(answer)) == (503, TYPED)
    assert "No space left on device" in said[0]


def test_a_registry_that_does_not_read_is_said_and_shows_nothing(desk: Desk, office: Workspace, waiting: ScanPage) -> None:
    (office.root / "partners" / "archivo-sur.yaml").write_text("id: [")
    answer = get(desk, "/")
    assert answer.status == 500
    assert waiting.scan not in shown(answer)


def test_what_is_no_form_is_refused(desk: Desk, waiting: ScanPage) -> None:
    headers = let_in(desk, content_type=FORM_KIND)
    for body in (b"\xff", b"text=%FF&token=a&seen=b", b"", b"text=a", b"&".join([b"a=b"] * 40)):
        assert desk.answer(Request("POST", f"/page/{waiting.id}", headers, body)).status == 400
    assert post(desk, waiting, form(desk, waiting), content_type="text/plain").status == 400


def test_an_empty_queue_says_so(office: Workspace, said: list[str]) -> None:
    assert words(Language.SPANISH)["empty"] in shown(get(Desk(Queue(office), "Rosa", said.append), "/"))


def test_a_long_queue_comes_in_parts(office: Workspace, said: list[str]) -> None:
    register(office)
    pages = [page(number, "Fl", 41.0) for number in range(1, PAGES_AT_ONCE + 12)]
    deliver(office, {"a.tif": ONE, "a.tif.ocr.json": ocr_result(ONE, *pages)}, format="files")
    desk = Desk(Queue(office), "Rosa", said.append)
    first, second = get(desk, "/?partner=archivo-sur"), get(desk, f"/?from={PAGES_AT_ONCE}&partner=archivo-sur")
    assert first.content.decode().count('href="/page/') == PAGES_AT_ONCE
    assert second.content.decode().count('href="/page/') == 11
    assert f'href="/?from={PAGES_AT_ONCE}&amp;partner=archivo-sur" rel="next"' in first.content.decode()
    assert 'rel="prev"' in second.content.decode()
    assert get(desk, "/?from=-3").status == 200


def test_two_who_press_the_button_at_once_lose_nothing(desk: Desk, waiting: ScanPage, office: Workspace) -> None:
    def one(number: int) -> int:
        return post(desk, waiting, form(desk, waiting, text=f"lectura {number}", corrector=f"persona {number}")).status

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [303, 409, 409, 409]
    assert len(sound(office).entries) == 1
