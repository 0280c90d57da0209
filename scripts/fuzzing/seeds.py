"""The good deliveries that are damaged: one for every kind of file that intake reads, made of the samples' smallest of that kind.

A kind that no sample is of is made from one that is: a tar from a text, a PNG from a TIFF, a page in .htm from one in .html.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
import yaml
import zstandard
from PIL import Image

from latamgpt.intake.delivery import DELIVERY_NAME, FIXITY_NAME, TAG_FIXITY_NAME, read_delivery
from latamgpt.intake.ocr_record import CORRECTIONS_SUFFIX, OCR_SUFFIX
from latamgpt.intake.reading import READERS, document_paths
from latamgpt.intake.transcripts import AUDIO_SUFFIXES

PARTNER = "archivo-litoral"
BASE = {"id": "dado", "agreement": "al-2025-01", "date": "2026-04-06", "licence": "CC0-1.0", "language": "es-AR"}
BASE |= {"source": "written for this project", "notice": "written for this project"}
MIN_BYTES = 300  # of a sample that is worth damaging: a stub is not
PICTURES = {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF", ".jpg": "JPEG", ".jpeg": "JPEG"}
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": lambda raw: gzip.compress(raw, mtime=0),
    ".tgz": lambda raw: gzip.compress(raw, mtime=0),
    ".tar.bz2": bz2.compress,
    ".tbz2": bz2.compress,
    ".tar.xz": lzma.compress,
    ".txz": lzma.compress,
    ".tar.zst": zstandard.ZstdCompressor().compress,
}
BAG_TAGS = ("bagit.txt", "bag-info.txt", FIXITY_NAME, TAG_FIXITY_NAME)
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Seed:
    """One good delivery and which of its files is damaged."""

    target: str  # the file
    content: bytes  # of it, undamaged
    description: Mapping[str, object]  # what delivery.yaml says
    beside: Callable[[bytes], Files] = lambda _: {}  # the other files, which may have to fit the damaged one

    def files(self, content: bytes) -> dict[str, bytes]:
        """All files of the delivery with `content` in place of the target's; a manifest that is not the target fits them."""
        described = yaml.safe_dump(dict(self.description), sort_keys=False).encode()
        files = {DELIVERY_NAME: described, **self.beside(content), self.target: content}
        if FIXITY_NAME not in files:
            files[FIXITY_NAME] = manifest({name: raw for name, raw in files.items() if name != DELIVERY_NAME})
        return files


@cache
def seeds(root: Path) -> Mapping[str, Seed]:
    """What is damaged, by the end of a name or by the name of a file that has one only."""
    found = {suffix: _of_suffix(root, suffix) for suffix in READERS}
    text = found[".txt"].content
    scan, picture = found[".tif"].target, found[".tif"].content
    record = _ocr_record(picture)
    found[OCR_SUFFIX] = _seed(scan + OCR_SUFFIX, record, lambda _: {scan: picture})
    found[CORRECTIONS_SUFFIX] = _seed(
        scan + CORRECTIONS_SUFFIX, _corrections(picture), lambda _: {scan: picture, scan + OCR_SUFFIX: record}
    )
    found["sidecar"] = _seed(
        "a.json", b'{"title": "El puerto", "language": "es-AR", "license": "CC0-1.0"}', lambda _: {"a.md": text}
    )
    prints = found[".pdf"].content
    found["print"] = _seed("a.pdf", prints, lambda _: {"a.md": text})
    gazette = {path.name: path.read_bytes() for path in sorted(_sample(root, ".xml", b"<mets").parent.rglob("*.xml"))}
    pages = {f"alto/{name}": raw for name, raw in gazette.items() if name != "mets.xml"}
    first, alto = min(pages.items())
    found["mets"] = _seed("mets.xml", gazette["mets.xml"], lambda _: pages)
    found["alto"] = _seed("pagina.xml", alto)
    found["alto of a mets"] = _seed(first, alto, lambda _: {**pages, "mets.xml": gazette["mets.xml"]})
    for name in BAG_TAGS:
        found[f"bag: {name}"] = _of_bag(name, text)
    found[FIXITY_NAME] = _seed(FIXITY_NAME, manifest({"a.txt": text}), lambda _: {"a.txt": text})
    described = yaml.safe_dump(BASE | {"format": "files"}, sort_keys=False).encode()
    found[DELIVERY_NAME] = _seed(DELIVERY_NAME, described, lambda _: {"a.txt": text})
    return found


def manifest(files: Files) -> bytes:
    """A manifest of sha256 over these files."""
    return "".join(f"{hashlib.sha256(raw).hexdigest()}  {name}\n" for name, raw in sorted(files.items())).encode()


