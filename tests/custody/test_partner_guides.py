"""docs/partners shows what the commands really print, in both languages: a library's deposit, its receipt, its withdrawal."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from latamgpt.cli import main
from latamgpt.params import Params, read_params
from latamgpt.records import HELD_OUT_SCHEMA, TOKEN_SHARD_SCHEMA, Report
from latamgpt.store import Workspace, rows_to_table, write_report
from latamgpt.table_format import write_table
from latamgpt.training.checkpoint import DATA_ORDER_SCHEMA
from tests.builders import publish_rows, shard_row
from tests.conftest import ROOT
from tests.custody.test_operator_page import examples
from tests.custody.test_withdraw import run_to_corpus
from tests.receipts.conftest import publish_release, seen

GUIDES = [ROOT / "docs" / "partners" / name for name in ("guia.md", "guide.md")]
PARTNER = "biblioteca-temuco"
RIVER = (
    "La abuela contaba que el río bajaba despacio en los años de sequía, y que entonces la gente del pueblo cruzaba a pie para "
    "llevar la fruta al mercado. Nadie tenía prisa, porque el camino era largo y el sol no perdonaba a los apurados.\n"
)
TRAIN = (
    "Querida hermana: el tren llegó con dos horas de atraso y la estación estaba llena de gente que esperaba noticias de sus "
    "familias. Mañana sigo viaje hacia el sur y te escribo en cuanto tenga una mesa donde apoyar el papel.\n"
)
LETTERS = {"rio.txt": RIVER, "tren.txt": TRAIN, "primo.txt": f"CC BY-NC-ND 4.0\n{TRAIN.replace('hermana', 'prima')}"}
REGISTRY = {
    "id": PARTNER,
    "name": "Biblioteca de Temuco (ejemplo)",
    "country": "CL",
    "kind": "library",
    "contact": "encargada de colecciones",
    "data_steward": "jefatura de preservación",
    "sample": True,
    "agreements": [
        {
            "id": "bt-2026-01",
            "title": "Cartas y relatos",
            "licence": "CC-BY-4.0",
            "consent": "holder",
            "purposes": ["train", "evaluate", "release"],
            "valid_from": "2026-01-01",
            "valid_until": "2028-12-31",
            "attribution": "Biblioteca de Temuco",
        }
    ],
}


@pytest.fixture
def library(office: Workspace) -> Workspace:
    """A library under an agreement, alone in the run, and the folder that it sends."""
    (office.root / "partners" / f"{PARTNER}.yaml").write_text(
        yaml.safe_dump(REGISTRY, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    path = office.root / "params.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8")) | {"partners": [PARTNER]}
    values["clean_documents"]["name_tagger"] = None  # none was learned here, and no letter names anybody
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    graph = office.root / "dvc.yaml"
    graph.write_text(graph.read_text(encoding="utf-8").replace("/academia-quechua", f"/{PARTNER}"), encoding="utf-8")
    shutil.copytree(ROOT / "governance" / "withdrawals", office.root / "governance" / "withdrawals")
    withdrawals = office.root / "governance" / "withdrawals"
    shutil.copy(withdrawals / "academia-quechua.yaml", withdrawals / f"{PARTNER}.yaml")
    (office.root / "cartas-1962").mkdir()
    for name, text in LETTERS.items():
        (office.root / "cartas-1962" / name).write_text(text, encoding="utf-8")
    return office


def release(workspace: Workspace) -> None:
    """What the stages make of the deposit: the story is trained on while it is there, else the letter, which is held out too."""
    params: Params = read_params(workspace.root)
    run_to_corpus(workspace, params)
    rows = {row["path"]: row["doc_id"] for row in pq.read_table(workspace.place("corpus") / "documents.parquet").to_pylist()}
    trained = rows.get("rio.txt", rows["tren.txt"])
    given = {"partner": PARTNER, "agreement": "bt-2026-01"}
    files = {
        "train/00000.parquet": ([shard_row(trained, [1] * 64, **given)], TOKEN_SHARD_SCHEMA),
        "held_out/00000.parquet": ([shard_row(rows["tren.txt"], [2] * 60, **given)], HELD_OUT_SCHEMA),
    }
    publish_rows(workspace, "token_shards", "", files)
    with workspace.publish("checkpoint") as folder:
        order = [seen(step, trained, 0, 0, 64, epoch=step) for step in range(2)]
        write_table(folder / "data_order.parquet", rows_to_table(order, DATA_ORDER_SCHEMA))
        counts = {"num_steps": 60, "num_tokens": 61_440, "num_parameters": 1_000_000}
        write_report(folder, Report(stage="checkpoint", summary="a fixture", counts=counts))
    publish_release(workspace)


def printed(workspace: Workspace, command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints, in the workspace's folder; `latamgpt` in this process, any other in a shell."""
    if command.startswith("latamgpt "):
        capsys.readouterr()
        main(shlex.split(command)[1:])
        captured = capsys.readouterr()
        return (captured.out + captured.err).replace(f"{workspace.root}/", "")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    run = subprocess.run(["sh", "-c", command], cwd=workspace.root, env=environment, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def replay(workspace: Workspace, page: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    """Every command of a page, what the page says that it prints, and what it printed."""
    done: list[tuple[str, str, str]] = []
    for command, expected in examples(page):
        if command.startswith("latamgpt receipt"):
            release(workspace)
        done.append((command, expected, printed(workspace, command, capsys)))
    return done


def comparable(text: str) -> str:
    """Without blank lines and the sha256 of manifests: those change with the key that signs and the library that writes."""
    return re.sub(r"(checkpoint  |manifest )[0-9a-f]{12}", r"\1*", re.sub(r"\n+", "\n", text)).strip()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the guide shows how openssl checks the signature")
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_every_command_of_a_guide_prints_what_the_guide_says(
    library: Workspace, capsys: pytest.CaptureFixture[str], page: Path
) -> None:
    done = replay(library, page, capsys)
    assert len(done) >= 8
    for command, expected, found in done:
        assert comparable(found) == comparable(expected), command


def test_both_guides_show_the_same_commands() -> None:
    spanish, english = ([command for command, _ in examples(page)] for page in GUIDES)
    assert [command.replace("--lang en", "--lang es") for command in english] == spanish
