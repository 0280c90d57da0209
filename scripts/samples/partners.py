"""The deliveries whose texts packages carry, one function a partner: which texts, in which format, with which fault."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from latamgpt.intake.delivery import DeliveryFormat
from samples import extract, faults, notices
from samples.curriculum import curriculum
from samples.fetch import PACKAGES, unpacked
from samples.formats import Parcel, described
from samples.texts import Text, up_to

KB = 1024


@dataclass(frozen=True)
class Shelf:
    """The unpacked packages, each opened when it is first asked for."""

    sources: Path

    def __getitem__(self, name: str) -> Path:
        return unpacked(name, self.sources)


def _label(package: str) -> str:
    return PACKAGES[package].label


def handbook(shelf: Shelf, book: str, wanted: Callable[[str], bool], max_bytes: int) -> list[Text]:
    """Sections of the Debian Administrator's Handbook in a language, without those that are still mostly English."""
    folder = shelf["debian-handbook"] / "usr/share/doc/debian-handbook/html"
    language = {"en-US": "en", "es-ES": "es", "pt-BR": "pt-BR"}[book]
    pages = (path for path in sorted((folder / book).glob("*.html")) if wanted(path.name))
    english = folder / "en-US"
    return up_to(
        (text for path in pages for text in extract.page(path, language, None if book == "en-US" else english / path.name)),
        max_bytes,
    )