def smallest(root: Path, suffix: str, holding: bytes = b"") -> Path | None:
    """The smallest document of a kind in the samples that is no stub and holds these bytes; None where there is none."""
    found = [path for path in _documents(root) if path.name.lower().endswith(suffix) and holding in path.read_bytes()]
    return min(found, key=lambda path: (path.stat().st_size, path), default=None)


@cache
def _documents(root: Path) -> tuple[Path, ...]:
    folders = sorted(path.parent for path in (root / "samples").glob("*/*/delivery.yaml"))
    paths = (folder / name for folder in folders for name in document_paths(folder, read_delivery(folder)))
    return tuple(path for path in paths if path.stat().st_size >= MIN_BYTES)


def _sample(root: Path, suffix: str, holding: bytes = b"") -> Path:
    found = smallest(root, suffix, holding)
    if found is None:
        raise LookupError(f"samples/ holds no {suffix} that could be damaged, and nothing says what to make one of")
    return found


def _of_suffix(root: Path, suffix: str) -> Seed:
    if suffix in PACK:
        return _seed(f"a{suffix}", PACK[suffix](_tar(_sample(root, ".txt").read_bytes(), _sample(root, ".docx").read_bytes())))
    if suffix in PICTURES:
        picture = _picture(_sample(root, ".tif"), PICTURES[suffix])
        return _seed(f"a{suffix}", picture, lambda raw: {f"a{suffix}{OCR_SUFFIX}": _ocr_record(raw)})
    if suffix in AUDIO_SUFFIXES:
        return _seed(f"a{suffix}", _sample(root, ".wav").read_bytes())
    path = _sample(root, {".htm": ".html"}.get(suffix, suffix), b"<TEI" if suffix == ".xml" else b"")
    delivery = read_delivery(next(folder for folder in path.parents if (folder / DELIVERY_NAME).is_file()))
    said = {"encoding": delivery.encoding, "fields": delivery.fields.model_dump(exclude_none=True)}
    record = path.with_name(path.name + OCR_SUFFIX)
    beside = (lambda raw: {f"a{suffix}{OCR_SUFFIX}": _ocr_record(raw)}) if record.is_file() else (lambda _: {})
    return Seed(f"a{suffix}", path.read_bytes(), {**BASE, **said, "format": "files"}, beside)


def _seed(target: str, content: bytes, beside: Callable[[bytes], Files] = lambda _: {}) -> Seed:
    return Seed(target, content, {**BASE, "format": "files"}, beside)


def _of_bag(target: str, text: bytes) -> Seed:
    """A bag whose manifests fit the damaged file, as one that was damaged before it was packed."""
    data = {"data/a.txt": text}
    info = f"Bagging-Date: 2026-04-06\nContact-Name: Archivo del Litoral\nPayload-Oxum: {len(text)}.1\n".encode()
    good = {"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bag-info.txt": info}
    good[FIXITY_NAME] = manifest(data)
    good[TAG_FIXITY_NAME] = manifest(good)

    def beside(content: bytes) -> Files:
        tags = {name: raw for name, raw in {**good, target: content}.items() if name != TAG_FIXITY_NAME}
        return {**data, **tags, TAG_FIXITY_NAME: manifest(tags)}

    return Seed(target, good[target], {**BASE, "format": "bagit"}, beside)


def _tar(*contents: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in zip(("cartas/año uno.txt", "cartas/dos.docx"), contents, strict=True):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def _picture(path: Path, kind: str) -> bytes:
    stream = io.BytesIO()
    with Image.open(path) as sheet:
        small = sheet.convert("L").resize((200, 100))
    Image.frombytes("L", small.size, small.tobytes()).save(stream, kind)  # without the compression of the file that it was
    return stream.getvalue()


def _ocr_record(scan: bytes) -> bytes:
    page = {"number": 1, "text": "El maestro rural llegó al pue-\nblo.", "confidence": 96.5, "num_words": 6, "doubtful": ["blo"]}
    digest = hashlib.sha256(scan).hexdigest()
    return orjson.dumps(
        {"scan_sha256": digest, "engine": "tesseract 5.3.0", "languages": "spa", "dots_per_inch": 300, "pages": [page]}
    )


def _corrections(scan: bytes) -> bytes:
    read = orjson.loads(_ocr_record(scan))["pages"][0]["text"]
    one = {"page": 1, "ocr_text_sha256": hashlib.sha256(read.encode()).hexdigest(), "text": "El maestro rural llegó al pueblo."}
    one |= {"corrector": "Rosa Quispe", "date": "2026-04-02"}
    return orjson.dumps({"scan_sha256": hashlib.sha256(scan).hexdigest(), "corrections": [one]})
