"""The checkpoint stage, really run: DeepSpeed in processes of its own, killed and taken up again."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from latamgpt.budget.ledger import read_ledger
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.launch import ranks
from latamgpt.launch.site import read_site
from latamgpt.launch.vigil import Limits
from latamgpt.object_store.door import ObjectStore
from latamgpt.object_store.folders import whole_folders
from latamgpt.object_store.upload import unfinished
from latamgpt.params import Params
from latamgpt.records import Expectation, Report, Severity
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, sha256_file, write_report
from latamgpt.tracking.links import find_link
from latamgpt.tracking.sending import send_left
from latamgpt.tracking.server import connect
from latamgpt.training.state_files import PART_NAME
from tests.conftest import ROOT
from tests.servers.s3 import s3_server
from tests.training.conftest import make_ready
from tests.training.faulty_worker import HOLD_VARIABLE, STOP_VARIABLE

FAULTY_WORKER = "tests.training.faulty_worker"
FOR_EVER = "valid_from: 2020-01-01, valid_until: 2099-12-31}]"
PUBLISHED = ("model.safetensors", "curve.json", "data_order.parquet", "report.json", "config.json", "tokenizer.json")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, small: Params) -> Workspace:
    """A workspace whose training ran without any kill."""
    workspace = make_ready(tmp_path_factory.mktemp("straight") / "ready", base_folder)
    run_stage(workspace, small, "checkpoint")
    return workspace


def start(workspace: Workspace, params: Params, stderr: int = subprocess.DEVNULL, hold: str = "") -> "subprocess.Popen[bytes]":
    """The stage as a process; with `hold` it stays for ever in the writing of the state after that step."""
    path = workspace.root / "params.json"
    path.write_text(params.model_dump_json())
    command = [sys.executable, "-m", "tests.training.stage_process", str(workspace.root), str(path)]
    if not hold:
        return subprocess.Popen(command, cwd=ROOT, stderr=stderr)
    return subprocess.Popen([*command, FAULTY_WORKER], cwd=ROOT, stderr=stderr, env={**os.environ, HOLD_VARIABLE: hold})


def kill_when(workspace: Workspace, params: Params, pattern: str) -> Path:
    """Start the stage, SIGKILL it (its parent process only) as soon as a file of this name is there; returns the state folder."""
    process = start(workspace, params, hold="".join(re.findall(r"draft-(\d+)", pattern)))
    while not any(workspace.root.glob(f"var/resume/checkpoint/*/{pattern}")):
        assert process.poll() is None, "the training ended before it could be killed"
        Event().wait(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (folder,) = workspace.root.glob("var/resume/checkpoint/*")
    wait_for_lock(folder)
    return folder


def wait_for_lock(folder: Path) -> None:
    """Until the kernel has ended the training processes too, which it does when their parent dies."""
    import fcntl

    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def flip_a_bit(state: Path) -> None:
    path = max((p for p in state.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def nothing(_: Path) -> None:
    pass


def damage_newest(folder: Path) -> None:
    flip_a_bit(max(folder.glob("step-*")))


def empty_newest(folder: Path) -> None:
    parts = list(max(folder.glob("step-*")).glob(PART_NAME.format(rank=0)))
    assert parts
    for path in parts:
        path.write_bytes(b"")


KILLS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "between steps": ("step-00000006", nothing),
    "while saving": ("draft-8/*", nothing),
    "then a bit flips": ("step-00000010", damage_newest),
    "then files are torn": ("step-00000014", empty_newest),
}
"""When a training is killed, one time after the other, and what then happens to its states."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_learns_and_publishes_what_transformers_loads(straight: Workspace, small: Params) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = straight.read("checkpoint")
    report = Report.read(folder)
    started, used = read_ledger(straight.root, read_site(straight.root))
    assert (started.action, used.action, started.subject) == ("started", "used", used.subject)
    assert used.amounts.accelerator_hours > 0
    assert report.metrics["train/loss/last"] < report.metrics["train/loss/first"]
    curve = next(c for c in report.curves if c.name == "eval/bits_per_byte/que")
    assert curve.y[-1] < curve.y[0]
    num_sequences = pc.count_distinct(pq.read_table(folder / "data_order.parquet")["sequence"]).as_py()
    assert curve.x[-1] == report.counts["num_tokens"] == round(report.metrics["packing/fill"] * num_sequences * 32)
    assert report.metrics["packing/fill"] > 0.9
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert sum(p.numel() for p in model.parameters()) == report.counts["num_parameters"]
    assert AutoTokenizer.from_pretrained(folder).decode([0]) == "<|endoftext|>"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_data_order_follows_every_trained_token_to_its_document(straight: Workspace, small: Params) -> None:
    order = pq.read_table(straight.read("checkpoint") / "data_order.parquet").to_pylist()
    lengths = [row["end"] - row["start"] for row in order]
    report = straight.report("checkpoint")
    assert sum(lengths) == report.counts["num_tokens"]
    assert {row["step"] for row in order} == set(range(report.counts["num_steps"]))
    assert order[0]["doc_id"] == "que-00"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_run_is_in_mlflow_with_its_curves_and_where_it_came_from(straight: Workspace, small: Params) -> None:
    client = connect(straight)
    run = client.get_run(find_link(straight, "checkpoint")["mlflow_run_id"])
    assert run.info.status == "FINISHED"
    report = straight.report("checkpoint")
    loss = client.get_metric_history(run.info.run_id, "train/loss")
    curve = next(c for c in report.curves if c.name == "train/loss")
    assert [(m.step, m.value) for m in loss] == list(zip(curve.x, curve.y, strict=True))
    assert {"eval/bits_per_byte/que", "eval/bits_per_byte/es", "train/grad_norm", "train/learning_rate"} <= set(run.data.metrics)
    assert run.data.metrics["perf/tokens_per_s"] > 0
    assert 0 < run.data.metrics["perf/mfu"] < 1
    assert 0 < run.data.metrics["perf/goodput"] < 1
    assert run.info.run_name.startswith(f"cpt {small.base_model.name} shards-")
    assert [each.path for each in client.list_artifacts(run.info.run_id)] == ["read_first.html"]
    assert run.data.params["checkpoint.zero_stage"] == "1"
    assert run.data.tags["kernel"] == "avx2"
    assert len(run.data.tags["data.mixture"]) == 64
    assert {d.dataset.name for d in run.inputs.dataset_inputs} == {"mixture", "token_shards"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_killed_and_damaged_again_and_again_ends_with_the_same_bytes(
    ready: Workspace, straight: Workspace, small: Params
) -> None:
    for pattern, then in KILLS.values():
        then(kill_when(ready, small, pattern))
        assert not ready.place("checkpoint").exists()
    run_stage(ready, small, "checkpoint")
    for name in PUBLISHED:
        assert sha256_file(ready.place("checkpoint") / name) == sha256_file(straight.place("checkpoint") / name), name
    client = connect(ready)
    run_id = find_link(ready, "checkpoint")["mlflow_run_id"]
    steps = [m.step for m in client.get_metric_history(run_id, "train/loss")]
    assert steps == sorted(set(steps))
    assert len(steps) == ready.report("checkpoint").counts["num_steps"]
    assert client.get_run(run_id).info.status == "FINISHED"
    assert client.get_metric_history(run_id, "perf/starts")[-1].value == 1 + len(KILLS)
    assert not list((ready.root / "var" / "resume" / "checkpoint").iterdir())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_that_is_asked_to_stop_saves_and_goes_on_to_the_same_bytes(
    ready: Workspace, straight: Workspace, small: Params
) -> None:
    seldom = small.checkpoint.model_copy(update={"save_every_steps": 5})
    params = small.model_copy(update={"checkpoint": seldom})
    process = start(ready, params, stderr=subprocess.PIPE)
    while not any(ready.root.glob("var/resume/checkpoint/*/step-00000005")):
        assert process.poll() is None
        Event().wait(0.01)
    process.send_signal(signal.SIGTERM)
    asked_at = time.time()
    told = process.communicate()[1].decode()
    assert re.search(r"DrainedError: checkpoint: .* drained: \d+ of \d+ steps are done and saved", told), told
    state = max(ready.root.glob("var/resume/checkpoint/*/step-*"))
    assert state.stat().st_ctime - asked_at <= 10
    run_stage(ready, params, "checkpoint")
    for name in ("model.safetensors", "curve.json"):
        assert sha256_file(ready.place("checkpoint") / name) == sha256_file(straight.place("checkpoint") / name), (name, state)
    run = connect(ready).get_run(find_link(ready, "checkpoint")["mlflow_run_id"])
    assert run.info.status == "FINISHED"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_stopped_training_is_found_and_goes_on_to_the_same_bytes(
    ready: Workspace, straight: Workspace, small: Params, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run, note, step = ranks.run_processes, ready.root / "stopped-at", 25
    monkeypatch.setattr(ranks, "run_processes", lambda site, _, *rest, **more: run(site, FAULTY_WORKER, *rest, **more))
    monkeypatch.setenv(STOP_VARIABLE, f"0:{step}:{note}")
    run_stage(ready, small, "checkpoint")
    (told,) = (record for record in caplog.records if "is started again" in record.message)
    assert f"(step {step}, process T (stopped)); " in told.message
    assert "in run_job" in (ready.root / "var" / "logs" / "checkpoint.log").read_text()  # the stack of what was stopped
    floor = Limits().floor
    assert floor <= told.created - float(note.read_text()) < 2 * floor  # tiny steps: three times their p99 is less than the floor
    for name in PUBLISHED:
        assert sha256_file(ready.place("checkpoint") / name) == sha256_file(straight.place("checkpoint") / name), name


def test_credits_that_were_used_up_since_the_quote_stop_the_training(ready: Workspace, small: Params) -> None:
    site, funders = ready.root / "sites" / "laptop.yaml", ready.root / "governance" / "funders.yaml"
    site.write_text(site.read_text().replace("{value: 0, source: a machine of one's own}", "{value: 2, source: its bill}"))
    funders.parent.mkdir()
    funders.write_text("funders: [{id: uno, name: Uno, sites: [laptop], us_dollars: 0.00000001, " + FOR_EVER)
    with pytest.raises(OperatorError, match=r"accelerator hours of laptop .* Nothing was started. See `latamgpt ledger`"):
        run_stage(ready, small, "checkpoint")
    assert not ready.place("checkpoint").exists()
    assert not read_ledger(ready.root, read_site(ready.root))


@pytest.mark.parametrize("gate", ["shards_gate", "mixture_gate"])
def test_what_failed_its_gate_is_not_trained_on(ready: Workspace, small: Params, gate: str) -> None:
    failed = Expectation(kind="enough tokens", severity=Severity.CRITICAL, passed=False, observed="12")
    with ready.publish(gate) as folder:
        write_report(folder, Report(stage=gate, summary="failed", expectations=(failed,)))
    with pytest.raises(OperatorError, match=rf"{gate} did not pass: enough tokens \(12\)"):
        run_stage(ready, small, "checkpoint")


def test_withdrawn_agreement_stops_the_training(ready: Workspace, small: Params) -> None:
    path = ready.root / "partners" / "academia-quechua.yaml"
    path.write_text(path.read_text().replace("    attribution:", "    withdrawn_on: 2026-01-15\n    attribution:"))
    with pytest.raises(NotPermittedError, match=r"60 documents of academia-quechua: .* was withdrawn on 2026-01-15"):
        run_stage(ready, small, "checkpoint")


def test_site_outside_an_agreement_s_residency_stops_the_training(ready: Workspace, small: Params) -> None:
    site = ready.root / "sites" / "laptop.yaml"
    site.write_text(site.read_text().replace("country: CL", "country: BR"))
    with pytest.raises(NotPermittedError, match=r"60 documents of biblioteca-araucania: .* lie in CL, not at laptop in BR"):
        run_stage(ready, small, "checkpoint")
    assert not ready.place("checkpoint").exists()


def test_agreement_that_does_not_name_training_stops_it(ready: Workspace, small: Params) -> None:
    path = ready.root / "partners" / "academia-quechua.yaml"
    path.write_text(path.read_text().replace("    attribution:", "    stages: [intake, corpus]\n    attribution:"))
    with pytest.raises(NotPermittedError, match=r"60 documents of academia-quechua: .* not at training"):
        run_stage(ready, small, "checkpoint")


def test_partner_that_is_not_of_the_run_stops_the_training(ready: Workspace, small: Params) -> None:
    fewer = small.model_copy(update={"partners": ("academia-quechua",)})
    with pytest.raises(NotPermittedError, match="60 documents of biblioteca-araucania: not a partner of this run"):
        run_stage(ready, fewer, "checkpoint")


def test_less_data_than_one_step_is_refused(ready: Workspace, small: Params) -> None:
    larger = small.model_copy(update={"checkpoint": small.checkpoint.model_copy(update={"batch_sequences": 10_000})})
    with pytest.raises(OperatorError, match="one step takes 10000"):
        run_stage(ready, larger, "checkpoint")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_mlflow_that_is_away_for_the_whole_training_hears_of_it_later(
    ready: Workspace, straight: Workspace, small: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    run_stage(ready, small, "checkpoint")
    weights = "model.safetensors"
    assert sha256_file(ready.place("checkpoint") / weights) == sha256_file(straight.place("checkpoint") / weights)
    assert find_link(ready, "checkpoint") == {}
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    send_left(ready)
    client = connect(ready)
    run_id = find_link(ready, "checkpoint")["mlflow_run_id"]
    assert client.get_run(run_id).info.status == "FINISHED"
    assert [m.step for m in client.get_metric_history(run_id, "train/loss")] == [
        step["tokens"] for step in orjson.loads((ready.place("checkpoint") / "curve.json").read_bytes())["steps"]
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_training_of_two_processes_goes_on_with_three_on_the_same_data_to_the_same_losses(
    ready: Workspace, straight: Workspace, small: Params
) -> None:
    site = ready.root / "sites" / "laptop.yaml"
    site.write_text(re.sub("processes: .*", "processes: 2", site.read_text()))
    kill_when(ready, small, "step-00000006")
    site.write_text(re.sub("processes: .*", "processes: 3", site.read_text()))
    run_stage(ready, small, "checkpoint")
    assert "2 processes saved this state and 3 go on" in (ready.root / "var" / "logs" / "checkpoint.log").read_text()
    name = "data_order.parquet"
    assert sha256_file(ready.place("checkpoint") / name) == sha256_file(straight.place("checkpoint") / name)
    found, expected = (orjson.loads((w.place("checkpoint") / "curve.json").read_bytes())["steps"] for w in (ready, straight))
    assert [step["tokens"] for step in found] == [step["tokens"] for step in expected]
    # The norm that clips is summed over parts of the weights, so the last bits may differ from the first step on.
    assert [step["loss"] for step in found[:6]] == pytest.approx([step["loss"] for step in expected[:6]], rel=1e-6)
    assert [step["loss"] for step in found] == pytest.approx([step["loss"] for step in expected], rel=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_that_breaks_down_says_at_which_step_and_on_what(ready: Workspace, small: Params) -> None:
    wild = small.model_copy(update={"checkpoint": small.checkpoint.model_copy(update={"learning_rate": 1e30})})
    with pytest.raises(OperatorError, match=r"at step \d+ of \d+ the loss is .* The step saw documents (es|que)-"):
        run_stage(ready, wild, "checkpoint")
    assert not ready.place("checkpoint").exists()


@pytest.mark.slow
def test_curves_in_the_report_are_those_of_curve_json(straight: Workspace) -> None:
    curve = orjson.loads((straight.place("checkpoint") / "curve.json").read_bytes())
    report = straight.report("checkpoint")
    loss = next(c for c in report.curves if c.name == "train/loss")
    assert [step["loss"] for step in curve["steps"]] == list(loss.y)


@pytest.mark.slow
def test_training_goes_on_elsewhere_from_the_copy_of_a_state_and_gives_the_same_bytes(
    straight: Workspace,
    ready: Workspace,
    small: Params,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        server.make_bucket("states")
        site = ready.root / "sites" / "laptop.yaml"
        site.write_text(f"{site.read_text()}states: s3://states/trainings\n")
        process = start(ready, small)
        trainings = ObjectStore("s3://states/trainings")
        while len(copied := [name for name in whole_folders(trainings) if "/step-" in name]) < 2:
            assert process.poll() is None, "the training ended before two states were copied"
            Event().wait(0.1)
        process.kill()
        process.wait()
        (folder,) = ready.root.glob("var/resume/checkpoint/*")
        wait_for_lock(folder)
        shutil.rmtree(ready.root / "var")  # another machine
        damaged = f"{max(copied)}/rank-00000.safetensors"
        trainings.put_bytes(damaged, trainings.read(damaged)[:-1] + b"x")
        caught: list[str] = []
        monkeypatch.setattr("latamgpt.training.copies.log.warning", lambda words, *values: caught.append(words % values))
        run_stage(ready, small, "checkpoint")
        assert [words.partition(f"{folder.name}/")[2][:13] for words in caught] == [max(copied)[-13:], sorted(copied)[-2][-13:]]
        assert "sha256 of what came is" in caught[0]
        assert "the training goes on from the copy of a state" in caught[1]
        assert trainings.objects() == []
        assert unfinished(trainings) == []
    for name in PUBLISHED:
        assert sha256_file(ready.place("checkpoint") / name) == sha256_file(straight.place("checkpoint") / name), name
