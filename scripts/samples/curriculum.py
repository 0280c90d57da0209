"""Takes the Brazilian national curriculum (BNCC) out of its package: the skills of a subject and year as one document."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samples.texts import Text, in_pieces, slug

_PIECE_BYTES = 4000


def curriculum(root: Path) -> list[Text]:
    """All learning goals of the BNCC, in the curriculum's own order."""
    data = root / "bncc" / "dados"
    names = _names(_load(data / "estrutura.json"))
    basic = ((f"{names[s['componente']]}, {_years(s)}", _line(s)) for s in _load(data / "ensino-fundamental.json")["habilidades"])
    upper = (
        (f"Ensino Médio: {names[s['componente'] or s['area']]}", _line(s))
        for s in _load(data / "ensino-medio.json")["habilidades"]
    )
    early = (
        (f"Educação Infantil: {names[s['campo_experiencias']]}", _line(s))
        for s in _load(data / "educacao-infantil.json")["objetivos"]
    )
    aims = (
        (f"Competências: {names.get(c.get('area') or c.get('componente') or '', 'específicas')}", c["texto"])
        for c in _load(data / "estrutura.json")["competencias_especificas"]
    )
    computing = ((f"Computação, {_years(s)}", _line(s)) for s in _load(data / "computacao.json")["habilidades_ef"])
    return [*_grouped(early), *_grouped(basic), *_grouped(upper), *_grouped(aims), *_grouped(computing)]


def _load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _names(structure: dict[str, Any]) -> dict[str, str]:
    kinds = ("areas_conhecimento", "componentes_curriculares", "campos_experiencias")
    return {entry["id"]: entry["nome"] for kind in kinds for entry in structure[kind]}


def _years(skill: dict[str, Any]) -> str:
    years = skill["anos"]
    return f"{years[0]}º ano" if len(years) == 1 else f"{years[0]}º ao {years[-1]}º ano"


def _line(skill: dict[str, Any]) -> str:
    return f"({skill['codigo']}) {skill['texto']}"


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[Text]:
    groups: dict[str, list[str]] = {}
    for title, line in pairs:
        groups.setdefault(title, []).append(line)
    whole = (Text(f"bncc-{slug(title)}", title, "pt-BR", "\n\n".join(lines)) for title, lines in groups.items())
    return [piece for text in whole for piece in in_pieces(text, _PIECE_BYTES)]
