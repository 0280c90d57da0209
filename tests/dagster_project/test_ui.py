"""The three user interfaces: ports that are taken, servers that start and end together."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dagster_project.doc_pages import data_docs
from dagster_project.home import settings
from dagster_project.ports import must_be_free
from dagster_project.ui import dagster_command, mlflow_command
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.servers.ports import free_ports


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    chosen = {name: int(port) for name, port in free_ports().items()}
    for name, port in chosen.items():
        monkeypatch.setenv(name, str(port))
    return chosen


def test_a_port_in_use_is_named_with_the_way_out(ports: dict[str, int]) -> None:
    address = settings(Workspace(ROOT)).mlflow
    with socket.create_server((address.host, address.port)), pytest.raises(OperatorError) as caught:
        must_be_free(address)
    said = str(caught.value)
    assert f"port {address.port} on 127.0.0.1 is in use, so MLflow cannot listen there" in said
    assert f"LATAMGPT_MLFLOW_PORT={address.port + 10} make ui" in said


def test_a_port_that_is_taken_after_it_was_looked_at_is_named_too(tmp_path: Path, ports: dict[str, int]) -> None:
    address = settings(Workspace(ROOT)).docs
    taken = socket.create_server((address.host, address.port))
    with (
        taken,
        pytest.raises(OperatorError, match=f"port {address.port} on 127.0.0.1 is in use"),
        data_docs(Workspace(tmp_path), address),
    ):
        pytest.fail("it listens on a port that another program has")


@pytest.mark.parametrize("chosen", ["http", "0", "65536", "\u00b2", "-1", ""])
def test_a_port_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    monkeypatch.setenv("LATAMGPT_DAGSTER_PORT", chosen)
    with pytest.raises(OperatorError, match=f"LATAMGPT_DAGSTER_PORT is '{chosen}', not a port number"):
        settings(Workspace(ROOT))


def test_every_server_is_told_to_listen_on_this_machine_only(ports: dict[str, int]) -> None:
    chosen = settings(Workspace(ROOT))
    for command in (dagster_command(Workspace(ROOT), chosen), mlflow_command(Workspace(ROOT), chosen)):
        assert command[command.index("--host") + 1] == "127.0.0.1"
    assert chosen.server.environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_data_docs_are_served_over_http(tmp_path: Path, ports: dict[str, int]) -> None:
    folder = tmp_path / "var" / "data_docs" / "corpus_gate"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<p>all 13 expectations hold</p>")
    address = settings(Workspace(ROOT)).docs
    with data_docs(Workspace(tmp_path), address), urllib.request.urlopen(f"{address.url}/corpus_gate/index.html") as answer:
        assert b"all 13 expectations hold" in answer.read()


def test_the_scorecards_page_is_served_beside_the_data_docs(tmp_path: Path, ports: dict[str, int]) -> None:
    folder = tmp_path / "data" / "scorecard"
    folder.mkdir(parents=True)
    (folder / "scorecard.es.html").write_text("<p>ganó</p>", encoding="utf-8")
    address = settings(Workspace(ROOT)).docs
    with data_docs(Workspace(tmp_path), address):
        with urllib.request.urlopen(f"{address.url}/scorecard/scorecard.es.html") as page:
            assert page.read().decode() == "<p>ganó</p>"
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{address.url}/scorecard/scorecard.pt.html")
        caught.value.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_all_three_start_together_and_end_together(tmp_path: Path, ports: dict[str, int]) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    environment.pop("DAGSTER_HOME", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_project.ui"],
        cwd=clone,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    urls = re.findall(r"http://\S+", "".join(lines))
    assert len(urls) == 3, lines
    for url in urls:
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    rest = threading.Thread(target=process.communicate)
    rest.start()
    rest.join(60)
    assert process.returncode == 0
    for port in ports.values():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def test_receipts_are_served_beside_the_data_docs_and_a_missing_one_says_how_it_is_made(
    ports: dict[str, int], tmp_path: Path
) -> None:
    address = settings(Workspace(ROOT)).docs
    folder = tmp_path / "var" / "receipts" / "museo-dos"
    folder.mkdir(parents=True)
    (folder / "receipt.html").write_text('<html lang="en"><body>\nreceipt', encoding="utf-8")
    (folder / "SHA256SUMS").write_text("sums", encoding="utf-8")
    (tmp_path / "var" / "secret.txt").write_text("secret", encoding="utf-8")
    with data_docs(Workspace(tmp_path), address):
        with urllib.request.urlopen(f"{address.url}/receipts/museo-dos/receipt.html") as page:
            shown = page.read().decode()
        with urllib.request.urlopen(f"{address.url}/receipts/museo-dos/SHA256SUMS") as sums:
            assert sums.read() == b"sums"
        assert shown.endswith("receipt")
        assert "not known for which release this receipt was made. It is made anew by: latamgpt receipt museo-dos" in shown
        for path, said in (("receipts/archivo-uno/receipt.html", "latamgpt receipt archivo-uno"), ("receipts/../secret.txt", "")):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{address.url}/{path}")
            assert caught.value.code == 404
            assert said in caught.value.read().decode()
            caught.value.close()
