"""Writes a delivery as a partner would send it: the documents in one format, delivery.yaml, NOTICE and the manifest."""

import csv
import gzip
import html
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml
import zstandard
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from latamgpt.intake.delivery import (
    DELIVERY_NAME,
    FIXITY_NAME,
    TAG_FIXITY_NAME,
    Delivery,
    DeliveryFormat,
    Fields,
    fixity_lines,
    payload_paths,
)
from latamgpt.intake.kinds import DocumentKind
from samples.descriptions import described_as
from samples.packages import write_packages
from samples.texts import Text

RECORD_FIELDS = {"text": "text", "title": "title", "language": "language", "id": "id"}
TABLE_FIELDS = {"text": "text", "title": "title", "language": "language"}
CSV_FIELDS = {"text": "texto", "title": "titulo", "language": "lengua", "id": "clave"}


@dataclass(frozen=True)
class Parcel:
    """All that goes into one delivery."""

    delivery: Delivery
    texts: list[Text]
    notice: str  # what NOTICE says
    suffix: str = ""  # of jsonl files: .gz, .zst; of a bag's payload: .txt, .md, .html
    packed: tuple[str, ...] = ()  # texts of a bag that lie in it as one .tar.gz
    fill: Callable[[Path], None] | None = None  # writes the documents, in place of the format's own writer
    damage: Callable[[Path], None] | None = None  # done after the manifest was written


def described(
    name: str, agreement: str, day: str, form: DeliveryFormat, licence: str, language: str, source: str, encoding: str = "utf-8"
) -> Delivery:
    """What delivery.yaml says, with the columns that its format has."""
    columns = {DeliveryFormat.JSONL: RECORD_FIELDS, DeliveryFormat.CSV: CSV_FIELDS, DeliveryFormat.FILES: TABLE_FIELDS}.get(form)
    period, kind = described_as(name)
    return Delivery(
        id=name,
        agreement=agreement,
        date=date.fromisoformat(day),
        format=form,
        encoding=encoding,
        licence=licence,
        language=language,
        source=source,
        notice="NOTICE",
        fields=Fields(**columns) if columns else Fields(),
        period=period,
        kind=DocumentKind(kind) if kind else None,
    )


