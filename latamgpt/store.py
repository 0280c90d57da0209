"""Where things lie, and how they are published: whole or not at all, manifest last, verified where read."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.pandas_later import put_off_pandas
from latamgpt.records import MANIFEST_NAME, REPORT_NAME, FileEntry, Manifest, Report, Severity

put_off_pandas()

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Workspace:
    """One checkout of the project: `data/` belongs to DVC, `var/` to this machine."""

    root: Path

    def place(self, stage: str, key: str = "") -> Path:
        """Where the output of a stage lies: data/STAGE or data/STAGE/KEY."""
        return self.root / "data" / stage / key if key else self.root / "data" / stage

    def read(self, stage: str, key: str = "") -> Path:
        """The folder that a stage published, after each file was held against the manifest.

        Raises:
            OperatorError: nothing was published there.
            InputDamagedError: a file is missing, extra or different.
        """
        folder = self.place(stage, key)
        verify(folder)
        return folder

    def report(self, stage: str, key: str = "") -> Report:
        """The report that a stage left beside its output."""
        return Report.read(self.read(stage, key))

    @contextmanager
    def publish(self, stage: str, key: str = "") -> Generator[Path]:
        """A fresh folder that becomes the stage's output when the block ends without an error.

        A kill at any point leaves the old output or none, never half of the new one.
        """
        final = self.place(stage, key)
        final.parent.mkdir(parents=True, exist_ok=True)
        waiting = self.root / "var" / "unpublished"
        waiting.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f"{stage}-{key}-", dir=waiting))
        aside = draft.with_name(f"{draft.name}-old")
        try:
            yield draft
            write_manifest(draft, stage, key)
            draft.chmod(0o755)
            if final.exists():
                final.rename(aside)
            draft.rename(final)
            flush(final.parent)
        except OSError as error:
            if error.errno in (28, 122):  # ENOSPC, EDQUOT
                free = shutil.disk_usage(waiting).free
                raise OperatorError(
                    f"{stage} {key}".strip() + f": the disk that holds {waiting} is full ({free:,} bytes free). Nothing was "
                    "published and the last good output stands. Free some space, then run the same command again."
                ) from error
            raise
        finally:
            if aside.exists() and not final.exists():
                aside.rename(final)
            shutil.rmtree(draft, ignore_errors=True)
            shutil.rmtree(aside, ignore_errors=True)


def find_workspace(start: Path) -> Workspace:
    """The workspace that holds `start`: the nearest folder above it with a params.yaml and a dvc.yaml."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return Workspace(folder)
    raise OperatorError(
        f"{start} is not inside a workspace: no folder above it holds params.yaml and dvc.yaml. "
        "Change into your checkout of the project and run the command again."
    )


def sha256_file(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def list_files(folder: Path) -> list[str]:
    """The relative POSIX paths of all files below a folder, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def write_manifest(folder: Path, stage: str, key: str = "") -> Manifest:
    """Flush every file to disk, then write the manifest that makes the folder complete."""
    entries: list[FileEntry] = []
    for name in list_files(folder):
        if name == MANIFEST_NAME:
            continue
        path = folder / name
        flush(path)
        entries.append(FileEntry(path=name, num_bytes=path.stat().st_size, sha256=sha256_file(path)))
    manifest = Manifest(stage=stage, key=key, files=tuple(entries))
    write_json(folder / MANIFEST_NAME, manifest)
    flush(folder / MANIFEST_NAME)
    flush(folder)
    return manifest


def verify(folder: Path) -> Manifest:
    """The manifest of a published folder, once every file in it was hashed and found equal."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise OperatorError(
            f"{folder} holds no {MANIFEST_NAME}: that stage has not been published here. "
            "Run the stages before it, or `dvc pull` if the project has a remote."
        )
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputDamagedError(
            f"{path} is damaged: it does not read as a manifest. Nothing can be said of the files beside it. Restore the folder "
            "with `dvc checkout`, or run its stage again."
        ) from error
    found = [name for name in list_files(folder) if name != MANIFEST_NAME]
    listed = [entry.path for entry in manifest.files]
    if found != listed:
        odd = sorted(set(found) ^ set(listed))
        raise InputDamagedError(
            f"{folder}: {len(odd)} files differ from its manifest by name, first {odd[0]!r}. The folder was changed after it "
            "was published. Restore it with `dvc checkout`, or run its stage again."
        )
    for entry in manifest.files:
        digest = sha256_file(folder / entry.path)
        if digest != entry.sha256:
            raise InputDamagedError(
                f"{folder / entry.path}: sha256 is {digest[:16]}..., its manifest says {entry.sha256[:16]}.... The file was "
                "damaged or edited. Restore it with `dvc checkout`, or run its stage again."
            )
    return manifest


def digest_of(folder: Path) -> str:
    """One sha256 for a whole published folder: that of its manifest."""
    return sha256_file(folder / MANIFEST_NAME)


def write_json(path: Path, value: object) -> None:
    """Write a value or a pydantic model as sorted, indented JSON with a final line feed."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    path.write_bytes(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def replace_json(path: Path, value: object) -> None:
    """The same over a file that others may read at any time: whole or, on a full disk, not at all."""
    draft = path.with_suffix(".draft")
    write_json(draft, value)
    draft.replace(path)


def write_report(folder: Path, report: Report) -> Report:
    """Put the report into a folder about to be published."""
    write_json(folder / REPORT_NAME, report)
    return report


def rows_to_table(rows: Iterable[dict[str, object]], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table of exactly this schema."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def read_table(path: Path, schema: pa.Schema | None = None) -> pa.Table:
    """Read a Parquet file; with a schema, refuse another one."""
    with pq.ParquetFile(path) as file:  # pq.read_table would import pandas: 0.3 s
        table = file.read()
    return table.cast(schema) if schema is not None else table


@contextmanager
def held(root: Path, name: str) -> Generator[None]:
    """Keep others who ask for this lock of the workspace waiting while the block runs; it ends with the process that holds it."""
    place = root / "var" / "locks"
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def flush(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def must_have_passed(workspace: Workspace, gate: str, key: str = "") -> None:
    """Refuse to go on after a gate that did not pass.

    Raises:
        OperatorError: a critical expectation of the gate failed.
    """
    report = workspace.report(gate, key)
    if not report.passed:
        failed = [f"{e.kind} ({e.observed})" for e in report.expectations if not e.passed and e.severity is Severity.CRITICAL]
        raise OperatorError(
            f"{gate} {key}".strip() + f" did not pass: {'; '.join(failed)}. Nothing is built on data that failed its gate. "
            "Look at the gate's Data Docs, mend the data or change the expectation in params.yaml, and run again."
        )
