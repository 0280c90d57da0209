"""Small deliveries, written as a partner would send them."""

import shutil
from pathlib import Path

import bagit
import pyarrow.parquet as pq
import yaml

from latamgpt.intake.delivery import fixity_lines, payload_paths, read_delivery
from latamgpt.intake.documents import run
from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.store import Workspace

PARTNER = "archivo-sur"
AGREEMENT = {
    "id": "as-1",
    "title": "Relatos",
    "licence": "CC-BY-4.0",
    "accepted_licences": ["CC0-1.0"],
    "consent": "holder",
    "purposes": ["train", "release"],
    "valid_from": "2026-01-01",
    "valid_until": "2027-12-31",
    "attribution": "Archivo del Sur",
}
DESCRIPTION: dict[str, object] = {
    "id": "relatos",
    "agreement": "as-1",
    "date": "2026-03-01",
    "format": "text",
    "licence": "CC-BY-4.0",
    "language": "es-AR",
    "source": "written for this test",
    "notice": "written for this test",
}


def keep_in_brazil(workspace: Workspace) -> None:
    """Bind the partner's texts to Brazil, where the run works on them and this machine does not stand."""
    register(workspace, residency=["BR"])
    path = workspace.root / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    params["documents"]["place"]["country"] = "BR"
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    (workspace.root / "sites").mkdir(exist_ok=True)
    (workspace.root / "sites" / "laptop.yaml").write_text("country: CL\n", encoding="utf-8")


def register(workspace: Workspace, partner: str = PARTNER, country: str = "AR", **agreement: object) -> None:
    """Put an institution with one agreement into the registry."""
    values = {
        "id": partner,
        "name": partner,
        "country": country,
        "kind": "archive",
        "contact": "archivist",
        "data_steward": "archivist",
        "sample": True,
        "agreements": [AGREEMENT | agreement],
    }
    folder = workspace.root / "partners"
    folder.mkdir(exist_ok=True)
    (folder / f"{partner}.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")


def deliver(workspace: Workspace, files: dict[str, bytes | str], partner: str = PARTNER, **description: object) -> Path:
    """Write one delivery with a good manifest (of a bag: a good bag) and return its folder."""
    values = DESCRIPTION | description
    folder = workspace.root / "samples" / partner / str(values["id"])
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    folder.mkdir(parents=True, exist_ok=True)
    if values["format"] == "bagit":
        bagit.make_bag(str(folder), checksums=["sha256"])
    (folder / "delivery.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    if values["format"] != "bagit":
        seal(folder)
    return folder


def seal(folder: Path) -> None:
    """Write the manifest anew, over what lies there."""
    (folder / "manifest-sha256.txt").write_text(fixity_lines(folder, payload_paths(folder, read_delivery(folder))))


def take_in(workspace: Workspace, params: Params, partner: str = PARTNER) -> Report:
    """Run the stage."""
    return run(workspace, params, partner)


def documents(workspace: Workspace, partner: str = PARTNER) -> list[dict[str, object]]:
    """The documents that the stage published."""
    return pq.read_table(workspace.place("documents", partner) / "documents.parquet").to_pylist()


def exclusions(workspace: Workspace, partner: str = PARTNER) -> list[dict[str, object]]:
    """The exclusions that the stage published."""
    return pq.read_table(workspace.place("documents", partner) / "exclusions.parquet").to_pylist()


def orthographies(workspace: Workspace, partner: str = PARTNER) -> list[tuple[str, str, str]]:
    """Document, name and text of every other spelling that the stage published."""
    table = pq.read_table(workspace.place("documents", partner) / "orthographies.parquet")
    return list(zip(*(table[name].to_pylist() for name in ("doc_id", "orthography", "text")), strict=True))


def reasons(workspace: Workspace, partner: str = PARTNER) -> dict[str, str]:
    """Path -> reason of all exclusions."""
    return {str(row["path"]): str(row["reason"]) for row in exclusions(workspace, partner)}


def copy_deliveries(source: Workspace, target: Workspace, names: list[str]) -> None:
    """Copy deliveries one by one, in the order given."""
    for name in names:
        shutil.copytree(source.root / "samples" / PARTNER / name, target.root / "samples" / PARTNER / name)
