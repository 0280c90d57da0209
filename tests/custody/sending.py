"""`latamgpt deliver` as tests type it, and where what they send goes."""

from pathlib import Path

from latamgpt.store import Workspace
from tests.intake.deliveries import PARTNER

STORY = "Había una vez un río que no sabía adónde iba, y preguntó a las piedras del camino."
WORDS = ["--id", "cuentos", "--date", "2026-03-01", "--licence", "CC-BY-4.0", "--language", "es-AR"]
WORDS += ["--source", "written for this test", "--notice", "written for this test"]


def command(folder: Path, *more: str, partner: str = PARTNER, agreement: str = "as-1") -> list[str]:
    return ["deliver", str(folder), "--partner", partner, "--agreement", agreement, *more]


def place(office: Workspace, delivery: str = "cuentos") -> Path:
    return office.root / "samples" / PARTNER / delivery
