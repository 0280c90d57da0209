"""The registry as people look it up: institutions, their agreements, their deliveries."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from latamgpt.custody.places import delivery_names
from latamgpt.custody.registry_edits import find_agreement, known_partners, registry_path
from latamgpt.governance.withdrawals import read_withdrawn
from latamgpt.params import read_params
from latamgpt.records import Frozen
from latamgpt.registry.partners import Agreement, Edge, Purpose, read_institution
from latamgpt.registry.rights import Place, rule
from latamgpt.store import Workspace

DAYS_OF_WARNING = 60  # time to ask an institution, and for it to decide


def partner_lines(workspace: Workspace) -> list[str]:
    """A line for each institution."""
    in_run = read_params(workspace.root).partners
    rows = [("PARTNER", "COUNTRY", "KIND", "AGREEMENTS", "DELIVERIES", "IN THE RUN", "NAME")]
    for partner in known_partners(workspace.root):
        institution = read_institution(workspace.root, partner)
        num_deliveries = len(delivery_names(workspace, partner))
        run = "yes" if partner in in_run else "no"
        agreements = str(len(institution.agreements))
        rows.append((partner, institution.country, institution.kind, agreements, str(num_deliveries), run, institution.name))
    return aligned(rows)


def show_partner(workspace: Workspace, partner: str) -> str:
    """An institution's registry file, then its deliveries."""
    read_institution(workspace.root, partner)
    path = registry_path(partner)
    withdrawn = read_withdrawn(workspace.root, partner)
    lines = [f"{path}:", (workspace.root / path).read_text(encoding="utf-8")]
    for name in delivery_names(workspace, partner):
        lines.append(f"delivery {name}" + (" (withdrawn)" if withdrawn.delivery(name) else ""))
    return "\n".join(lines)


def agreement_lines(workspace: Workspace, partner: str = "") -> list[str]:
    """A line for each agreement, of one institution or of all, with the ruling on the day of the run; then which end soon."""
    as_of = read_params(workspace.root).rights.as_of
    ending: list[str] = []
    rows = [("PARTNER", "AGREEMENT", "LICENCE", "FROM", "UNTIL", f"MAY BE TRAINED ON ({as_of})")]
    for name in [partner] if partner else known_partners(workspace.root):
        institution = read_institution(workspace.root, name)
        for one in institution.agreements:
            ruling = rule(institution, one.id, one.licence, Purpose.TRAIN, as_of)
            verdict = "yes" if ruling.permitted else f"no: {ruling.detail}"
            rows.append((name, one.id, one.licence, str(one.valid_from), str(one.valid_until or "further notice"), verdict))
            if ruling.permitted and (words := ends_soon(name, one, as_of)):
                ending.append(words)
    return [*aligned(rows), *ending]


def ends_soon(partner: str, agreement: Agreement, as_of: date) -> str:
    """What to do about an agreement whose last day is within DAYS_OF_WARNING of the day of the run; '' where it is not."""
    last = agreement.valid_until
    if last is None or not as_of <= last <= as_of + timedelta(days=DAYS_OF_WARNING):
        return ""
    return (
        f"{partner}/{agreement.id} ends on {last}, {(last - as_of).days} days after {as_of}, the day of the run. A run of a "
        f"later day leaves its texts out. Ask the institution, then "
        f"latamgpt agreement extend {partner} {agreement.id} --until DAY"
    )


def show_agreement(workspace: Workspace, partner: str, agreement: str) -> str:
    """All terms of one agreement, and the ruling on the day of the run."""
    found = find_agreement(read_institution(workspace.root, partner), agreement)
    return "\n".join([*_terms(found), ruling_words(workspace, partner, agreement)])


def ruling_words(workspace: Workspace, partner: str, agreement: str) -> str:
    """Whether an agreement permits training on the day of the run, as a sentence."""
    institution = read_institution(workspace.root, partner)
    found = find_agreement(institution, agreement)
    params = read_params(workspace.root)
    as_of, place = params.rights.as_of, Place(params.documents.place.country, params.documents.place.site)
    ruling = rule(institution, agreement, found.licence, Purpose.TRAIN, as_of, edge=Edge.TRAINING, place=place)
    return f"On {as_of} it permits training." if ruling.permitted else f"On {as_of} training is not permitted: {ruling.detail}."


def _terms(record: Frozen) -> list[str]:
    values = {name: value for name, value in record.model_dump(mode="json").items() if value}
    return [f"{name:18} {', '.join(map(str, one)) if isinstance(one, list) else one}" for name, one in values.items()]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines whose columns begin under each other."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Iterable[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
