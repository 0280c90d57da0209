"""Text of a PDF that its readers do not see: which strings of a page are hidden.

Hidden is what paints no letters, letters of the page's white, or letters too small to read; what stands off the page; and what
lies in a layer that is switched off. A machine's reading laid unseen over the picture of a page is that page's text, and stays.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from latamgpt.intake.pdf_geometry import Box, area, meet, overlap
from latamgpt.intake.pdf_painting import Painting, Shown

if TYPE_CHECKING:
    import pypdf

UNPAINTED = 3  # mode of letters; those of mode 7 cut out what is painted later, and may well be seen
MIN_SCAN_SHARE = 0.25  # of the page, that pictures cover, for unseen text before one to be a reading of it
MIN_POINTS = 1.0
MIN_ALPHA = 0.1


def hidden_strings(painting: Painting, page: "pypdf.PageObject") -> frozenset[int]:
    """Which of a page's strings are hidden, by their order."""
    crop, user_unit = cast("Box", tuple(float(side) for side in page.cropbox)), float(page.user_unit)
    is_scan = sum(area(overlap(image, crop)) for image in painting.images) >= MIN_SCAN_SHARE * area(crop)
    scans = painting.images if is_scan else []
    return frozenset(n for n, one in enumerate(painting.shown) if _is_hidden(one, crop, user_unit, scans))


def _is_hidden(shown: Shown, crop: Box, user_unit: float, scans: Sequence[Box]) -> bool:
    state = shown.graphics
    if shown.is_off or not meet(shown.box, crop):
        return True
    if state.is_drawn_font:  # neither mode nor colour nor size says how its glyphs look
        return False
    if state.mode == UNPAINTED or state.alpha < MIN_ALPHA:
        return not any(meet(shown.box, scan) for scan in scans)
    if shown.size * user_unit <= MIN_POINTS:
        return True
    return state.mode == 0 and state.is_white and not shown.has_ground
