"""The server on its port: only this machine, headers that keep other pages out, caps on what is sent."""

import http.client
import re
import threading
from collections.abc import Generator

import pytest

from latamgpt.cli import main
from latamgpt.corrections.requests import ACCESS_COOKIE, FORM_KIND
from latamgpt.corrections.scan_page import ScanPage
from latamgpt.corrections.server import MAX_POST_BYTES, Server, open_server
from latamgpt.store import Workspace


@pytest.fixture
def server(waiting: ScanPage, office: Workspace) -> Generator[Server]:
    with open_server(office, 0, "", lambda _: None) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield opened
        finally:
            opened.shutdown()
            thread.join()


def ask(server: Server, method: str, target: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    cookie = f"{ACCESS_COOKIE}_{server.server_port}={server.desk.access}"
    line.request(method, target, body, {"Cookie": cookie, **headers})
    answer = line.getresponse()
    answer.content = answer.read()
    line.close()
    return answer


def test_it_listens_on_this_machine_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_a_request_that_was_not_let_in_is_refused(server: Server, waiting: ScanPage) -> None:
    for target in ("/", f"/scan/{waiting.id}"):
        assert ask(server, "GET", target, Cookie="").status == 403
    answer = ask(server, "GET", f"/?access={server.desk.access}", Cookie="")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert f"{ACCESS_COOKIE}_{server.server_port}=" in answer.headers["Set-Cookie"]


def test_no_page_may_load_run_or_frame_anything_foreign(server: Server, waiting: ScanPage) -> None:
    for target in ("/", f"/page/{waiting.id}", f"/scan/{waiting.id}", "/style.css", "/nothing"):
        answer = ask(server, "GET", target)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self';")
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert b"<script" not in answer.content
        assert b"http://" not in answer.content
        assert b"https://" not in answer.content
    assert ask(server, "GET", f"/scan/{waiting.id}").headers["Content-Type"] == "image/png"


def test_too_large_a_post_is_refused_in_words(server: Server, waiting: ScanPage) -> None:
    answer = ask(server, "POST", f"/page/{waiting.id}", b"x" * (MAX_POST_BYTES + 1), **{"Content-Type": FORM_KIND})
    assert answer.status == 413
    assert "Vuelva atrás" in answer.content.decode()


def test_a_post_without_a_length_is_refused(server: Server, waiting: ScanPage) -> None:
    assert ask(server, "POST", f"/page/{waiting.id}", **{"Transfer-Encoding": "chunked"}).status == 411


def test_a_post_that_is_cut_off_saves_nothing(server: Server, waiting: ScanPage, office: Workspace) -> None:
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    line.putrequest("POST", f"/page/{waiting.id}")
    line.putheader("Content-Length", "500")
    line.endheaders(b"text=El+maestro")
    line.close()
    assert ask(server, "GET", "/").status == 200
    assert not (office.root / "governance" / "audit.jsonl").exists()


def test_a_port_that_is_taken_is_said(server: Server, office: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corrections", "serve", "--port", str(server.server_port)]) == 2
    assert "cannot be listened on" in capsys.readouterr().err
    assert main(["corrections", "serve", "--port", "70000"]) == 2


def test_it_stops_with_ctrl_c(office: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(server: Server) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupted)
    assert main(["corrections", "serve", "--port", "0"]) == 0
    printed = capsys.readouterr().out
    assert "0 pages wait for people, 0 are corrected\nhttp://127.0.0.1:" in printed
    assert re.search(r"/\?access=[\w-]{43}\n", printed)
    assert printed.endswith("stopped\n")
