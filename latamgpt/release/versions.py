"""Where a candidate came from, and its version in the model registry."""

from hashlib import sha256
from pathlib import Path

import orjson
from pydantic import ValidationError

from latamgpt.errors import InputDamagedError
from latamgpt.records import Frozen
from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.model_registry import register_model_version, set_alias

LINEAGE_NAME = "lineage.json"
CANDIDATE_TAG = "candidate_sha256"


class Lineage(Frozen):
    """What a candidate was made from; no revision of the code in it, since the same inputs give the same bytes."""

    name: str  # of the registered model
    version: str
    base_model: str
    inputs: dict[str, str]  # stage: sha256 of its manifest
    registry: dict[str, str]  # partner: sha256 of its file
    withdrawals: dict[str, tuple[str, ...]]  # partner: sha256 of each of its withdrawals that the corpus heeds
    params: dict[str, str]  # section: sha256 of its values

    @classmethod
    def read(cls, folder: Path) -> "Lineage":
        """The lineage in a candidate's or a release's folder.

        Raises:
            InputDamagedError: there is none, or it does not read: what the folder was made from is not known.
        """
        path = folder / LINEAGE_NAME
        try:
            return cls.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError) as error:
            raise InputDamagedError(
                f"{path} is missing or does not read as this version of the project writes it, so what it was made from, and "
                "which withdrawals it heeds, is not known. Make the candidate again: `latamgpt stage release_candidate`."
            ) from error


def digest_of_values(values: object) -> str:
    """The sha256 of a section of the parameters."""
    return sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()


def register(workspace: Workspace, candidate: Path, alias: str, tags: dict[str, str]) -> str:
    """The registry's version of a published candidate, made if there is none yet, with an alias pointing at it.

    The git revision goes into its tags, not into what is hashed.
    """
    lineage = Lineage.read(candidate)
    digest = digest_of(candidate)
    all_tags = {CANDIDATE_TAG: digest, "version": lineage.version, "base_model": lineage.base_model, **tags}
    version = register_model_version(workspace, lineage.name, candidate, all_tags)
    set_alias(workspace, lineage.name, alias, version)
    return version
