"""Every stage as the UI shows it, in the order of the lifecycle."""

from assets import curation, evaluation, gates, intake, release, tokens, training
from assets.shown import Shown

SHOWN: dict[str, Shown] = {
    **intake.SHOWN,
    **curation.SHOWN,
    **gates.SHOWN,
    **tokens.SHOWN,
    **training.SHOWN,
    **evaluation.SHOWN,
    **release.SHOWN,
}
