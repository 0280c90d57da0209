"""Whether a partner's deliveries may be read on this machine: asked of each, before the first of them is opened."""

from collections.abc import Iterable
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.intake.delivery import read_delivery
from latamgpt.intake.payload import refuse_unsafe
from latamgpt.intake.quarantine import Rejected
from latamgpt.launch.site import read_site
from latamgpt.params import DocumentsParams
from latamgpt.registry.partners import Institution
from latamgpt.registry.residency import refuse_outside
from latamgpt.registry.rights import Place, rule_place


def place_of_run(params: DocumentsParams) -> Place:
    """Where the run works on texts, whatever machine does it: what is set aside for its residency hangs on nothing else."""
    return Place(params.place.country, params.place.site)


def must_read_here(root: Path, stage: str, institution: Institution, folders: Iterable[Path], params: DocumentsParams) -> None:
    """Stop before this machine reads a delivery whose agreement keeps its texts elsewhere.

    What the run itself sets aside for its residency is not read, and stops nothing; nor is what has no readable description.

    Raises:
        NotPermittedError: it names each such delivery, its agreement's residency and this machine's place.
    """
    if not any(_is_bound(institution, agreement.id, params) for agreement in institution.agreements):
        return
    agreements = {folder.name: _agreement_of(folder) for folder in folders}
    bound = {name: agreement for name, agreement in agreements.items() if _is_bound(institution, agreement, params)}
    if not bound:
        return
    site = read_site(root)
    rulings = {name: rule_place(institution, bound[name], Place(site.country, site.name, site.is_guess)) for name in bound}
    refusals = {f"delivery {name}": ruling.detail for name, ruling in rulings.items() if not ruling.permitted}
    refuse_outside(f"{stage} {institution.id}", refusals)


def _is_bound(institution: Institution, agreement: str, params: DocumentsParams) -> bool:
    """Whether the run reads such texts, and not every machine may."""
    in_run, anywhere = (rule_place(institution, agreement, place) for place in (place_of_run(params), Place()))
    return in_run.permitted and not anywhere.permitted


def _agreement_of(folder: Path) -> str:
    try:
        refuse_unsafe(folder)
        return read_delivery(folder).agreement
    except (OperatorError, Rejected):
        return ""
