"""What each delivery says of its texts: when they were written, and what kind they are; nothing where one word would not hold."""

DESCRIBED: dict[str, tuple[str | None, str | None]] = {
    "administrators-handbook": ("2022", "education"),
    "atas-da-catedra": ("2020s", "archive"),
    "bncc": ("2018", "education"),
    "boletines-araucania": ("2020s", "press"),
    "cadernos-da-turma": ("2020s", "education"),
    "cronicas-de-barrio": ("2020s", "press"),
    "cuadernos-campo": ("2020s", "archive"),
    "cuadernos-comunales": ("2020s", "archive"),
    "cuadernos-mexicanos": ("2020s", None),
    "gaceta-y-memoria": ("2020s", None),
    "guia-de-equipos": ("2022", "education"),
    "guia-escuelas": ("2023", "education"),
    "hojas-del-litoral": ("2020s", "archive"),
    "manual-del-administrador": ("2022", "education"),
    "manual-do-administrador": ("2022", "education"),
    "papeles-del-cerro": ("2020s", None),
    "relatos-altiplano": ("2020s", "literature"),
    "relatos-araucania": ("2020s", "literature"),
    "relatos-cauca": ("2020s", "literature"),
    "relatos-litoral": ("2020s", None),
    "voces-del-litoral": ("2020s", "oral_record"),
}
"""By the delivery's id. A program's texts grew over decades, and nobody says when a declaration was translated: no period."""
LAW = ("declaracion-", "declaraciones", "declaration-")
PROGRAMS = ("interfaz-", "navegador", "oficina")


def described_as(name: str) -> tuple[str | None, str | None]:
    """Period and kind of a delivery."""
    if name.startswith(LAW):
        return None, "law"
    if name.startswith(PROGRAMS):
        return None, "other"
    return DESCRIBED.get(name, (None, None))
