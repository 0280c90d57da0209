"""Intake: a partner's deliveries become documents."""

from assets.shown import Shown

SHOWN = {
    "documents": Shown(
        group="intake",
        description="A partner's deliveries, read: fixity, agreement and format checked, the rest in quarantine with reasons.",
        kinds=("parquet",),
        owners=("team:partners",),
        bars=(("deliveries", "delivery", "documents"), ("exclusions per reason", "reason", "items")),
        has_receipt=True,
        has_scans=True,
    ),
}
