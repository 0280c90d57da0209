"""Whether texts that lie here may be worked on here: asked before a stage opens them. Default is deny."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.errors import InputDamagedError, NotPermittedError
from latamgpt.registry.partners import read_institution
from latamgpt.registry.rights import Place, rule_place

COLUMNS = ["partner", "agreement"]
REFUSALS_SHOWN = 5
ADVICE = (
    "Nothing was read or published, and nothing is lost. Run it where the agreement lets its texts lie, with LATAMGPT_SITE "
    "naming that site (its file in sites/ says the country). For a run that works here without these texts, name this place "
    "under documents.place in params.yaml and run the stages from `documents` on: intake then sets them aside as "
    "outside_residency."
)
NO_AGREEMENT_ADVICE = (
    "Nothing was read or published. Texts whose agreement is not in the registry may be worked on nowhere: put the agreement "
    "back into partners/, or run the stages from `documents` on, so that intake leaves these texts out."
)


def must_work_here(root: Path, stage: str, folders: Iterable[Path], place: Place) -> None:
    """Hold the agreements of all texts in published folders against the place at which a stage is about to read them.

    A folder that is missing, or whose tables have no rows, holds no text that anything could bind, and passes; a stage that needs
    it and does not find it published says so itself.

    Raises:
        NotPermittedError: an agreement keeps its texts elsewhere, or is not in the registry.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for folder in folders:
        for path in sorted(folder.rglob("*.parquet")):
            counts.update(_agreements(path))
    institutions = {partner: read_institution(root, partner) for partner, _ in sorted(counts)}
    refused = [
        (f"{number:,} texts of {partner}", ruling)
        for (partner, agreement), number in sorted(counts.items())
        if not (ruling := rule_place(institutions[partner], agreement, place)).permitted
    ]
    _refuse(stage, {what: ruling.detail for what, ruling in refused if ruling.reason == "no_agreement"}, NO_AGREEMENT_ADVICE)
    refuse_outside(stage, {what: ruling.detail for what, ruling in refused})


def refuse_outside(stage: str, refusals: Mapping[str, str]) -> None:
    """Stop where anything is refused.

    Args:
        stage: as the refusal names it.
        refusals: of what, and why.

    Raises:
        NotPermittedError: there is a refusal; it names the first few, and what to do.
    """
    _refuse(stage, refusals, ADVICE)


def _refuse(stage: str, refusals: Mapping[str, str], advice: str) -> None:
    if not refusals:
        return
    shown = "; ".join(f"{what}: {why}" for what, why in list(refusals.items())[:REFUSALS_SHOWN])
    more = f" (and {len(refusals) - REFUSALS_SHOWN} more)" if len(refusals) > REFUSALS_SHOWN else ""
    raise NotPermittedError(f"{stage}: {shown}{more}. {advice}")


def _agreements(path: Path) -> Counter[tuple[str, str]]:
    """How many rows of a table come under each agreement; none where it does not say so, as tables of exclusions."""
    counts: Counter[tuple[str, str]] = Counter()
    try:
        with pq.ParquetFile(path) as file:
            if set(COLUMNS) <= set(file.schema_arrow.names):
                for batch in file.iter_batches(columns=COLUMNS):
                    counts.update(zip(*batch.to_pydict().values(), strict=True))
    except (pa.ArrowException, OSError) as error:
        raise InputDamagedError(
            f"{path} cannot be read, so nobody can say under which agreements its texts came: {error}. Nothing was run. Run the "
            "stage that published it again."
        ) from error
    return counts
