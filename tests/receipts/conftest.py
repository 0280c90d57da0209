"""A release of two partners' documents, from intake's output to the approval, with the shards and steps that saw each."""

from hashlib import sha256
from pathlib import Path

import pytest

from latamgpt.curation.duplicates import DUPLICATE_SCHEMA
from latamgpt.intake.taking_in import identify
from latamgpt.params import Params
from latamgpt.records import DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, HELD_OUT_SCHEMA, TOKEN_SHARD_SCHEMA, Report, Table
from latamgpt.release.approval import Approval
from latamgpt.release.corpus_root import ROOT_NAME, CorpusRoot, corpus_tree
from latamgpt.release.signature import Signature, make_key, public_pem, sign
from latamgpt.release.signed import write_files
from latamgpt.store import Workspace, digest_of, rows_to_table, write_json, write_report
from latamgpt.table_format import write_table
from latamgpt.training.checkpoint import DATA_ORDER_SCHEMA
from tests.builders import Row, clean_document, publish_rows, publish_text, shard_row
from tests.release.conftest import PARTNERS, write_partner

PARTNER, OTHER = PARTNERS
TEXTS = {name: f"{name}: tukuy runakunam qispisqa paqarin" for name in ("learned", "held out", "not drawn", "a copy", "short")}
IDS = {name: identify(PARTNER, "entrega-1", text) for name, text in TEXTS.items()}
OTHERS = [*(sha256(str(number).encode()).hexdigest() for number in range(4)), "0" * 64, "f" * 64]  # the ends too
SECRET = "the words of another partner"


@pytest.fixture
def receipt_params(params: Params) -> Params:
    """The parameters of the tests' run, with the partners of these tests."""
    return params.model_copy(update={"partners": PARTNERS})


@pytest.fixture
def published(workspace: Workspace) -> Workspace:
    """Everything that a receipt and a trace read."""
    write_partner(workspace, PARTNER, "PE", licence="CC0-1.0", accepted_licences=["CC-BY-NC-SA-4.0"])
    write_partner(workspace, OTHER, "PY")
    publish_documents(workspace)
    publish_corpus(workspace)
    publish_shards(workspace)
    publish_checkpoint(workspace)
    publish_release(workspace)
    return workspace


def given(name: str) -> Row:
    changes = {"doc_id": IDS[name], "partner": PARTNER, "agreement": f"{PARTNER}-2026", "text": TEXTS[name]}
    changes["licence"] = "CC-BY-NC-SA-4.0" if name == "learned" else "CC0-1.0"
    return clean_document(0, path=f"{name}.txt", title=name.title(), **changes)


def others(number: int) -> Row:
    return clean_document(number, doc_id=OTHERS[number], partner=OTHER, agreement=f"{OTHER}-2026", text=SECRET, title=SECRET)


def aside(name: str, stage: str, reason: str, detail: str) -> Row:
    row = {"doc_id": IDS.get(name, ""), "partner": PARTNER, "delivery": "entrega-1", "path": f"{name}.txt" if name else ""}
    return {**row, "stage": stage, "reason": reason, "detail": detail, "language": "que", "num_bytes": 9}


def publish_documents(workspace: Workspace) -> None:
    columns = ("delivery", "date", "format", "agreement", "licence", "documents", "set aside", "verdict")
    rows = (
        ("entrega-1", "2026-02-01", "text", f"{PARTNER}-2026", "CC0-1.0", 5, 1, "taken in"),
        ("entrega-2", "2026-03-01", "bagit", f"{PARTNER}-2026", "CC0-1.0", 0, 1, "quarantined: fixity_changed"),
    )
    with workspace.publish("documents", PARTNER) as folder:
        documents = [{k: v for k, v in given(name).items() if k in DOCUMENT_SCHEMA.names} for name in TEXTS]
        write_table(folder / "documents.parquet", rows_to_table(documents, DOCUMENT_SCHEMA))
        write_report(
            folder,
            Report(stage="documents", key=PARTNER, summary="x", tables=(Table(name="deliveries", columns=columns, rows=rows),)),
        )


