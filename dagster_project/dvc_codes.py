"""How a guarded stage can end; kept apart so that asking for a stage does not load DVC."""

FAILED, UNRECOVERABLE, BUSY, STOPPED = 1, 66, 75, 143
