"""From a delivery's files to what was found in them: which file is read by which reader, and what is left over."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from latamgpt.intake.apart import apart
from latamgpt.intake.archives import SUFFIXES as ARCHIVES
from latamgpt.intake.archives import unpacked
from latamgpt.intake.delivery import (
    DELIVERY_NAME,
    FIXITY_NAME,
    Delivery,
    DeliveryFormat,
    payload_paths,
)
from latamgpt.intake.elan import read_elan
from latamgpt.intake.epub import parse_epub
from latamgpt.intake.found import Found
from latamgpt.intake.library_files import is_mets, read_xml
from latamgpt.intake.ocr_record import CORRECTIONS_SUFFIX, OCR_SUFFIX
from latamgpt.intake.opendocument import parse_odt
from latamgpt.intake.parquet_files import read_parquet
from latamgpt.intake.payload import DeliveryTooLarge
from latamgpt.intake.pdf import read_pdf
from latamgpt.intake.praat import read_textgrid
from latamgpt.intake.prose import read_html, read_markdown, read_text
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.records_files import read_csv, read_json_lines, read_tsv
from latamgpt.intake.scans import IMAGE_SUFFIXES, read_image
from latamgpt.intake.source import MAX_TEXT_BYTES, Source
from latamgpt.intake.subtitles import read_subrip, read_webvtt
from latamgpt.intake.transcripts import AUDIO_SUFFIXES, withhold_audio
from latamgpt.intake.word import parse_docx

Reader = Callable[[Source, str], Iterable[Found | SetAside]]
"""From a file of a delivery to what it gives, at best one by one. What refuses the file whole is raised before the first."""


def read_archive(source: Source, name: str) -> Iterator[Found | SetAside]:
    """Every document in an archive; its files are told by the end of their names, as those of a delivery."""
    with unpacked(source, name) as inside:
        read = [one for one in sorted(inside.names) if _is_of(tuple(READERS), one) and not _belongs(inside, one)]
        yield from _read_names(inside, read)


READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".jsonl": read_json_lines,
    ".jsonl.gz": read_json_lines,
    ".jsonl.zst": read_json_lines,
    ".csv": read_csv,
    ".eaf": read_elan,
    ".vtt": read_webvtt,
    ".srt": read_subrip,
    ".textgrid": read_textgrid,
    **dict.fromkeys(AUDIO_SUFFIXES, withhold_audio),
    ".pdf": read_pdf,
    **dict.fromkeys(IMAGE_SUFFIXES, read_image),
    ".tsv": read_tsv,
    ".parquet": read_parquet,
    ".docx": apart(parse_docx, Reason.DOCUMENT_UNREADABLE),
    ".odt": apart(parse_odt, Reason.DOCUMENT_UNREADABLE),
    ".epub": apart(parse_epub, Reason.DOCUMENT_UNREADABLE),
    ".xml": read_xml,
    **dict.fromkeys(ARCHIVES, read_archive),
}
"""Which reader a file is for, by the end of its name in small letters."""

SUFFIXES: dict[DeliveryFormat, tuple[str, ...]] = {
    DeliveryFormat.BAGIT: tuple(READERS),
    DeliveryFormat.FILES: tuple(READERS),
    DeliveryFormat.MARKDOWN: (".md",),
    DeliveryFormat.JSONL: (".jsonl", ".jsonl.gz", ".jsonl.zst"),
    DeliveryFormat.CSV: (".csv",),
    DeliveryFormat.HTML: (".html", ".htm"),
    DeliveryFormat.TEXT: (".txt",),
}
"""Which files of a delivery hold documents; all others belong to them (sidecars, prints, notices) or are named as not read."""

COMPANIONS_OF_MARKDOWN = (".json", ".pdf")
BAG_MANIFESTS = (f"{kind}-{digest}.txt" for kind in ("manifest", "tagmanifest") for digest in ("md5", "sha1", "sha256", "sha512"))
BAG_TAG_FILES = frozenset({"bagit.txt", "bag-info.txt", *BAG_MANIFESTS})


def read_files(source: Source) -> Iterator[Found | SetAside]:
    """Every document of a delivery, and every file or record that gave none, one after the other.

    Raises:
        DeliveryTooLarge: all files together are above the cap.
    """
    names = [name for name in document_paths(source.folder, source.delivery) if not _belongs(source, name)]
    return _read_names(source, names)


def _read_names(source: Source, names: list[str]) -> Iterator[Found | SetAside]:
    taken: set[str] = set()  # files that a document read before was made from
    for name in sorted(names, key=lambda name: (not is_mets(source, name), name)):
        if name not in taken:
            for item in read_file(source, name):
                taken.update(source.names.intersection(item.parts if isinstance(item, Found) else (item.path,)))
                yield from _without_hidden(item)
    for name in sorted(source.names.difference(names, taken)):
        if not _belongs(source, name):
            yield _not_read(source, name)


def document_paths(folder: Path, delivery: Delivery) -> list[str]:
    """The files that hold documents, sorted."""
    return [name for name in payload_paths(folder, delivery) if _is_of(SUFFIXES[delivery.format], name)]


def _is_of(suffixes: tuple[str, ...], name: str) -> bool:
    return name.lower().endswith(suffixes) and not _is_apple_double(name)


def _is_apple_double(name: str) -> bool:
    """Whether macOS put it beside a file, under nearly its name (RFC 1740): an archive made there holds one for each."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith("._")