def publish_corpus(workspace: Workspace) -> None:
    kept = [given(name) for name in ("learned", "held out", "not drawn")] + [others(number) for number in range(6)]
    copy = "the same text as secret.txt of biblioteca-dos/entrega, preferred for its broader rights"
    changed = "b.txt has another sha256 than the manifest says: ask the partner to send the delivery again"
    pair = {"doc_id": IDS["a copy"], "kept_doc_id": OTHERS[0], "kind": "exact", "similarity": 1.0}
    pair |= {"reason": "broader rights", "cluster_size": 2}
    exclusions = [
        aside("learned", "documents", "repeated_in_delivery", "the same text stands in learned.txt"),
        aside("a copy", "corpus", "exact_duplicate", copy),
        aside("short", "clean_documents", "too_few_chars", "a program's own words"),
        {**aside("", "documents", "fixity_changed", changed), "delivery": "entrega-2"},
        {**aside("", "documents", "encoding", "theirs"), "partner": OTHER},
    ]
    files = {
        "documents.parquet": (sorted(kept, key=lambda row: str(row["doc_id"])), clean_schema()),
        "exclusions.parquet": (exclusions, EXCLUSION_SCHEMA),
        "duplicates.parquet": ([pair], DUPLICATE_SCHEMA),
    }
    with workspace.publish("corpus") as folder:
        for name, (rows, schema) in files.items():
            write_table(folder / name, rows_to_table(rows, schema))
        write_report(folder, Report(stage="corpus", summary="a fixture"))


def clean_schema():
    from latamgpt.records import CLEAN_DOCUMENT_SCHEMA

    return CLEAN_DOCUMENT_SCHEMA


def publish_shards(workspace: Workspace) -> None:
    train = [
        shard_row(OTHERS[0], [1] * 10, partner=OTHER),
        shard_row(IDS["learned"], [1] * 20, partner=PARTNER),
        shard_row(IDS["learned"], [2] * 12, piece=1, partner=PARTNER),
        shard_row(IDS["not drawn"], [3] * 7, partner=PARTNER),
    ]
    held_out = [shard_row(IDS["held out"], [4] * 5, partner=PARTNER)]
    publish_rows(
        workspace,
        "token_shards",
        "",
        {"train/00000.parquet": (train, TOKEN_SHARD_SCHEMA), "held_out/00000.parquet": (held_out, HELD_OUT_SCHEMA)},
    )


def seen(step: int, doc_id: str, row: int, start: int, end: int, epoch: int = 0) -> Row:
    place = {"step": step, "sequence": step, "doc_id": doc_id, "shard": "train/00000.parquet", "row": row}
    return {**place, "epoch": epoch, "start": start, "end": end}


def publish_checkpoint(workspace: Workspace) -> None:
    mine = IDS["learned"]
    order = [seen(0, OTHERS[0], 0, 0, 10), seen(3, mine, 1, 0, 15), seen(4, mine, 1, 15, 20), seen(9, mine, 2, 0, 12, epoch=1)]
    counts = {"num_steps": 10, "num_tokens": 320, "num_parameters": 1_000_000}
    with workspace.publish("checkpoint") as folder:
        write_table(folder / "data_order.parquet", rows_to_table(order, DATA_ORDER_SCHEMA))
        write_report(folder, Report(stage="checkpoint", summary="a fixture", counts=counts))


def publish_release(workspace: Workspace, stage: str = "release", *, signed: bool = True) -> Path:
    tree = corpus_tree(workspace.place("corpus"))
    root = CorpusRoot(
        release="latam-gpt-sample 0.1.0",
        num_leaves=len(tree.names),
        root=tree.root,
        corpus=digest_of(workspace.place("corpus")),
        checkpoint=digest_of(workspace.place("checkpoint")),
    )
    publish_text(workspace, "release_candidate")
    with workspace.publish(stage) as folder:
        write_json(folder / ROOT_NAME, root)
        if stage == "release":
            approval = Approval(candidate="0" * 64, reviewer="Ana", role="reviewer", statement="looked", sample=True)
            if signed:
                key = make_key(workspace.root / "key.pem")
                each = {"approval": approval.signed_bytes(), "corpus_root": (folder / ROOT_NAME).read_bytes()}
                signature = Signature(public_key=public_pem(key), **{name: sign(held, key) for name, held in each.items()})
                approval = approval.model_copy(update={"signature": signature})
            write_files(folder, approval)
        write_report(folder, Report(stage=stage, summary="a fixture"))
    return workspace.place(stage)
