"""The deliveries of the sample partners, one function a partner: which texts, in which format, with which fault."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from samples.curriculum import curriculum
from samples.fetch import PACKAGES, unpacked
from samples.formats import CSV_FIELDS, RECORD_FIELDS, Parcel
from samples.texts import Text, up_to, written

from latamgpt.intake.delivery import Delivery, DeliveryFormat, Fields
from samples import extract, faults, notices

OWN = "written for this project"
KB = 1024


@dataclass(frozen=True)
class Shelf:
    """The unpacked packages, each opened when it is first asked for."""

    sources: Path

    def __getitem__(self, name: str) -> Path:
        return unpacked(name, self.sources)


def _delivery(
    name: str, agreement: str, day: str, form: DeliveryFormat, licence: str, language: str, source: str, encoding: str = "utf-8"
) -> Delivery:
    columns = {DeliveryFormat.JSONL: RECORD_FIELDS, DeliveryFormat.CSV: CSV_FIELDS}.get(form)
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
    )


def _label(package: str) -> str:
    return PACKAGES[package].label


def _own(
    name: str, agreement: str, day: str, form: DeliveryFormat, language: str, folder: str, encoding: str = "utf-8"
) -> Parcel:
    delivery = _delivery(name, agreement, day, form, "CC0-1.0", language, OWN, encoding)
    return Parcel(delivery, written(folder, language), notices.notice("written"))


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
            _delivery("declaracion-quechua", agreement, "2025-04-02", form, "MIT", "que", _label("udhr")),
            udhr,
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            _delivery("interfaz-quechua", agreement, "2025-05-20", form, "GPL-2.0-or-later", "que", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "qu", "que"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            _delivery("interfaz-es-pe", agreement, "2025-05-21", form, "GPL-2.0-or-later", "es-PE", _label("wordpress-l10n")),
            up_to(extract.gettext_catalogs(wordpress, "wordpress", "es-PE"), 60 * KB),
            notices.packaged("wordpress", _label("wordpress-l10n")),
        ),
    ]


def archivo_cauca(shelf: Shelf) -> list[Parcel]:
    """CO: plain text in Latin-1, as the archive's old system writes it, in Spanish of Colombia and in Wayuunaiki."""
    agreement, form, latin = "ac-2025-01", DeliveryFormat.TEXT, "latin-1"
    manual = next(shelf["debian-edu-doc-es"].rglob("debian-edu-bookworm-manual.html"))
    parcels = [
        _own("relatos-cauca", agreement, "2025-07-01", form, "es-CO", "archivo-cauca", latin),
        Parcel(
            _delivery("declaracion-wayuu", agreement, "2025-07-02", form, "MIT", "guc", _label("udhr"), latin),
            extract.declaration(shelf["udhr"], "guc", "guc"),
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            _delivery("interfaz-wayuu", agreement, "2025-07-03", form, "GPL-2.0-or-later", "guc", _label("mediawiki"), latin),
            extract.mediawiki(shelf["mediawiki"], "guc", "guc"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            _delivery(
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
    """AR: Markdown with a JSON sidecar and a print; the second delivery's texts contradict the licence of their folder."""
    form = DeliveryFormat.MARKDOWN
    notebooks = [faults.with_image_junk(text) for text in written("archivo-litoral-2", "es-AR")]
    firefox = extract.firefox(shelf["firefox-esr-l10n-es-ar"], "es-AR", r"localization/es-AR/browser/(newtab|preferences|[n-z])")
    return [
        _own("relatos-litoral", "al-2025-01", "2025-03-14", form, "es-AR", "archivo-litoral"),
        Parcel(
            _delivery("cuadernos-campo", "al-2026-02", "2026-03-02", form, "CC-BY-NC-SA-4.0", "es-AR", OWN),
            notebooks,
            notices.notice("contradicted"),
            licence_in_texts="CC-BY-NC-ND-4.0",
        ),
        Parcel(
            _delivery(
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
            _delivery("declaracion-guarani", agreement, "2025-02-10", form, "MIT", "gug", _label("udhr")),
            extract.declaration(shelf["udhr"], "gug", "gug"),
            notices.declaration(shelf["udhr"], _label("udhr")),
            suffix=".zst",
        ),
        Parcel(
            _delivery("navegador", agreement, "2025-06-11", form, "MPL-2.0", "gn", _label(firefox)),
            [*up_to(extract.firefox(shelf[firefox], "gn"), 250 * KB), faults.stray("nota-del-traductor", "gug")],
            notices.packaged("firefox", _label(firefox)),
            suffix=".zst",
        ),
        Parcel(
            _delivery("oficina", agreement, "2025-06-12", form, "MPL-2.0", "gug", _label(libreoffice)),
            extract.gettext_catalogs(office, "libreoffice", "gug"),
            notices.packaged("libreoffice", _label(libreoffice)),
            suffix=".zst",
        ),
        Parcel(
            _delivery("interfaz-wiki", agreement, "2025-06-13", form, "GPL-2.0-or-later", "gn", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "gn", "gn"),
            notices.packaged("mediawiki", _label("mediawiki")),
            suffix=".zst",
        ),
    ]


def biblioteca_araucania(shelf: Shelf) -> list[Parcel]:
    """CL: BagIt bags in Mapudungun and Spanish of Chile; a letter of the second bag changed on its way."""
    agreement, form = "ba-2025-01", DeliveryFormat.BAGIT
    bulletins = _delivery("boletines-araucania", agreement, "2025-11-03", form, "CC0-1.0", "es-CL", OWN)
    firefox = "firefox-esr-l10n-es-cl"
    return [
        _own("relatos-araucania", agreement, "2025-04-28", form, "es-CL", "biblioteca-araucania"),
        Parcel(bulletins, written("biblioteca-araucania-2", "es-CL"), notices.notice("written"), damage=faults.flip_a_letter),
        Parcel(
            _delivery("declaracion-mapudungun", agreement, "2025-05-05", form, "MIT", "arn", _label("udhr")),
            extract.declaration(shelf["udhr"], "arn", "arn"),
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            _delivery("interfaz-mapudungun", agreement, "2025-05-06", form, "GPL-2.0-or-later", "arn", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "arn", "arn"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            _delivery("manual-del-administrador", agreement, "2025-08-01", form, "CC-BY-SA-3.0", "es", _label("debian-handbook")),
            handbook(shelf, "es-ES", lambda name: name < "sect.e", 150 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
            suffix=".html",
        ),
        Parcel(
            _delivery("interfaz-chilena", agreement, "2025-08-02", form, "MPL-2.0", "es-CL", _label(firefox)),
            up_to(extract.firefox(shelf[firefox], "es-CL", "toolkit/"), 70 * KB),
            notices.packaged("firefox", _label(firefox)),
            suffix=".md",
        ),
    ]


def catedra_curriculo(shelf: Shelf) -> list[Parcel]:
    """BR: the national curriculum in JSON Lines packed with gzip, and minutes that name people with their CPF."""
    agreement, form = "cc-2025-01", DeliveryFormat.JSONL
    return [
        Parcel(
            _delivery("bncc", agreement, "2025-02-17", form, "CC-BY-4.0", "pt-BR", _label("bncc")),
            curriculum(shelf["bncc"]),
            notices.packaged("bncc", _label("bncc")),
            suffix=".gz",
        ),
        catedra_minutes(shelf),
        Parcel(
            _delivery(
                "manual-do-administrador", agreement, "2025-10-08", form, "CC-BY-SA-3.0", "pt-BR", _label("debian-handbook")
            ),
            handbook(shelf, "pt-BR", lambda name: name > "sect.h", 110 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
            suffix=".gz",
        ),
    ]


def catedra_minutes(_shelf: Shelf) -> Parcel:
    """The minutes with personal data, and essays without."""
    delivery = _delivery("atas-da-catedra", "cc-2025-01", "2025-06-30", DeliveryFormat.JSONL, "CC0-1.0", "pt-BR", OWN)
    texts = [*faults.minutes_with_personal_data(seed=20250630), *written("catedra-curriculo", "pt-BR")]
    return Parcel(delivery, texts, notices.notice("written"), suffix=".gz")


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
        _own("cuadernos-mexicanos", agreement, "2025-09-15", form, "es-MX", "colegio-nahuatl"),
        Parcel(
            _delivery("declaraciones", agreement, "2025-10-01", form, "MIT", "nah", _label("udhr")),
            [*declarations, *copies, *retyped],
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            _delivery("interfaz-nahuatl-maya", agreement, "2025-10-02", form, "GPL-2.0-or-later", "nah", _label("mediawiki")),
            wiki,
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            _delivery("interfaz-mexicana", agreement, "2025-10-03", form, "MPL-2.0", "es-MX", _label(firefox)),
            up_to(extract.firefox(shelf[firefox], "es-MX", r"localization/es-MX/browser/[a-m][^/]*\.ftl"), 90 * KB),
            notices.packaged("firefox", _label(firefox)),
        ),
    ]


def hemeroteca_oriental(_shelf: Shelf) -> list[Parcel]:
    """UY: chronicles under an agreement that has ended."""
    return [_own("cronicas-de-barrio", "ho-2023-01", "2023-08-25", DeliveryFormat.HTML, "es-UY", "hemeroteca-oriental")]


def library_kingston(shelf: Shelf) -> list[Parcel]:
    """JM: the English that is replayed so that the base model's own is not forgotten, and Jamaican Creole."""
    agreement, form = "lk-2025-01", DeliveryFormat.JSONL
    return [
        Parcel(
            _delivery("administrators-handbook", agreement, "2025-06-01", form, "CC-BY-SA-3.0", "en", _label("debian-handbook")),
            handbook(shelf, "en-US", lambda name: True, 400 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
        ),
        Parcel(
            _delivery("declaration-in-patwa", agreement, "2025-06-02", form, "MIT", "jam", _label("udhr")),
            extract.declaration(shelf["udhr"], "055", "jam"),
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
    ]


def museo_altiplano(shelf: Shelf) -> list[Parcel]:
    """BO: HTML in Aymara and Spanish of Bolivia, with garbled accents, a stub and a page in another language than declared."""
    agreement, form = "ma-2025-01", DeliveryFormat.HTML
    stories = _own("relatos-altiplano", agreement, "2025-11-10", form, "es-BO", "museo-altiplano")
    first, *others = stories.texts
    stories = Parcel(stories.delivery, [faults.garbled(first), *others, *faults.thin("es-BO")], stories.notice)
    return [
        stories,
        Parcel(
            _delivery("declaracion-aimara", agreement, "2025-11-11", form, "MIT", "ayr", _label("udhr")),
            [*extract.declaration(shelf["udhr"], "ayr", "ayr"), faults.stray("presentacion", "ayr")],
            notices.declaration(shelf["udhr"], _label("udhr")),
        ),
        Parcel(
            _delivery("interfaz-aimara", agreement, "2025-11-12", form, "GPL-2.0-or-later", "ayr", _label("mediawiki")),
            extract.mediawiki(shelf["mediawiki"], "ay", "ayr"),
            notices.packaged("mediawiki", _label("mediawiki")),
        ),
        Parcel(
            _delivery("guia-de-equipos", agreement, "2025-12-01", form, "CC-BY-SA-3.0", "es", _label("debian-handbook")),
            handbook(shelf, "es-ES", lambda name: name > "sect.n", 110 * KB),
            notices.packaged("handbook", _label("debian-handbook")),
        ),
    ]


PARTNERS: dict[str, Callable[[Shelf], list[Parcel]]] = {
    "academia-quechua": academia_quechua,
    "archivo-cauca": archivo_cauca,
    "archivo-litoral": archivo_litoral,
    "ateneo-guarani": ateneo_guarani,
    "biblioteca-araucania": biblioteca_araucania,
    "catedra-curriculo": catedra_curriculo,
    "colegio-nahuatl": colegio_nahuatl,
    "hemeroteca-oriental": hemeroteca_oriental,
    "library-kingston": library_kingston,
    "museo-altiplano": museo_altiplano,
}
