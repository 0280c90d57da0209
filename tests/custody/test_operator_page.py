"""docs/operator.md shows what the commands really print."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.intake import documents
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "operator.md"
LETTERS = {
    "carta-01.txt": "Querida hermana: el tren llegó con dos horas de atraso y la estación estaba llena de gente que esperaba.\n",
    "carta-02.txt": "Querida hermana: ayer por fin dejó de llover y salimos a ver el puente, que sigue en pie.\n",
    "carta-03.txt": "CC BY-NC-ND 4.0\nQuerida hermana: esta la mandó el primo, que no quiere que se copie ni que se cambie.\n",
}
VARIES = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00|Head: \S+|Leaves the corpus: .*|No corpus is .*|Stages that become stale .*")


def examples(page: Path = PAGE) -> list[tuple[str, str]]:
    """Every command of the page with what the page says that it prints."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [
        (command, printed) for block in blocks for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)
    ]


def comparable(text: str) -> str:
    return VARIES.sub("*", text).strip()


@pytest.fixture
def letters(office: Workspace) -> Workspace:
    """Three letters that a partner sent, and one partner of the samples taken in."""
    (office.root / "gitconfig").write_text("[user]\n  name = Rosa Huenchulaf\n", encoding="utf-8")
    shutil.copytree(ROOT / "samples" / "museo-altiplano", office.root / "samples" / "museo-altiplano")
    shutil.copytree(ROOT / "governance" / "withdrawals", office.root / "governance" / "withdrawals")
    sent = office.root.parent / "recibido" / "cartas-1962"
    shutil.rmtree(sent, ignore_errors=True)
    sent.mkdir(parents=True)
    for name, text in LETTERS.items():
        (sent / name).write_text(text, encoding="utf-8")
    return office


def test_every_command_of_the_page_prints_what_the_page_says(
    letters: Workspace, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    documents.run(letters, params, "museo-altiplano")
    assert len(examples()) >= 6
    for command, expected in examples():
        capsys.readouterr()
        main(shlex.split(command)[1:])
        captured = capsys.readouterr()
        assert comparable(captured.out + captured.err) == comparable(expected), command
    assert Path(letters.root / "samples" / "museo-ferroviario" / "cartas-1962" / "manifest-sha256.txt").is_file()
