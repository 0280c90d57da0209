"""What a workspace's folders hold, to see that nothing changed."""

from pathlib import Path

from latamgpt.store import list_files, sha256_file

SHARED = ("var/locks/audit.lock",)


def state(root: Path) -> dict[str, str]:
    """Path -> sha256 of every file but locks."""
    return {name: sha256_file(root / name) for name in list_files(root) if name not in SHARED}
