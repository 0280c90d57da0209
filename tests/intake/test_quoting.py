"""An exclusion names what a partner wrote in a field, shortened and harmless, and never a document's text."""

import json
from typing import Any

import pytest

from latamgpt.errors import SENTENCE_CHARS
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, exclusions, register, take_in
from tests.intake.test_transcripts import EAF

BODY = "Rosa Quispe, nacida en 1948, cuenta lo que pasó"
LONG = "\u202e\x1b[31m<b>" + "largo " * 2_000
RECORDS = '{"text": "uno", "id": "%s"}\n{"text": "dos", "id": "%s"}\n'


@pytest.mark.parametrize(
    ("files", "description", "reason"),
    [
        (
            {"a.md": "Uno.", "a.json": json.dumps({"license": LONG})},
            {"format": "files"},
            "licence_contradiction",
        ),
        ({"a.jsonl": RECORDS % ("9" * 900, "9" * 900)}, {"format": "jsonl", "fields": {"id": "id"}}, "record_id_repeated"),
        (
            {"a.jsonl": f'{{"text": "uno", "l": "{"x" * 900}"}}\n'},
            {"format": "jsonl", "fields": {"language": "l"}},
            "record_invalid",
        ),
        ({"a.csv": f"{BODY}, otra\n1,2\n"}, {"format": "csv"}, "csv_invalid"),
        ({"a.jsonl": f'{{"{BODY * 30}": 1, "{BODY * 30}": 2}}\n'}, {"format": "jsonl"}, "json_invalid"),
        ({"a.eaf": EAF.replace("wd@Amaru", "w" * 5_000)}, {"format": "files"}, "not_read"),
        ({"a.xml": f"<{'x' * 5_000}/>"}, {"format": "files"}, "not_read"),
        ({"a.txt": "Uno."}, {"licence": LONG.replace("\x1b", "")}, ""),
        ({"a.txt": "Uno."}, {"encoding": "e" * 5_000}, "encoding"),
        ({"a\nb.txt": "Uno."}, {}, "unsafe_path"),
    ],
)
def test_what_is_quoted_is_short_and_harmless(
    workspace: Workspace, params: Params, files: dict[str, bytes | str], description: dict[str, Any], reason: str
) -> None:
    register(workspace)
    deliver(workspace, files, **description)
    take_in(workspace, params)
    (row,) = exclusions(workspace)
    assert reason in ("", row["reason"])
    for words in (str(row["detail"]), str(row["path"])):
        assert len(words) <= SENTENCE_CHARS
        assert words.isprintable()
        assert BODY not in words
        assert "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" not in words
