"""Local Contexts' Traditional Knowledge (TK) and Biocultural (BC) Labels, and what each one does here.

The names are those of https://localcontexts.org/labels/about-the-labels/. A label says what a community expects of whoever meets
its knowledge. Published weights cannot hold back who reads them, so a label that limits who may read, or that says the community
has not been asked, keeps the texts out altogether; the others become a window of days, or duties that travel with the release.
"""

from datetime import date
from enum import StrEnum

from pydantic import Field, field_validator

from latamgpt.records import Frozen

LEAP_YEAR = 2000  # has every day that a season can begin or end on


class Label(StrEnum):
    """A TK or BC Label, as a registry file or a delivery.yaml names it."""

    TK_ATTRIBUTION = "tk_attribution"
    TK_CLAN = "tk_clan"
    TK_COMMUNITY_USE_ONLY = "tk_community_use_only"
    TK_COMMUNITY_VOICE = "tk_community_voice"
    TK_CREATIVE = "tk_creative"
    TK_CULTURALLY_SENSITIVE = "tk_culturally_sensitive"
    TK_FAMILY = "tk_family"
    TK_MEN_GENERAL = "tk_men_general"
    TK_MEN_RESTRICTED = "tk_men_restricted"
    TK_MULTIPLE_COMMUNITIES = "tk_multiple_communities"
    TK_NON_COMMERCIAL = "tk_non_commercial"
    TK_NON_VERIFIED = "tk_non_verified"
    TK_OPEN_TO_COLLABORATION = "tk_open_to_collaboration"
    TK_OPEN_TO_COMMERCIALIZATION = "tk_open_to_commercialization"
    TK_OUTREACH = "tk_outreach"
    TK_SEASONAL = "tk_seasonal"
    TK_SECRET_SACRED = "tk_secret_sacred"
    TK_VERIFIED = "tk_verified"
    TK_WOMEN_GENERAL = "tk_women_general"
    TK_WOMEN_RESTRICTED = "tk_women_restricted"
    BC_CLAN = "bc_clan"
    BC_CONSENT_NON_VERIFIED = "bc_consent_non_verified"
    BC_CONSENT_VERIFIED = "bc_consent_verified"
    BC_MULTIPLE_COMMUNITIES = "bc_multiple_communities"
    BC_NON_COMMERCIAL = "bc_non_commercial"
    BC_OPEN_TO_COLLABORATION = "bc_open_to_collaboration"
    BC_OPEN_TO_COMMERCIALIZATION = "bc_open_to_commercialization"
    BC_OUTREACH = "bc_outreach"
    BC_PROVENANCE = "bc_provenance"
    BC_RESEARCH_USE = "bc_research_use"

    @property
    def full_name(self) -> str:
        """As people write it: 'TK Secret Sacred'."""
        kind, _, words = self.value.partition("_")
        return f"{kind.upper()} {words.replace('_', ' ').title()}"


class Meaning(StrEnum):
    """What a label does."""

    NEVER = "never"  # the texts never enter
    SEASON = "season"  # they enter on the days of a window that comes every year
    NON_COMMERCIAL = "non_commercial"  # a duty of the release
    ATTRIBUTION = "attribution"  # a duty of the release: the community is named
    NOTICE = "notice"  # a duty of the release: the label is shown


MEANINGS: dict[Label, Meaning] = {
    Label.TK_CLAN: Meaning.NEVER,  # usually not publicly available
    Label.TK_COMMUNITY_USE_ONLY: Meaning.NEVER,
    Label.TK_FAMILY: Meaning.NEVER,  # usually not publicly available
    Label.TK_MEN_GENERAL: Meaning.NEVER,  # not to be passed on to people outside the community
    Label.TK_MEN_RESTRICTED: Meaning.NEVER,
    Label.TK_NON_VERIFIED: Meaning.NEVER,  # the community has not looked at it
    Label.TK_OUTREACH: Meaning.NEVER,  # for teaching only, and a model's answers are not
    Label.TK_SECRET_SACRED: Meaning.NEVER,
    Label.TK_WOMEN_GENERAL: Meaning.NEVER,
    Label.TK_WOMEN_RESTRICTED: Meaning.NEVER,
    Label.BC_CONSENT_NON_VERIFIED: Meaning.NEVER,
    Label.BC_OUTREACH: Meaning.NEVER,
    Label.TK_SEASONAL: Meaning.SEASON,
    Label.TK_NON_COMMERCIAL: Meaning.NON_COMMERCIAL,
    Label.BC_NON_COMMERCIAL: Meaning.NON_COMMERCIAL,
    Label.BC_RESEARCH_USE: Meaning.NON_COMMERCIAL,
    Label.TK_ATTRIBUTION: Meaning.ATTRIBUTION,
    Label.TK_MULTIPLE_COMMUNITIES: Meaning.ATTRIBUTION,
    Label.BC_CLAN: Meaning.ATTRIBUTION,
    Label.BC_MULTIPLE_COMMUNITIES: Meaning.ATTRIBUTION,
    Label.BC_PROVENANCE: Meaning.ATTRIBUTION,
    Label.TK_COMMUNITY_VOICE: Meaning.NOTICE,
    Label.TK_CREATIVE: Meaning.NOTICE,
    Label.TK_CULTURALLY_SENSITIVE: Meaning.NOTICE,
    Label.TK_OPEN_TO_COLLABORATION: Meaning.NOTICE,
    Label.TK_OPEN_TO_COMMERCIALIZATION: Meaning.NOTICE,
    Label.TK_VERIFIED: Meaning.NOTICE,
    Label.BC_CONSENT_VERIFIED: Meaning.NOTICE,
    Label.BC_OPEN_TO_COLLABORATION: Meaning.NOTICE,
    Label.BC_OPEN_TO_COMMERCIALIZATION: Meaning.NOTICE,
}


class Season(Frozen):
    """The days of every year on which seasonal texts may be used, both ends included; it may run over New Year."""

    opens: str = Field(pattern=r"^\d{2}-\d{2}$")  # month and day: 10-15
    closes: str = Field(pattern=r"^\d{2}-\d{2}$")

    @field_validator("opens", "closes")
    @classmethod
    def _is_a_day(cls, day: str) -> str:
        try:
            date.fromisoformat(f"{LEAP_YEAR}-{day}")
        except ValueError as error:
            raise ValueError("no calendar has this month and day; write them as MM-DD") from error
        return day

    def holds(self, on: date) -> bool:
        """Whether a day lies in the season."""
        day = on.strftime("%m-%d")
        if self.opens <= self.closes:
            return self.opens <= day <= self.closes
        return day >= self.opens or day <= self.closes
