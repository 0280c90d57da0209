"""A whole correction as a person does it, in a real browser; and a server that is killed between two corrections."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from latamgpt.corrections.queue import Queue
from latamgpt.corrections.scan_page import State
from latamgpt.intake import documents as stage
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.intake.deliveries import documents, exclusions
from tests.servers.ports import free_port
from tests.servers.ui import browser

PARTNER = "archivo-litoral"
TYPED = "EL COSTERO\n\nSegún el cura, ko’ẽ porã, k'iche' ʼarandu g̃uahẽ: el primer número salió un domingo."
SECONDS_TO_START = 60

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed: sh scripts/setup-browser.sh"),
]


@pytest.fixture
def sample(office: Workspace) -> Workspace:
    """The samples' scans, in a workspace of their own."""
    place = Path("samples", PARTNER, "hojas-del-litoral")
    shutil.copytree(ROOT / place, office.root / place)
    return office


@contextmanager
def served(workspace: Workspace, port: int) -> Generator[str]:
    """`latamgpt corrections serve`, up, and killed at the end; gives the address that it prints."""
    log = workspace.root / "serve.log"
    command = [sys.executable, "-m", "latamgpt.cli", "corrections", "serve", "--port", str(port), "--actor", "Operadora"]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=workspace.root, stdout=stream, stderr=subprocess.STDOUT, env=_environment())
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while "Ctrl-C stops it" not in log.read_text(encoding="utf-8"):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield re.findall(r"http://\S+access=\S+", log.read_text(encoding="utf-8"))[0]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def open_page(chromium: Browser, url: str, **device: object) -> Page:
    page = chromium.new_context(locale="es-CL", **device).new_page()
    page.goto(url)
    page.get_by_role("link", name="imprenta-2.tif").click()
    expect(page.get_by_role("button", name="Guardar")).to_be_visible()
    return page


def fill(page: Page, text: str, name: str) -> None:
    page.get_by_label("El texto corregido").fill(text)
    page.get_by_label("Su nombre").fill(name)
    page.get_by_role("button", name="Guardar").click()


def test_two_people_correct_a_page_and_the_next_run_uses_it_though_the_server_is_killed(
    sample: Workspace, params: Params
) -> None:
    stage.run(sample, params, PARTNER)
    assert [row["reason"] for row in exclusions(sample, PARTNER)] == ["ocr_low_confidence"]
    port = free_port()
    with browser() as chromium:
        with served(sample, port) as url:
            first = open_page(chromium, url, viewport={"width": 1280, "height": 860})
            picture = first.get_by_role("img")
            assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
            assert first.locator("mark").all_inner_texts()[:3] == ["EL", "COSTERO", "aseguiaba"]
            second = open_page(chromium, url, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
            assert second.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            fill(first, TYPED, "Ña Teodora O’Higgins")
            expect(first.get_by_role("status")).to_contain_text("Guardado. Gracias.")
            fill(second, "Otra lectura.", "Juan")
            expect(second.get_by_role("alert")).to_contain_text("Otra persona guardó esta página")
            expect(second.locator(".theirs")).to_have_text(TYPED)
            expect(second.get_by_label("El texto corregido")).to_have_value("Otra lectura.")
        with served(sample, port) as url:  # killed, and started anew: its address lets in again, and the typed text is given back
            second.get_by_label("El texto corregido").fill(TYPED + "\nFin.")
            second.get_by_role("button", name="Guardar").click()
            expect(second.get_by_role("alert")).to_contain_text("la dirección que el programa escribió")
            expect(second.get_by_label("El texto corregido")).to_have_value(TYPED + "\nFin.")
            second.context.new_page().goto(url)
            second.go_back()
            second.get_by_label("El texto corregido").fill(TYPED + "\nFin.")
            second.get_by_role("button", name="Guardar").click()
            expect(second.get_by_role("alert")).to_contain_text("El programa se reinició")
            second.get_by_role("button", name="Guardar").click()
            expect(second.get_by_role("status")).to_contain_text("Guardado. Gracias.")
            expect(second.get_by_role("main")).to_contain_text("No hay páginas por corregir.")
    (page,) = Queue(sample).look(PARTNER).pages
    assert (page.state, page.text) == (State.CORRECTED, TYPED + "\nFin.")
    assert [one.corrector for one in page.corrections] == ["Ña Teodora O’Higgins", "Juan"]
    stage.run(sample, params, PARTNER)
    assert exclusions(sample, PARTNER) == []
    assert any(re.search("ko’ẽ porã, k'iche' ʼarandu g̃uahẽ", str(row["text"])) for row in documents(sample, PARTNER))


def test_a_page_is_corrected_by_keyboard_alone(sample: Workspace) -> None:
    port = free_port()
    with browser() as chromium, served(sample, port) as url:
        page = chromium.new_context(locale="pt-BR").new_page()
        page.goto(url)
        for _ in range(4):  # three languages, then the page
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Salvar")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # 'go to the text'
        expect(page.get_by_label("O texto corrigido")).to_be_focused()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text("O jornal saiu.")
        for _ in range(3):  # blank, name, not named
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Salvo.")
    (corrected,) = Queue(sample).look(PARTNER).pages
    assert (corrected.text, corrected.corrections[0].corrector) == ("O jornal saiu.", "anonymous")
