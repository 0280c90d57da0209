"""Rows of a published set as tasks, asked and measured as the repository's own questions are."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import cast

import yaml

from latamgpt.errors import OperatorError
from latamgpt.evaluation.adapters.mapping import Adapter, Kind
from latamgpt.evaluation.adapters.rows import Row, read_rows
from latamgpt.evaluation.items import TASKS_FOLDER, Item, Measure, Task, by_hash
from latamgpt.evaluation.questions import QUESTIONS_FILE
from latamgpt.params import ScorecardParams

PLACE = re.compile(r"\{([^{}]+)\}")
WRONG_CHOICES = 3  # of an open question
DRAWS = 16  # for them, of which some are the right answer or the same one twice
COUNTRIES = MappingProxyType(
    {
        "argentina": "AR", "bolivia": "BO", "brasil": "BR", "brazil": "BR", "chile": "CL", "colombia": "CO", "costa rica": "CR",
        "cuba": "CU", "ecuador": "EC", "el salvador": "SV", "guatemala": "GT", "haiti": "HT", "honduras": "HN", "mexico": "MX",
        "nicaragua": "NI", "panama": "PA", "paraguay": "PY", "peru": "PE", "puerto rico": "PR", "republica dominicana": "DO",
        "dominican republic": "DO", "espana": "ES", "spain": "ES", "uruguay": "UY", "venezuela": "VE",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Adapted:
    """The tasks of a set, and how many of its rows could not be asked."""

    tasks: tuple[Task, ...]
    num_left_out: int


def adapted_tasks(adapter: Adapter, path: Path, params: ScorecardParams) -> Adapted:
    """One task for each country of the set, or for each language where it has none; each of at most `max_items` rows.

    A row without question, answer or at least one wrong choice is left out and counted.

    Raises:
        OperatorError: a column is missing, or no row can be asked.
    """
    rows = read_rows(path)
    _must_have_columns(adapter, path, rows)
    others = _answers_alike(adapter, rows) if adapter.kind is Kind.OTHERS else {}
    items = [item for number, row in enumerate(rows, 1) if (item := _item(adapter, row, number, others, params.seed))]
    if not items:
        raise OperatorError(
            f"{path}: none of its {len(rows):,} rows has a question with a right and a wrong choice, so there is nothing to ask. "
            f"Look at the columns in adapter {adapter.name}."
        )
    parts: dict[str, list[Item]] = {}
    for item in items:
        parts.setdefault(item.about["country"] or item.about["language"], []).append(item)
    settings = yaml.safe_load((TASKS_FOLDER / QUESTIONS_FILE).read_text(encoding="utf-8"))
    tasks = [
        Task(
            f"{adapter.name}/{part}",
            Measure.CHOICE,
            adapter.name,
            settings,
            tuple(by_hash(of_part, params.seed)[: params.max_items]),
        )
        for part, of_part in sorted(parts.items())
    ]
    return Adapted(tuple(tasks), len(rows) - len(items))


def _item(adapter: Adapter, row: Row, number: int, others: dict[str, list[str]], seed: int) -> Item | None:
    columns = adapter.columns
    prompt = _filled(adapter.prompt, row)
    named = _text(row, columns.id) or str(number)
    choices, answer = _choices(adapter, row, named, others, seed)
    if not prompt or answer is None or len(choices) < 2 or not all(choices):
        return None
    about = {
        "language": adapter.language or _text(row, columns.language),
        "country": _country(_text(row, columns.country)),
        "theme": _text(row, columns.theme),
    }
    identity = f"{adapter.name}-{named}"
    fields = {"prompt": prompt, "choices": choices, "answer": answer}
    return Item(f"{identity}-{number}", fields, f"{adapter.name} {_text(row, columns.cluster) or identity}", about)


def _choices(adapter: Adapter, row: Row, named: str, others: dict[str, list[str]], seed: int) -> tuple[list[str], int | None]:
    """The choices, none twice, and the number of the right one; None where no one can say it."""
    told = _text(row, adapter.columns.answer)
    if adapter.kind is Kind.LABELS:
        names = list(adapter.labels)
        number = names.index(told) if told in names else int(told) if told.isdecimal() and int(told) < len(names) else None
        return [_filled(text, row) for text in adapter.labels.values()], number
    if adapter.kind is Kind.OPTIONS:
        options = _options(adapter, row)
        return options, _number(told, options)
    if adapter.kind is Kind.DISTRACTORS:
        wrong = [_text(row, column) for column in adapter.columns.choices]
    else:
        wrong = _drawn(others[_alike(adapter, row)], f"{seed} {named}")
    distinct: dict[str, str] = {}
    for text in (told, *wrong):
        if text:
            distinct.setdefault(text.casefold(), text)
    return list(distinct.values())[: WRONG_CHOICES + 1] if told else [], 0


def _drawn(texts: Sequence[str], by: str) -> list[str]:
    """Some of the texts in an order drawn by hash; of thousands a few draws, since each row has its own."""
    if len(texts) <= DRAWS:
        return sorted(texts, key=lambda text: sha256(f"{by} {text}".encode()).digest())
    return [texts[int.from_bytes(sha256(f"{by} {number}".encode()).digest()[:8]) % len(texts)] for number in range(DRAWS)]


def _options(adapter: Adapter, row: Row) -> list[str]:
    first = row.get(adapter.columns.choices[0])
    if len(adapter.columns.choices) == 1 and isinstance(first, list):
        return [str(text).strip() for text in cast("list[object]", first)]
    options = [_text(row, column) for column in adapter.columns.choices]
    while options and not options[-1]:  # some questions have fewer; a gap between two would shift the letters
        options.pop()
    return options


def _number(told: str, options: Sequence[str]) -> int | None:
    """Which option an answer means: its words, its letter, or its number from 0."""
    if told in options:
        return options.index(told)
    letter = "abcdefghij".find(told.lower()) if len(told) == 1 else -1
    number = int(told) if told.isdecimal() else letter
    return number if 0 <= number < len(options) else None


def _answers_alike(adapter: Adapter, rows: Sequence[Row]) -> dict[str, list[str]]:
    """All answers of rows that are alike, each once."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if answer := _text(row, adapter.columns.answer):
            found.setdefault(_alike(adapter, row), {})[answer] = None
    return {key: list(answers) for key, answers in found.items()} | {
        key: [] for row in rows if (key := _alike(adapter, row)) not in found
    }


