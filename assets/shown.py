"""What the UI is told about a stage; the modules of this folder say it for each, part of the lifecycle by part."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """Group, owners and kinds of an asset, which parts of its report are drawn, and which stage it is the gate of."""

    group: str
    description: str
    kinds: tuple[str, ...] = ()
    owners: tuple[str, ...] = ("team:factory",)
    bars: tuple[tuple[str, ...], ...] = ()  # table of the report, column of labels, columns of values
    curves: bool = False  # the report's curves, drawn
    gate_of: str = ""  # the stage whose output this one judges
    counts_of: str = ""  # the stage of whose output this one's tables say something that is not known there
    has_run: bool = False  # whether MLflow holds a run of it
    has_quote: bool = False  # whether this site's quote and ledger are shown beside it
    has_page: bool = False  # whether it publishes pages that people read
    has_receipt: bool = False  # whether a partner's receipt tells what became of it
    has_scans: bool = False  # whether people may correct what a machine read for it

    @property
    def speaks_of(self) -> str:
        """The stage on whose asset this one's report is shown as well."""
        return self.gate_of or self.counts_of


SOURCES = {
    "partner_registry": Shown("intake", "The institution and its agreements: what may be used, for what, until when."),
    "withdrawals": Shown("intake", "What the partner withdrew after delivering it: tombstones."),
    "deliveries": Shown("intake", "The texts as the partner sent them."),
    "base_text": Shown("training", "Text that the tests' base model is pretrained on."),
    "ability_text": Shown("evaluation", "English that is in no delivery: what the base could do is measured on it."),
    "evaluation_sets": Shown("evaluation", "What a site adds to what models are measured with: kept out of the corpus."),
    "evaluation_peers": Shown("evaluation", "Other models that are asked what ours are asked: where each is and what it costs."),
    "peer_results": Shown("evaluation", "What those other models answered, as `latamgpt peers run` left it."),
    "approval": Shown("release", "A reviewer's signature under one release candidate."),
}
"""What comes from outside of the graph, by the first word of its asset key."""
