"""Every stage that reads texts asks first whether this site may, whichever engine spreads its work."""

from pathlib import Path

import pytest

from latamgpt.errors import InputDamagedError, NotPermittedError
from latamgpt.params import Params
from latamgpt.registry.residency import must_work_here
from latamgpt.registry.rights import Place
from latamgpt.stages import STAGES, run_stage
from latamgpt.store import Workspace
from tests.builders import INSTITUTION, PARTNER, clean_document, publish_corpus, publish_partner, publish_shards, shard_row

ASK_THEMSELVES = {"documents", "checkpoint", "scorecard"}
READ_NO_TEXTS = {"name_tagger", "base_model", "training_quote", "ability_gate", "culture_gate", "release"}
ASKED = [stage for stage in STAGES if stage.texts]
SLURM = """
engine: slurm
workers: 64
slurm: {partition: long, walltime_minutes: 60, memory_mib_per_worker: 2048, scheduler_interface: lo, worker_interface: lo}
"""


@pytest.fixture
def texts(workspace: Workspace) -> Workspace:
    """A partner's texts at every stage, bound to Peru."""
    publish_partner(workspace, [clean_document(1)])
    publish_corpus(workspace, [clean_document(1)])
    publish_shards(workspace, [shard_row("a", [1, 2])])
    path = workspace.root / "partners" / f"{PARTNER}.yaml"
    path.write_text(INSTITUTION.replace("    valid_from", "    residency: [PE]\n    valid_from"), encoding="utf-8")
    return workspace


def refusal(workspace: Workspace, params: Params, stage: str) -> str:
    """What a stage says when it is started."""
    key = PARTNER if next(one for one in STAGES if one.name == stage).per_partner else ""
    params = params.model_copy(update={"partners": (PARTNER,)})
    with pytest.raises(NotPermittedError) as error:
        run_stage(workspace, params, stage, key)
    return str(error.value)


def test_no_stage_is_forgotten() -> None:
    assert {stage.name for stage in STAGES} == {stage.name for stage in ASKED} | ASK_THEMSELVES | READ_NO_TEXTS


@pytest.mark.parametrize("stage", [stage.name for stage in ASKED])
def test_a_site_elsewhere_starts_no_stage_that_reads_texts(texts: Workspace, params: Params, stage: str) -> None:
    before = sorted(texts.root.rglob("*"))
    said = refusal(texts, params, stage)
    assert f"1 texts of {PARTNER}: aq-2025-01 lets its texts lie in PE, not at laptop in CL. Nothing was read" in said
    assert sorted(texts.root.rglob("*")) == before


def test_a_site_s_workers_stand_where_the_site_stands(texts: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    (texts.root / "sites" / "nube.yaml").write_text(f"country: BR{SLURM}", encoding="utf-8")
    monkeypatch.setenv("LATAMGPT_SITE", "nube")
    monkeypatch.setenv("PATH", "")  # no job is asked for: sbatch, which is not there, would be missed
    assert "not at nube in BR" in refusal(texts, params, "clean_documents")


def test_a_site_that_nobody_named_opens_samples_and_nothing_that_a_real_partner_bound(
    texts: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LATAMGPT_SITE", raising=False)
    path = texts.root / "partners" / f"{PARTNER}.yaml"
    bound = path.read_text().replace("residency: [PE]", "residency: [CL]")
    path.write_text(bound.replace("sample: true\n", ""), encoding="utf-8")
    assert "not at a machine of which nobody said where it stands (set LATAMGPT_SITE" in refusal(texts, params, "corpus")
    must_work_here(texts.root, "corpus", [texts.place("corpus")], Place("CL", "laptop"))
    path.write_text(bound, encoding="utf-8")
    must_work_here(texts.root, "corpus", [texts.place("corpus")], Place("CL", "laptop", is_guess=True))


def test_an_agreement_that_is_gone_lets_nothing_be_worked_on(texts: Workspace, params: Params) -> None:
    path = texts.root / "partners" / f"{PARTNER}.yaml"
    path.write_text(path.read_text().replace("id: aq-2025-01", "id: aq-2026-01"), encoding="utf-8")
    said = refusal(texts, params, "corpus")
    assert "has no agreement 'aq-2025-01'" in said
    assert "put the agreement back into partners/" in said
    assert "LATAMGPT_SITE" not in said


def test_a_table_that_does_not_read_is_named(texts: Workspace, params: Params) -> None:
    path: Path = texts.place("corpus") / "documents.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputDamagedError, match=r"documents\.parquet cannot be read"):
        run_stage(texts, params, "tokenizer")