def _alike(adapter: Adapter, row: Row) -> str:
    return "\n".join(_text(row, column) for column in adapter.columns.alike)


def _must_have_columns(adapter: Adapter, path: Path, rows: Sequence[Row]) -> None:
    columns = adapter.columns
    named = {columns.answer, columns.id, columns.cluster, columns.country, columns.theme, columns.language} - {""}
    named |= {*columns.choices, *columns.alike, *PLACE.findall(" ".join([adapter.prompt, *adapter.labels.values()]))}
    missing = sorted(named - set(rows[0])) if rows else []
    if missing:
        raise OperatorError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(rows[0])}. Adapter {adapter.name} reads them (it "
            f"knows the format from: {adapter.format}). Copy the adapter's file, name the columns as they are now, and give your "
            "copy."
        )


def _filled(text: str, row: Row) -> str:
    """A text with what the row holds in place of {COLUMN}; '' where a column is empty."""
    if not all(_text(row, column) for column in PLACE.findall(text)):
        return ""
    return PLACE.sub(lambda found: _text(row, found[1]), text)


def _text(row: Row, column: str) -> str:
    value = row.get(column) if column else None
    return "" if value is None else str(value).strip()


def _country(name: str) -> str:
    """ISO 3166-1 alpha-2 of a country's name or code; '' for what is none of the region."""
    plain = "".join(letter for letter in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(letter))
    return COUNTRIES.get(plain) or (name.upper() if name.upper() in COUNTRIES.values() else "")