def academia_quechua(shelf: Shelf) -> list[Parcel]:
    """PE: Quechua in JSON Lines, and Spanish of Peru."""
    agreement, form = "aq-2025-01", DeliveryFormat.JSONL
    udhr = [
        t
        for code, lang in (("quy", "quy"), ("quz", "quz"), ("qud", "que"))
        for t in extract.declaration(shelf["udhr"], code, lang)
    ]
    wordpress = sorted(shelf["wordpress-l10n"].rglob("*es_PE.mo"))
    return [
        Parcel(
            described("declaracion-quechua", agreement, "2025-04-02", form, "MIT", "que", _label("udhr")),
            udhr,
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            described("interfaz-quechua", agreement, "2025-05-20", form, "GPL-2.0-or-later", "que", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "qu", "que"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            described("interfaz-es-pe", agreement, "2025-05-21", form, "GPL-2.0-or-later", "es-PE", _label("wordpress-l10n")),
            up_to(extract.gettext_catalogs(wordpress, "wordpress", "es-PE"), 60 * KB),
            notices.packaged("wordpress", _label("wordpress-l10n")),
        ),
    ]


def archivo_cauca(shelf: Shelf) -> list[Parcel]:
    """CO: plain text in Latin-1, as the archive's old system writes it, in Wayuunaiki and in Spanish."""
    agreement, form, latin = "ac-2025-01", DeliveryFormat.TEXT, "latin-1"
    manual = next(shelf["debian-edu-doc-es"].rglob("debian-edu-bookworm-manual.html"))
    parcels = [
        Parcel(
            described("declaracion-wayuu", agreement, "2025-07-02", form, "MIT", "guc", _label("udhr"), latin),
            extract.declaration(shelf["udhr"], "guc", "guc"),
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            described("interfaz-wayuu", agreement, "2025-07-03", form, "GPL-2.0-or-later", "guc", _label("mediawiki"), latin),
            extract.mediawiki(shelf["mediawiki"], "guc", "guc"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            described(
                "guia-escuelas", agreement, "2025-09-10", form, "GPL-2.0-or-later", "es", _label("debian-edu-doc-es"), latin
            ),
            up_to(extract.page(manual, "es"), 70 * KB),
            notices.packaged("edu", _label("debian-edu-doc-es")),
        ),
    ]
    return [_in_latin_1(parcel) for parcel in parcels]


def _in_latin_1(parcel: Parcel) -> Parcel:
    kept = [faults.typewritten(text) for text in parcel.texts]
    return Parcel(parcel.delivery, kept, parcel.notice)


def archivo_litoral(shelf: Shelf) -> list[Parcel]:
    """AR: Markdown with a JSON sidecar and a print, in Spanish of Argentina."""
    form = DeliveryFormat.MARKDOWN
    firefox = extract.firefox(shelf["firefox-esr-l10n-es-ar"], "es-AR", r"localization/es-AR/browser/(newtab|preferences|[n-z])")
    return [
        Parcel(
            described(
                "interfaz-rioplatense", "al-2025-01", "2025-08-19", form, "MPL-2.0", "es-AR", _label("firefox-esr-l10n-es-ar")
            ),
            up_to(firefox, 70 * KB),
            notices.packaged("firefox", _label("firefox-esr-l10n-es-ar")),
        ),
    ]


def ateneo_guarani(shelf: Shelf) -> list[Parcel]:
    """PY: Guarani in JSON Lines packed with zstandard; one record declares Guarani and is English."""
    agreement, form = "ag-2025-01", DeliveryFormat.JSONL
    office = sorted(shelf["libreoffice-l10n-gug"].rglob("gug/LC_MESSAGES/*.mo"))
    firefox, libreoffice = "firefox-esr-l10n-gn", "libreoffice-l10n-gug"
    return [
        Parcel(
            described("declaracion-guarani", agreement, "2025-02-10", form, "MIT", "gug", _label("udhr")),
            extract.declaration(shelf["udhr"], "gug", "gug"),
            notices.declaration(shelf["udhr"], _label("udhr")),
            suffix=".zst",
        ),
        Parcel(
            described("navegador", agreement, "2025-06-11", form, "MPL-2.0", "gn", _label(firefox)),
            [*up_to(extract.firefox(shelf[firefox], "gn"), 250 * KB), faults.stray("nota-del-traductor", "gug")],
            notices.packaged("firefox", _label(firefox)),
            suffix=".zst",
        ),
        Parcel(
            described("oficina", agreement, "2025-06-12", form, "MPL-2.0", "gug", _label(libreoffice)),
            extract.gettext_catalogs(office, "libreoffice", "gug"),
            notices.packaged("libreoffice", _label(libreoffice)),
            suffix=".zst",
        ),
        Parcel(
            described("interfaz-wiki", agreement, "2025-06-13", form, "GPL-2.0-or-later", "gn", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "gn", "gn"),
            notices.packaged("mediawiki", _label("mediawiki")),
            suffix=".zst",
        ),
    ]


def biblioteca_araucania(shelf: Shelf) -> list[Parcel]:
    """CL: BagIt bags in Mapudungun and Spanish of Chile."""
    agreement, form = "ba-2025-01", DeliveryFormat.BAGIT
    firefox = "firefox-esr-l10n-es-cl"
    return [
        Parcel(
            described("declaracion-mapudungun", agreement, "2025-05-05", form, "MIT", "arn", _label("udhr")),
            extract.declaration(shelf["udhr"], "arn", "arn"),
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            described("interfaz-mapudungun", agreement, "2025-05-06", form, "GPL-2.0-or-later", "arn", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "arn", "arn"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            described("manual-del-administrador", agreement, "2025-08-01", form, "CC-BY-SA-3.0", "es", _label("debian-handbook")),
            handbook(shelf, "es-ES", lambda name: name < "sect.e", 150 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
            suffix=".html",
        ),
        Parcel(
            described("interfaz-chilena", agreement, "2025-08-02", form, "MPL-2.0", "es-CL", _label(firefox)),
            up_to(extract.firefox(shelf[firefox], "es-CL", "toolkit/"), 70 * KB),
            notices.packaged("firefox", _label(firefox)),
            suffix=".md",
        ),
    ]


def catedra_curriculo(shelf: Shelf) -> list[Parcel]:
    """BR: the national curriculum in JSON Lines packed with gzip, and a manual."""
    agreement, form = "cc-2025-01", DeliveryFormat.JSONL
    return [
        Parcel(
            described("bncc", agreement, "2025-02-17", form, "CC-BY-4.0", "pt-BR", _label("bncc")),
            curriculum(shelf["bncc"]),
            notices.packaged("bncc", _label("bncc")),
            suffix=".gz",
        ),
        Parcel(
            described(
                "manual-do-administrador", agreement, "2025-10-08", form, "CC-BY-SA-3.0", "pt-BR", _label("debian-handbook")
            ),
            handbook(shelf, "pt-BR", lambda name: name > "sect.h", 110 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
            suffix=".gz",
        ),
    ]


def colegio_nahuatl(shelf: Shelf) -> list[Parcel]:
    """MX: CSV in Nahuatl, Maya and Spanish of Mexico; some documents are copies of what other partners sent."""
    agreement, form = "cn-2025-01", DeliveryFormat.CSV
    quechua = extract.declaration(shelf["udhr"], "quy", "quy")
    mapudungun = extract.declaration(shelf["udhr"], "arn", "arn")
    copies = [faults.copied(text, f"lecturas-{n:02}") for n, text in enumerate([*quechua[1:4], *mapudungun[1:3]], start=1)]
    retyped = [faults.nearly_copied(text, f"copias-{n:02}") for n, text in enumerate([*quechua[4:6], mapudungun[5]], start=1)]
    declarations = [*extract.declaration(shelf["udhr"], "nhn", "nhn"), *extract.declaration(shelf["udhr"], "yua", "yua")]
    wiki = [*extract.mediawiki(shelf["mediawiki"], "nah", "nah"), *extract.mediawiki(shelf["mediawiki"], "yua", "yua")]
    firefox = "firefox-esr-l10n-es-mx"
    return [
        Parcel(
            described("declaraciones", agreement, "2025-10-01", form, "MIT", "nah", _label("udhr")),
            [*declarations, *copies, *retyped],
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            described("interfaz-nahuatl-maya", agreement, "2025-10-02", form, "GPL-2.0-or-later", "nah", _label("mediawiki")),
            wiki,
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            described("interfaz-mexicana", agreement, "2025-10-03", form, "MPL-2.0", "es-MX", _label(firefox)),
            up_to(extract.firefox(shelf[firefox], "es-MX", r"localization/es-MX/browser/[a-m][^/]*\.ftl"), 90 * KB),
            notices.packaged("firefox", _label(firefox)),
        ),
    ]


def library_kingston(shelf: Shelf) -> list[Parcel]:
    """JM: the English that is replayed so that the base model's own is not forgotten, and Jamaican Creole."""
    agreement, form = "lk-2025-01", DeliveryFormat.JSONL
    return [
        Parcel(
            described("administrators-handbook", agreement, "2025-06-01", form, "CC-BY-SA-3.0", "en", _label("debian-handbook")),
            handbook(shelf, "en-US", lambda name: True, 400 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
        ),
        Parcel(
            described("declaration-in-patwa", agreement, "2025-06-02", form, "MIT", "jam", _label("udhr")),
            extract.declaration(shelf["udhr"], "055", "jam"),
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
    ]


def museo_altiplano(shelf: Shelf) -> list[Parcel]:
    """BO: HTML in Aymara and Spanish of Bolivia, with a page in another language than declared."""
    agreement, form = "ma-2025-01", DeliveryFormat.HTML
    return [
        Parcel(
            described("declaracion-aimara", agreement, "2025-11-11", form, "MIT", "ayr", _label("udhr")),
            [*extract.declaration(shelf["udhr"], "ayr", "ayr"), faults.stray("presentacion", "ayr")],
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            described("interfaz-aimara", agreement, "2025-11-12", form, "GPL-2.0-or-later", "ayr", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "ay", "ayr"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            described("guia-de-equipos", agreement, "2025-12-01", form, "CC-BY-SA-3.0", "es", _label("debian-handbook")),
            handbook(shelf, "es-ES", lambda name: name > "sect.n", 110 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
        ),
    ]


PACKAGED: dict[str, Callable[[Shelf], list[Parcel]]] = {
    "academia-quechua": academia_quechua,
    "archivo-cauca": archivo_cauca,
    "archivo-litoral": archivo_litoral,
    "ateneo-guarani": ateneo_guarani,
    "biblioteca-araucania": biblioteca_araucania,
    "catedra-curriculo": catedra_curriculo,
    "colegio-nahuatl": colegio_nahuatl,
    "library-kingston": library_kingston,
    "museo-altiplano": museo_altiplano,
}
