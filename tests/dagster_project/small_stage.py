"""The stages of the small factory: `small_stage.py NAME [KEY]`, published as real stages publish.

var/fail-STAGE makes a stage fail with a message; var/hold-STAGE makes it write half its output and wait to be killed.
"""

import os
import signal
import sys
from datetime import date
from pathlib import Path

import yaml

from latamgpt.errors import OperatorError
from latamgpt.launch.interruption import InterruptedBySignalError, interruptible
from latamgpt.records import Curve, Expectation, Report, Severity, Table
from latamgpt.registry.partners import Edge, Purpose, read_institution
from latamgpt.registry.rights import rule
from latamgpt.store import Workspace, must_have_passed, write_json, write_report

TEXT = "text.txt"


def main(name: str, key: str) -> None:
    workspace = Workspace(Path.cwd())
    params = yaml.safe_load(Path("params.yaml").read_text())
    mark = f"{name}@{key}" if key else name
    if (workspace.root / "var" / f"fail-{mark}").exists():
        raise OperatorError(f"{mark}: 2 of 3 files are broken. Mend them and run again.")
    text, expectations = work(workspace, params, name, key)
    with workspace.publish(name, key) as folder:
        (folder / "half.txt").write_text("half of it")
        if (workspace.root / "var" / f"hold-{mark}").exists():
            (workspace.root / "var" / f"held-{mark}").touch()
            end_with_a_signal(workspace.root / "var" / f"ended-{mark}")
        (folder / "half.txt").unlink()
        (folder / TEXT).write_text(text)
        if name == "release_candidate":
            write_json(folder / "model.json", {"name": "small"})
        write_report(folder, report(name, key, text, expectations))


def end_with_a_signal(note: Path) -> None:
    """Wait to be killed, and note at once whether somebody cancelled."""
    with interruptible() as interruption:
        try:
            interruption.wait(600)
        except InterruptedBySignalError as interrupted:
            note.write_text("cancelled" if interrupted.is_cancelled else "left alone")
            os.kill(os.getpid(), signal.SIGKILL)


def work(workspace: Workspace, params: dict, name: str, key: str) -> tuple[str, list[Expectation]]:
    if name == "documents":
        files = (
            sorted((workspace.root / "samples" / key).rglob("*.txt")) if permitted(workspace, params, key, Edge.INTAKE) else []
        )
        return "\n".join(path.read_text().strip() for path in files), []
    if name == "clean_documents":
        return (workspace.read("documents", key) / TEXT).read_text() * params["clean_documents"]["times"], []
    if name == "documents_gate":
        text = (workspace.read("clean_documents", key) / TEXT).read_text()
        bad = text.count("BAD")
        return "", [Expectation(kind="expect_no_bad", severity=Severity.CRITICAL, passed=not bad, observed=f"{bad} bad words")]
    if name == "corpus":
        for partner in params["partners"]:
            must_have_passed(workspace, "documents_gate", partner)
        kept = [p for p in params["partners"] if permitted(workspace, params, p, Edge.CORPUS)]
        return "\n".join((workspace.read("clean_documents", p) / TEXT).read_text() for p in kept), []
    if name == "checkpoint":
        return (workspace.read("corpus") / TEXT).read_text() + str(params["checkpoint"]["rate"]), []
    if name == "release_candidate":
        return (workspace.read("checkpoint") / TEXT).read_text(), []
    workspace.read("release_candidate")
    return (workspace.root / "approvals" / "approval.yaml").read_text(), []


def permitted(workspace: Workspace, params: dict, partner: str, edge: Edge) -> bool:
    institution, day = read_institution(workspace.root, partner), date.fromisoformat(params["rights"]["as_of"])
    return rule(institution, f"{partner}-1", "CC0-1.0", Purpose.TRAIN, day, edge=edge).permitted


def report(name: str, key: str, text: str, expectations: list[Expectation]) -> Report:
    return Report(
        stage=name,
        key=key,
        summary=f"kept {len(text):,} characters",
        counts={"characters": len(text)},
        tables=(Table(name="languages", columns=("language", "documents"), rows=(("es", len(text)), ("quy", 1))),),
        curves=(Curve(name="loss", x_label="tokens", y_label="loss", x=(0.0, 1.0), y=(2.0, 1.0)),),
        expectations=tuple(expectations),
    )


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
    except OperatorError as error:
        sys.stderr.write(f"latamgpt: {error}\n")
        sys.exit(error.exit_code)
