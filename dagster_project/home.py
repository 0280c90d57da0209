"""Where Dagster keeps what it knows of a workspace (var/dagster), and where the user interfaces listen."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import yaml
from pydantic import ValidationError

from assets.links import DOCS_VARIABLE, MLFLOW_VARIABLE
from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.store import Workspace, held
from latamgpt.yaml_files import explain_validation, load_yaml

INSTANCE_SETTINGS = Path(__file__).parent / "dagster.yaml"
DAGSTER_PORT, DOCS_PORT = 3000, 5001


class MlflowServer(Frozen):
    """mlflow/server.yaml."""

    host: str
    port: int
    workers: int
    store: str
    artifacts: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Address:
    """Host and port of one user interface, and the variable that names another port."""

    name: str
    host: str
    port: int
    variable: str

    @property
    def url(self) -> str:
        """For a browser."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """The three user interfaces."""

    dagster: Address
    mlflow: Address
    docs: Address
    server: MlflowServer

    @property
    def links(self) -> dict[str, str]:
        """The variables by which what is written in one user interface leads to the others."""
        return {
            "LATAMGPT_DAGSTER_URL": self.dagster.url,
            MLFLOW_VARIABLE: self.mlflow.url,
            DOCS_VARIABLE: self.docs.url,
        }


def settings(workspace: Workspace) -> Settings:
    """Addresses from mlflow/server.yaml and the environment."""
    path = workspace.root / "mlflow" / "server.yaml"
    try:
        server = MlflowServer.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise OperatorError(
            f"{path} is missing: it says where MLflow listens. Restore it with `git checkout mlflow/server.yaml`."
        ) from error
    except yaml.YAMLError as error:
        raise OperatorError(
            f"{path} is not valid YAML: {error}. Until it reads, where MLflow listens is not known. Mend the line it names, or "
            "restore the file with `git checkout mlflow/server.yaml`."
        ) from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
    return Settings(
        dagster=_address("Dagster", server.host, DAGSTER_PORT, "LATAMGPT_DAGSTER_PORT"),
        mlflow=_address("MLflow", server.host, server.port, "LATAMGPT_MLFLOW_PORT"),
        docs=_address("Data Docs", server.host, DOCS_PORT, "LATAMGPT_DOCS_PORT"),
        server=server,
    )


def prepare_home(workspace: Workspace) -> Path:
    """Make DAGSTER_HOME and give it this project's settings; one that the environment names keeps its own."""
    own = workspace.root / "var" / "dagster"
    home = Path(os.environ.get("DAGSTER_HOME") or own).resolve()
    home.mkdir(parents=True, exist_ok=True)
    if home == own.resolve():
        shutil.copyfile(INSTANCE_SETTINGS, home / INSTANCE_SETTINGS.name)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(workspace: Workspace) -> dg.DagsterInstance:
    """The instance that `make ui` shows; one at a time opens it, since two that make its databases at once break them."""
    with held(workspace.root, "dagster"):
        return dg.DagsterInstance.from_config(str(prepare_home(workspace)))


def _address(name: str, host: str, port: int, variable: str) -> Address:
    chosen = os.environ.get(variable, str(port))
    if not chosen.isdecimal() or not 0 < int(chosen) < 1 << 16:
        raise OperatorError(
            f"{variable} is {chosen!r}, not a port number (1 to 65535). {name} would not know where to listen. Name a port."
        )
    return Address(name, host, int(chosen), variable)
