"""The deliveries whose texts were written for this project: they are rebuilt without any package."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from latamgpt.intake.delivery import DeliveryFormat, Fields
from samples import faults, notebooks, notices, scans, voices
from samples.formats import Parcel, described
from samples.texts import Text, written

OWN = "written for this project"


def written_deliveries() -> dict[str, list[Parcel]]:
    """Partner -> its written deliveries."""
    html, bag, markdown, files = DeliveryFormat.HTML, DeliveryFormat.BAGIT, DeliveryFormat.MARKDOWN, DeliveryFormat.FILES
    stories = [faults.typewritten(story) for story in written("archivo-cauca", "es-CO")]
    minutes = [*faults.minutes_with_personal_data(seed=20250630), *written("catedra-curriculo", "pt-BR")]
    bulletins = _parcel("boletines-araucania", "ba-2025-01", "2025-11-03", bag, written("biblioteca-araucania-2", "es-CL"))
    stories_of_the_south = _parcel("relatos-araucania", "ba-2025-01", "2025-04-28", bag, written("biblioteca-araucania", "es-CL"))
    first, *others = written("museo-altiplano", "es-BO")
    altiplano = [faults.garbled(first), *others, *faults.thin("es-BO")]
    return {
        "archivo-cauca": [
            _parcel("relatos-cauca", "ac-2025-01", "2025-07-01", DeliveryFormat.TEXT, stories, encoding="latin-1"),
            _parcel("cuadernos-comunales", "ac-2026-02", "2026-02-01", DeliveryFormat.TEXT, written("archivo-cauca-2", "es-CO")),
        ],
        "archivo-litoral": [
            _parcel("relatos-litoral", "al-2025-01", "2025-03-14", markdown, written("archivo-litoral", "es-AR")),
            _contradicted_notebooks(),
            _filled("voces-del-litoral", "2026-04-06", voices.fill, written("archivo-litoral-voces", "es-AR")),
            _filled("hojas-del-litoral", "2026-04-20", scans.fill, written("archivo-litoral-hojas", "es-AR")),
        ],
        "biblioteca-araucania": [
            replace(stories_of_the_south, packed=("la-lluvia-y-sus-nombres", "once-para-todos")),
            Parcel(bulletins.delivery, bulletins.texts, bulletins.notice, damage=faults.flip_a_letter),
            _parcel("papeles-del-cerro", "ba-2025-01", "2026-01-19", files, written("biblioteca-araucania-3", "es-CL")),
        ],
        "catedra-curriculo": [
            _parcel("atas-da-catedra", "cc-2025-01", "2025-06-30", DeliveryFormat.JSONL, minutes, suffix=".gz"),
            _parcel("cadernos-da-turma", "cc-2025-01", "2026-02-10", files, written("catedra-curriculo-2", "pt-BR")),
        ],
        "colegio-nahuatl": [
            _parcel("cuadernos-mexicanos", "cn-2025-01", "2025-09-15", DeliveryFormat.CSV, written("colegio-nahuatl", "es-MX"))
        ],
        "hemeroteca-oriental": [
            _parcel("cronicas-de-barrio", "ho-2023-01", "2023-08-25", html, written("hemeroteca-oriental", "es-UY"))
        ],
        "museo-altiplano": [
            _parcel("relatos-altiplano", "ma-2025-02", "2025-11-10", html, altiplano),
            _parcel("gaceta-y-memoria", "ma-2025-02", "2026-03-09", files, written("museo-altiplano-2", "es-BO")),
        ],
    }


def _parcel(
    name: str, agreement: str, day: str, form: DeliveryFormat, texts: list[Text], encoding: str = "utf-8", suffix: str = ""
) -> Parcel:
    delivery = described(name, agreement, day, form, "CC0-1.0", texts[0].language, OWN, encoding)
    return Parcel(delivery, texts, notices.notice("written"), suffix=suffix)


def _filled(name: str, day: str, fill: Callable[[Path], None], texts: list[Text]) -> Parcel:
    """A delivery of the coast's archive whose documents are no plain texts."""
    parcel = _parcel(name, "al-2025-01", day, DeliveryFormat.FILES, texts)
    return replace(parcel, delivery=parcel.delivery.model_copy(update={"fields": Fields()}), fill=fill)


def _contradicted_notebooks() -> Parcel:
    form, licence = DeliveryFormat.MARKDOWN, "CC-BY-NC-SA-4.0"
    delivery = described("cuadernos-campo", "al-2026-02", "2026-03-02", form, licence, "es-AR", OWN)
    return Parcel(delivery, written("archivo-litoral-2", "es-AR"), notices.notice("contradicted"), fill=notebooks.fill)