def write(parcel: Parcel, folder: Path) -> None:
    """Write one delivery into `folder`, in place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    values = parcel.delivery.model_dump(mode="json", exclude_defaults=True)
    (folder / DELIVERY_NAME).write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")
    (folder / "NOTICE").write_text(parcel.notice.rstrip() + "\n", encoding="utf-8")
    if parcel.fill:
        parcel.fill(folder)
    else:
        _WRITERS[parcel.delivery.format](parcel, folder)
    (folder / FIXITY_NAME).write_text(fixity_lines(folder, payload_paths(folder, parcel.delivery)), encoding="utf-8")
    if parcel.delivery.format is DeliveryFormat.BAGIT:
        _close_bag(folder, parcel.delivery)
    if parcel.damage:
        parcel.damage(folder)


def _write_jsonl(parcel: Parcel, folder: Path) -> None:
    records = [
        {"id": text.name, "title": text.title, "language": text.language, "text": text.body, "source": parcel.delivery.source}
        for text in parcel.texts
    ]
    plain = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode(parcel.delivery.encoding)
    (folder / f"documents.jsonl{parcel.suffix}").write_bytes(_compressed(plain, parcel.suffix))


def _compressed(plain: bytes, suffix: str) -> bytes:
    if suffix == ".gz":
        return gzip.compress(plain, compresslevel=9, mtime=0)
    if suffix == ".zst":
        return zstandard.ZstdCompressor(level=19).compress(plain)
    return plain


def _write_csv(parcel: Parcel, folder: Path) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(["clave", "titulo", "lengua", "texto"])
    writer.writerows([text.name, text.title, text.language, text.body] for text in parcel.texts)
    (folder / "documentos.csv").write_bytes(table.getvalue().encode(parcel.delivery.encoding))


def _write_text(parcel: Parcel, folder: Path) -> None:
    (folder / "textos").mkdir()
    for text in parcel.texts:
        content = f"{text.title}\n\n{text.body}\n"
        (folder / "textos" / f"{text.name}.txt").write_bytes(content.encode(parcel.delivery.encoding))


def _write_html(parcel: Parcel, folder: Path) -> None:
    (folder / "paginas").mkdir()
    for text in parcel.texts:
        (folder / "paginas" / f"{text.name}.html").write_bytes(_page(text).encode(parcel.delivery.encoding))


def _page(text: Text) -> str:
    paragraphs = "\n".join(f"      <p>{html.escape(p, quote=False)}</p>" for p in text.body.split("\n\n"))
    title = html.escape(text.title, quote=False)
    return (
        f'<!doctype html>\n<html lang="{text.language}">\n  <head>\n    <meta charset="utf-8">\n    <title>{title}</title>\n'
        f'  </head>\n  <body>\n    <nav><a href="index.html">Inicio</a></nav>\n    <main>\n      <h1>{title}</h1>\n'
        f"{paragraphs}\n    </main>\n    <footer>{html.escape('© de sus autores; ver NOTICE')}</footer>\n  </body>\n</html>\n"
    )


def _write_markdown(parcel: Parcel, folder: Path) -> None:
    (folder / "cuadernos").mkdir()
    for text in parcel.texts:
        base = folder / "cuadernos" / text.name
        base.with_suffix(".md").write_text(f"# {text.title}\n\n{text.body}\n", encoding="utf-8")
        sidecar = {"title": text.title, "language": text.language}
        base.with_suffix(".json").write_text(json.dumps(sidecar, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        base.with_suffix(".pdf").write_bytes(print_of(text))


def print_of(text: Text) -> bytes:
    """A text as a PDF, the same bytes each time."""
    styles = getSampleStyleSheet()
    stream = io.BytesIO()
    document = SimpleDocTemplate(stream, pagesize=A4, title=text.title, subject="", author="", invariant=1)
    body = [Paragraph(html.escape(p, quote=False), styles["BodyText"]) for p in text.body.split("\n\n")]
    document.build([Paragraph(html.escape(text.title, quote=False), styles["Title"]), *body])
    return stream.getvalue()


def _write_bag(parcel: Parcel, folder: Path) -> None:
    suffix = parcel.suffix or ".txt"
    (folder / "data").mkdir()
    files = {f"{text.name}{suffix}": _in_a_bag(text, suffix).encode() for text in parcel.texts}
    packed = {f"{name}{suffix}": files.pop(f"{name}{suffix}") for name in parcel.packed}
    if packed:
        files[f"{parcel.delivery.id}.tar.gz"] = _compressed(_tar(packed), ".gz")
    for name, content in files.items():
        (folder / "data" / name).write_bytes(content)


def _in_a_bag(text: Text, suffix: str) -> str:
    return {".html": _page(text), ".md": f"# {text.title}\n\n{text.body}\n"}.get(suffix, f"{text.title}\n\n{text.body}\n")


def _tar(files: dict[str, bytes]) -> bytes:
    """A tar of files without times and owners."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def _close_bag(folder: Path, delivery: Delivery) -> None:
    files = payload_paths(folder, delivery)
    oxum = f"{sum((folder / name).stat().st_size for name in files)}.{len(files)}"
    info = f"Bagging-Date: {delivery.date}\nExternal-Identifier: {delivery.id}\nPayload-Oxum: {oxum}\n"
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", encoding="utf-8")
    (folder / "bag-info.txt").write_text(info, encoding="utf-8")
    tags = [p.name for p in folder.iterdir() if p.is_file()]
    (folder / TAG_FIXITY_NAME).write_text(fixity_lines(folder, tags), encoding="utf-8")


_WRITERS: dict[DeliveryFormat, Callable[[Parcel, Path], None]] = {
    DeliveryFormat.JSONL: _write_jsonl,
    DeliveryFormat.CSV: _write_csv,
    DeliveryFormat.TEXT: _write_text,
    DeliveryFormat.HTML: _write_html,
    DeliveryFormat.MARKDOWN: _write_markdown,
    DeliveryFormat.BAGIT: _write_bag,
    DeliveryFormat.FILES: lambda parcel, folder: write_packages(parcel.texts, folder / "archivos"),
}
