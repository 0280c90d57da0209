"""States written while the training goes on: at the step only the copy to host memory is taken, a thread does the rest."""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.errors import OperatorError
from latamgpt.records import FileEntry
from latamgpt.training import resume
from latamgpt.training.resume import SavedState
from latamgpt.training.state_files import PART_NAME, write_part

if TYPE_CHECKING:
    from torch import Tensor

FAILED = bytes(40)  # what a rank tells the others that could not write: a file of no bytes
Exchange = Callable[[bytes], list[bytes]]


@dataclass
class StateWriter:
    """Writes the states of one rank, at most one at a time.

    `exchange` hands every rank's 40 bytes to every rank. It is called from the writing thread, so what it sends must not mix with
    what the training sends.
    """

    folder: Path
    rank: int
    exchange: Exchange
    _copies: "dict[str, Tensor]" = field(default_factory=dict)
    _under_way: "Future[None] | None" = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "saves"))

    def save(self, saved: SavedState, tensors: "Mapping[str, Tensor]") -> None:
        """Copy the tensors, and have them written as the state `saved`; waits for the state before, if that is under way.

        Raises:
            OperatorError: the state before could not be written.
        """
        self.join()
        self._copy(tensors)
        self._under_way = self._thread.submit(self._write, saved)

    def join(self) -> None:
        """Wait until what is under way counts.

        Raises:
            OperatorError: it could not be written, by this rank or another.
        """
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()

    def close(self) -> None:
        """Let what is under way end; whether it counts is asked by nobody any more."""
        self._thread.shutdown()

    def _copy(self, tensors: "Mapping[str, Tensor]") -> None:
        import torch

        for name, tensor in tensors.items():
            if name not in self._copies or self._copies[name].shape != tensor.shape:
                self._copies[name] = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=tensor.is_cuda)
            self._copies[name].copy_(tensor, non_blocking=tensor.is_cuda)
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    def _write(self, saved: SavedState) -> None:
        draft = resume.draft_state(self.folder, saved.cursor.step)
        try:
            parts = self._write_part(draft)
            if self.rank == 0 and all(part.num_bytes for part in parts):
                resume.publish_state(self.folder, saved, parts)
        except OSError as error:
            if self.rank == 0:
                shutil.rmtree(draft, ignore_errors=True)
            raise OperatorError(
                f"checkpoint: rank {self.rank} could not write the state after step {saved.cursor.step} to {draft}: {error}. The "
                "states before it are whole. Free some space, or mend the disk, and run the command again."
            ) from error
        missing = [part.path for part in parts if not part.num_bytes]
        if missing:
            raise OperatorError(
                f"checkpoint: of the state after step {saved.cursor.step}, {missing[0]} could not be written; its rank's log "
                "says why. The states before it are whole. Mend that, and run the command again."
            )

    def _write_part(self, draft: Path) -> list[FileEntry]:
        """Write what this rank has; returns what all ranks have written."""
        try:
            draft.mkdir(parents=True, exist_ok=True)
            own = write_part(draft, self.rank, self._copies)
        except OSError:
            self.exchange(FAILED)
            raise
        return [_entry(rank, told) for rank, told in enumerate(self.exchange(_told(own)))]


def _told(entry: FileEntry) -> bytes:
    return entry.num_bytes.to_bytes(8, "little") + bytes.fromhex(entry.sha256)


def _entry(rank: int, told: bytes) -> FileEntry:
    return FileEntry(path=PART_NAME.format(rank=rank), num_bytes=int.from_bytes(told[:8], "little"), sha256=told[8:].hex())
