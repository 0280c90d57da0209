"""An environment of the peers' own: what their packages want must not change what this project runs on."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CONSTRAINTS = Path(__file__).parent / "peers" / "constraints.txt"
MIN_MESSAGE_LINES = 5


@dataclass(frozen=True)
class PeerEnvironment:
    """The peers' Python, or why there is none."""

    python: Path | None
    why_not: str = ""


def make(folder: Path, constraints: Path = CONSTRAINTS) -> PeerEnvironment:
    """Install the pinned peers below a folder, unless they are there as pinned. A failure is an answer here, to be printed."""
    python = folder / "bin" / "python"
    wanted = hashlib.sha256(constraints.read_bytes()).hexdigest()
    mark = folder / "installed"
    if mark.is_file() and mark.read_text() == wanted:
        return PeerEnvironment(python)
    print(f"installing {len(packages(constraints))} pinned packages of the peers into {folder}", file=sys.stderr)
    made = _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    if made.returncode:
        return PeerEnvironment(None, f"no environment could be made in {folder}: {_end_of(made)}")
    requirements = ["--no-deps", "--requirement", str(constraints)]
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *requirements]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    if _run(uv).returncode:  # it reads no pip.conf, so where that names the only index in reach, pip does it
        installed = _run(pip)
        if installed.returncode:
            return PeerEnvironment(None, f"the peers of {constraints} could not be installed: {_end_of(installed)}")
    mark.write_text(wanted)
    return PeerEnvironment(python)


def packages(constraints: Path = CONSTRAINTS) -> dict[str, str]:
    """The pinned version of every package."""
    lines = (line.strip() for line in constraints.read_text().splitlines())
    return dict(line.split("==", 1) for line in lines if line and not line.startswith("#"))


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _end_of(run: subprocess.CompletedProcess[str]) -> str:
    return " ".join((run.stdout + run.stderr).split("\n")[-MIN_MESSAGE_LINES:]).strip()
