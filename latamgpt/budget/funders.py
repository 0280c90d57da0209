"""Whose credits pay: governance/funders.yaml, and how a training's cost is shared out over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import yaml
from pydantic import Field, ValidationError, model_validator

from latamgpt.budget.quote import Amounts, SiteQuote
from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation, load_yaml

FUNDERS = "governance/funders.yaml"
ROUNDING = 1e-9  # of the whole: what sums of shares may differ by


class Funder(Frozen):
    """One funder's credits, in US$ or in hours of an accelerator."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str
    sample: bool = False  # invented: shown, and never drawn on
    sites: tuple[str, ...] = Field(min_length=1)
    us_dollars: float | None = Field(default=None, gt=0, le=1e9)
    accelerator_hours: float | None = Field(default=None, gt=0, le=1e8)
    valid_from: date
    valid_until: date

    @model_validator(mode="after")
    def _one_kind_of_credit(self) -> Self:
        if (self.us_dollars is None) == (self.accelerator_hours is None):
            raise ValueError(f"{self.id} gives either us_dollars or accelerator_hours, and one of them")
        if self.valid_until < self.valid_from:
            raise ValueError(f"{self.id} ends on {self.valid_until}, before it begins on {self.valid_from}")
        return self

    @property
    def credits(self) -> float:
        """What was given, in the funder's own unit."""
        return self.us_dollars or self.accelerator_hours or 0.0

    @property
    def unit(self) -> str:
        """What the credits are counted in."""
        return "US$" if self.us_dollars is not None else "accelerator hours"

    def pays(self, site: str, day: date) -> bool:
        """Whether the credits are good there and then."""
        return site in self.sites and self.valid_from <= day <= self.valid_until


class Funders(Frozen):
    """The file, whole."""

    funders: tuple[Funder, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [each.id for each in self.funders]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"funders names {', '.join(twice)} twice")
        return self


class Share(Frozen):
    """What one funder pays of a training, in both units; its credits are counted in one of them."""

    funder: str
    us_dollars: float
    accelerator_hours: float


@dataclass(frozen=True)
class Funding:
    """Who pays a training, and what nobody pays."""

    shares: tuple[Share, ...]
    unpaid_hours: float
    samples: tuple[str, ...]  # of the shares, those of invented funders


def read_funders(root: Path) -> tuple[Funder, ...]:
    """The funders of a checkout; none where there is no file.

    Raises:
        OperatorError: the file is not YAML, or a field is unknown or wrong.
    """
    path = root / FUNDERS
    if not path.is_file():
        return ()
    try:
        return Funders.model_validate(load_yaml(path.read_text(encoding="utf-8")) or {}).funders
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Mend the line it names and run the command again.") from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error


def fund(amounts: Amounts, site: str, day: date, funders: Sequence[Funder], left: Mapping[str, float]) -> Funding:
    """Share a training's hours out over the funders who pay for the site on that day: real ones first, then the sooner to expire.

    A site whose hours are free and for which no funder is named costs nobody anything.
    """
    price = amounts.us_dollars / amounts.accelerator_hours if amounts.accelerator_hours else 0.0
    payers = [each for each in funders if each.pays(site, day)]
    named = any(site in each.sites for each in funders)
    if not price and not named:
        return Funding((), 0.0, ())
    shares: list[Share] = []
    open_hours = amounts.accelerator_hours
    for each in sorted(payers, key=lambda one: (one.sample, one.valid_until, one.id)):
        credit = max(left.get(each.id, each.credits), 0.0)
        hours = min(open_hours, credit if each.accelerator_hours is not None else credit / price if price else open_hours)
        if hours > 0:
            shares.append(Share(funder=each.id, us_dollars=hours * price, accelerator_hours=hours))
            open_hours -= hours
    unpaid = open_hours if open_hours > ROUNDING * amounts.accelerator_hours else 0.0
    drawn = {share.funder for share in shares}
    return Funding(tuple(shares), unpaid, tuple(each.name for each in payers if each.sample and each.id in drawn))


def must_be_paid(quoted: SiteQuote, funding: Funding) -> None:
    """Refuse a training that nobody's credits cover.

    Raises:
        OperatorError: credits are missing, or those that would pay are invented.
    """
    hours = quoted.amounts.accelerator_hours
    if funding.unpaid_hours:
        raise OperatorError(
            f"the training would take {hours:,.1f} accelerator hours of {quoted.site} (US$ {quoted.amounts.us_dollars:,.2f}), "
            f"and the credits that are left and good there today pay {hours - funding.unpaid_hours:,.1f} of them. Nothing was "
            f"started. See `latamgpt ledger`; train on fewer tokens, or enter further credits in {FUNDERS}."
        )
    if funding.samples:
        raise OperatorError(
            f"{', '.join(funding.samples)} would pay for {hours:,.1f} accelerator hours of {quoted.site}, and is an invented "
            f"sample: it has nothing to give. Nothing was started. Put the real funders into {FUNDERS}."
        )
