"""Setting aside: every reason for which something a partner sent is not used, and the record that says so."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a delivery, a file or a record was set aside at intake; the agreement's own reasons come from registry.rights."""

    NOT_A_DELIVERY = "not_a_delivery"
    DELIVERY_INVALID = "delivery_invalid"
    UNSAFE_PATH = "unsafe_path"
    FIXITY_MISSING = "fixity_missing"
    FIXITY_EXTRA = "fixity_extra"
    FIXITY_CHANGED = "fixity_changed"
    FIXITY_INVALID = "fixity_invalid"
    BAG_INVALID = "bag_invalid"
    BAG_FETCH = "bag_fetch"
    LICENCE_CONTRADICTION = "licence_contradiction"
    ENCODING = "encoding"
    TOO_LARGE = "too_large"
    COMPRESSION_DAMAGED = "compression_damaged"
    JSON_INVALID = "json_invalid"
    CSV_INVALID = "csv_invalid"
    RECORD_INVALID = "record_invalid"
    RECORD_ID_REPEATED = "record_id_repeated"
    PARQUET_INVALID = "parquet_invalid"
    XML_INVALID = "xml_invalid"
    XML_ENTITIES = "xml_entities"
    METS_INCOMPLETE = "mets_incomplete"
    DOCUMENT_UNREADABLE = "document_unreadable"
    ENCRYPTED = "encrypted"
    ARCHIVE_BOMB = "archive_bomb"
    ARCHIVE_DAMAGED = "archive_damaged"
    ARCHIVE_NESTED = "archive_nested"
    NAME_COLLISION = "name_collision"
    SIDECAR_INVALID = "sidecar_invalid"
    PDF_UNREADABLE = "pdf_unreadable"
    HTML_UNREADABLE = "html_unreadable"
    EMPTY_DOCUMENT = "empty_document"
    WITHDRAWN = "withdrawn"
    REPEATED_IN_DELIVERY = "repeated_in_delivery"
    PARSER_LIMIT = "parser_limit"
    TRANSCRIPT_INVALID = "transcript_invalid"
    AUDIO_WITHHELD = "audio_withheld"
    IMAGE_UNREADABLE = "image_unreadable"
    OCR_MISSING = "ocr_missing"
    OCR_INVALID = "ocr_invalid"
    OCR_LOW_CONFIDENCE = "ocr_low_confidence"
    HIDDEN_FROM_READERS = "hidden_from_readers"
    NOT_READ = "not_read"


class Rejected(Exception):
    """A delivery, or one file of it, cannot be used: a code, a sentence, and the path where that showed."""

    def __init__(self, reason: str, detail: str, path: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.path = path


@dataclass(frozen=True)
class SetAside:
    """One thing that is not used: a record, a file, or a whole delivery (`path` then names the file that decided it)."""

    path: str
    reason: str
    detail: str
    num_bytes: int
    language: str = ""
    doc_id: str = ""
