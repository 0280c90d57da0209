"""The field notebooks: shaped, at a twentieth of its size, like a real delivery whose texts contradict their folder's licence.

Of that delivery's 322 documents 186 said BY-NC-ND in their text and 129 in their file's name, 220 in one or the other, where
the folder said BY-NC-SA; no sidecar had a licence; 40 were copies to the byte and 99 nearly; 317 held a converter's image marks;
38 an e-mail address; 14 were mostly English.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from samples.faults import with_image_junk
from samples.formats import print_of
from samples.texts import Text, written

LICENCE = "CC-BY-NC-ND"
CLOSING = "Este texto se publica bajo la licencia Creative Commons Atribución-NoComercial-SinDerivadas 4.0 Internacional."
COPYIST = "Pasado en limpio en el taller de los jueves; la última línea no se leía."


@dataclass(frozen=True)
class Sheet:
    """One document: of which notebook, a copy or not, and where it says the licence that its folder does not."""

    notebook: int
    in_words: bool = False
    in_name: bool = False
    copy: str = ""  # what the copy's name ends with; '' for the notebook itself
    retyped: bool = False  # as another hand typed it


SHEETS = (
    Sheet(1, in_words=True),
    Sheet(1, in_words=True, in_name=True, copy="mecanografiado", retyped=True),
    Sheet(2, in_words=True),
    Sheet(2, in_words=True, in_name=True, copy="copia"),
    Sheet(3, in_words=True, in_name=True),
    Sheet(3, in_words=True, copy="mecanografiado", retyped=True),
    Sheet(4),
    Sheet(4, in_name=True, copy="copia"),
    Sheet(5, in_words=True),
    Sheet(5, in_words=True, in_name=True, copy="mecanografiado", retyped=True),
    Sheet(6, in_words=True),
    Sheet(6, copy="mecanografiado", retyped=True),
    Sheet(7, in_name=True),
    Sheet(7, copy="mecanografiado", retyped=True),
    Sheet(8),
    Sheet(9),
)
WITHOUT_IMAGES = 9  # the one in English was never a PDF


def fill(folder: Path) -> None:
    """Write every sheet as Markdown, with a sidecar that says no licence and a print."""
    notebooks = written("archivo-litoral-2", "es-AR")
    (folder / "cuadernos").mkdir()
    for sheet in SHEETS:
        text = _text(notebooks[sheet.notebook - 1], sheet)
        base = folder / "cuadernos" / text.name
        base.with_suffix(".md").write_text(f"# {text.title}\n\n{text.body}\n", encoding="utf-8")
        sidecar = {"title": text.title, "language": text.language}
        base.with_suffix(".json").write_text(json.dumps(sidecar, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        base.with_suffix(".pdf").write_bytes(print_of(text))


def _text(notebook: Text, sheet: Sheet) -> Text:
    text = _retyped(notebook) if sheet.retyped else notebook
    if sheet.notebook != WITHOUT_IMAGES:
        text = with_image_junk(text)
    if sheet.in_words:
        text = replace(text, body=f"{text.body}\n\n---\n{CLOSING}")
    endings = [sheet.copy, LICENCE if sheet.in_name else ""]
    return replace(text, name="_".join([text.name, *filter(None, endings)]))


def _retyped(text: Text) -> Text:
    """As another hand typed it: straight quotation marks, the last sentence left out, a line of the copyist's."""
    body = re.sub("[«»]", '"', text.body)
    *kept, _ = re.split(r"(?<=[.!?\"]) ", body)
    return replace(text, body="{}\n\n{}".format(" ".join(kept), COPYIST))
