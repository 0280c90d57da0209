"""Where a command runs: sites/NAME.yaml. Never part of what a run is."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from latamgpt.errors import OperatorError
from latamgpt.launch.costs import SiteCost
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.slurm import Slurm
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation, load_yaml

SITE_VARIABLE = "LATAMGPT_SITE"
DEFAULT_SITE = "laptop"
Count = Annotated[int, Field(gt=0)]


class Engine(StrEnum):
    """What spreads map tasks over workers."""

    POOL = "pool"  # processes of one machine
    DASK = "dask"  # a Dask LocalCluster, with its dashboard
    SLURM = "slurm"  # jobs of a cluster, as the section slurm says


class Site(Frozen):
    """One machine or cluster."""

    name: str = ""  # of its file
    is_guess: bool = False  # nobody named it: what an agreement binds to a place is then not opened, but for samples
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")  # where it stands: agreements with a residency are held against it
    nodes: Count = 1
    processes: Count = 1  # that train, per node: one for each accelerator, or one for all cores
    threads_per_process: Count = 2  # another number changes the last bits of what is trained
    workers: Count = 2  # processes that map over data
    engine: Engine = Engine.POOL  # of those workers
    accelerator: str = "cpu"  # what a process trains on: a row of latamgpt/launch/accelerators.yaml
    cost: SiteCost | None = None  # what an hour takes; without it no training is begun here
    ledger: str = "var/ledger.jsonl"  # what trainings took, kept by all who share the site's credits; relative or absolute
    slurm: Slurm | None = None  # what their jobs ask for, where the engine is slurm
    training: RankJobs | None = None  # what the job of those that train asks for; without it they are processes of this machine
    states: str = Field(default="", pattern=r"^(s3://[^/]+/.+)?$")  # to where the states of trainings are copied; '' is nowhere
    base_models: str = "var/base_models"  # base models' folders; relative to the checkout, or absolute
    fasttext_model: str = "var/language_models/fasttext.bin"  # for where params.yaml asks for one; relative or absolute
    name_recogniser: str = "var/name_recogniser"  # its folder, likewise

    @model_validator(mode="after")
    def _jobs_are_described(self) -> Self:
        if self.engine is Engine.SLURM and self.slurm is None:
            raise ValueError(
                "the engine is slurm, and there is no section slurm that says which partition, walltime, memory and network "
                "interfaces its jobs have: docs/slurm.md lists its fields"
            )
        return self

    @property
    def num_ranks(self) -> int:
        """How many processes train together."""
        return self.nodes * self.processes

    def base_model_folder(self, root: Path, name: str) -> Path:
        """Where this site keeps a base model."""
        return root / self.base_models / name


def read_site(root: Path, name: str = "") -> Site:
    """The site that is named, or that LATAMGPT_SITE names, or the laptop.

    Raises:
        OperatorError: there is no such site, or its file has a field that is unknown or wrong.
    """
    named = name or os.environ.get(SITE_VARIABLE)
    name = named or DEFAULT_SITE
    path = root / "sites" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
        raise OperatorError(
            f"there is no site {name!r}: {path} is missing, the sites are: {known}. A site says with how many processes a stage "
            f"works. Set {SITE_VARIABLE} to one of them, or add the file."
        )
    try:
        return Site.model_validate({**(load_yaml(path.read_text(encoding="utf-8")) or {}), "name": name, "is_guess": not named})
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Mend the line it names and run the command again.") from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
