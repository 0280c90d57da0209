"""Which texts count, and what a delivery may be."""

from datetime import date

from pydantic import Field

from latamgpt.params.bounds import Count, Share
from latamgpt.records import Frozen


class RightsParams(Frozen):
    """Every agreement is held against this day, not against the clock: the same run gives the same corpus next year."""

    as_of: date


class PlaceParams(Frozen):
    """Where a run works on texts, as agreements' residency is held against it: of the run, and not of the machine."""

    country: str = Field(pattern=r"^([A-Z]{2})?$")  # ISO 3166-1 alpha-2; '' for none that is named
    site: str  # a file of sites/, where agreements name one; '' for none


class DocumentsParams(Frozen):
    """Intake: caps that keep one bad file from stopping the others, and how well a page of a scan must have been read."""

    place: PlaceParams  # a delivery whose agreement keeps it elsewhere is set aside; a machine elsewhere stops the stage
    max_file_bytes: Count  # decompressed
    max_delivery_bytes: Count  # decompressed, all files together
    max_record_bytes: int = Field(gt=0, le=4 << 20)  # one line of JSON, one CSV row; docs/memory.md says why not more
    min_page_confidence: Share  # of a page's words as OCR read them; below it the page waits for a person's correction
