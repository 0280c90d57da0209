"""What each delivery's NOTICE says: whose texts these are, under which licence, and what was changed."""

from pathlib import Path

_TEXTS = Path(__file__).parent / "notices_text"


def notice(kind: str) -> str:
    """The words of one notice, as they lie in notices_text/."""
    return (_TEXTS / f"{kind}.txt").read_text(encoding="utf-8")


def packaged(kind: str, source: str) -> str:
    """The notice of texts that a package carries."""
    return f"Taken from: {source}\n{notice(kind)}{notice('changes')}"


def declaration(root: Path, source: str) -> str:
    """The notice of the Universal Declaration's translations, with the package's licence in full as it asks."""
    licence = (root / "package" / "license").read_text(encoding="utf-8")
    return f"Taken from: {source}\n{notice('declaration')}\n{licence}\n{notice('changes')}"