def read_file(source: Source, name: str) -> Iterator[Found | SetAside]:
    """What one file gives, by the end of its name, which stands in `READERS`.

    Raises:
        DeliveryTooLarge: the files read so far are above the cap.
    """
    reader = next(read for suffix, read in READERS.items() if name.lower().endswith(suffix))
    is_empty = True
    try:
        for item in reader(source, name):
            is_empty = False
            yield item
    except DeliveryTooLarge:
        raise
    except Rejected as rejected:
        is_empty = False
        yield SetAside(name, rejected.reason, rejected.detail, (source.folder / name).stat().st_size)
    if is_empty and not name.lower().endswith(tuple(IMAGE_SUFFIXES)):  # a scan may be a page of the document of another
        detail = f"{name} holds no text: not one file, record or page is in it. Ask the partner whether one is missing"
        yield SetAside(name, Reason.EMPTY_DOCUMENT, detail, (source.folder / name).stat().st_size)


def _without_hidden(item: Found | SetAside) -> Iterator[Found | SetAside]:
    """A document, and beside it what of it was left out because readers do not see it."""
    if isinstance(item, Found) and item.num_hidden_chars:
        detail = (
            f"{item.path} holds {item.num_hidden_chars:,} characters that its readers do not see: they are left out, and "
            "the rest is read. Ask the partner where they come from"
        )
        yield SetAside(item.path, Reason.HIDDEN_FROM_READERS, detail, item.num_hidden_chars, item.language)
        item = replace(item, num_hidden_chars=0)
    if isinstance(item, Found) and item.num_unread_sheets:
        detail = (
            f"{item.path} was read whole, but the style sheets of {item.num_unread_sheets:,} of its pages are too much to apply: "
            "what they hide from readers is in the text. Ask the partner to save it more simply"
        )
        yield SetAside(item.path, Reason.HIDDEN_FROM_READERS, detail, 0, item.language)
        item = replace(item, num_unread_sheets=0)
    yield _fit_to_use(item)


def _fit_to_use(item: Found | SetAside) -> Found | SetAside:
    if isinstance(item, Found) and len(item.text) > MAX_TEXT_BYTES // 4 and len(item.text.encode("utf-8")) > MAX_TEXT_BYTES:
        detail = f"the text in {item.path} takes more than {MAX_TEXT_BYTES:,} bytes: send it in parts"
        return SetAside(item.path, Reason.TOO_LARGE, detail, len(item.text.encode("utf-8")))
    if isinstance(item, Found) and not item.text.strip():
        return SetAside(item.path, Reason.EMPTY_DOCUMENT, f"{item.path} holds no text", len(item.text.encode("utf-8")))
    return item


def _not_read(source: Source, name: str) -> SetAside:
    if _is_apple_double(name):
        why = "macOS keeps there what it knows of a file"
    elif source.delivery.format in (DeliveryFormat.FILES, DeliveryFormat.BAGIT):
        why = "no reader is for files named so"
    else:
        why = f"delivery.yaml says that all texts are of the format {source.delivery.format}"
    detail = (
        f"{name} is kept and not read: {why}. If it holds text, ask the partner for it in a format that docs/formats.md names"
    )
    return SetAside(name, Reason.NOT_READ, detail, (source.folder / name).stat().st_size)


def _is_notice(source: Source, name: str) -> bool:
    return source.delivery.notice in (name, PurePosixPath(name).name)


def _belongs(source: Source, name: str) -> bool:
    """Whether a file that holds no document has a place in the delivery all the same."""
    if name in (DELIVERY_NAME, FIXITY_NAME) or _is_notice(source, name):
        return True
    if source.delivery.format is DeliveryFormat.BAGIT and name in BAG_TAG_FILES:
        return True
    scan = name.removesuffix(OCR_SUFFIX).removesuffix(CORRECTIONS_SUFFIX)
    if scan != name and source.has(scan):
        return True
    path = PurePosixPath(name)
    base = name.removesuffix(path.suffix)
    return (
        path.suffix.lower() in COMPANIONS_OF_MARKDOWN
        and name == source.beside(base, path.suffix.lower())
        and bool(source.beside(base, ".md"))
    )
