"""One delivery: may it be used, did it arrive whole, what documents does it hold, and does any contradict its licence."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from latamgpt.errors import OperatorError, quoted
from latamgpt.governance.contents import content_id, normal
from latamgpt.governance.withdrawals import NOTHING_WITHDRAWN, Tombstone, Withdrawn, explain
from latamgpt.intake.crawled import is_address_list, refuse_crawled
from latamgpt.intake.delivery import LANGUAGE_TAG, Delivery, language_tag, read_delivery
from latamgpt.intake.delivery_licences import check_bag_licence, check_notices, covered, shown, two_licences
from latamgpt.intake.fixity import check_fixity
from latamgpt.intake.found import Found
from latamgpt.intake.kept_delivery import KeptDeliveries
from latamgpt.intake.licences import contradiction, statements_at_edges, statements_in
from latamgpt.intake.payload import readable, refuse_unsafe, size_of
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.reading import read_files
from latamgpt.intake.residency import place_of_run
from latamgpt.intake.rows_on_disk import RowsOnDisk, rows_on_disk
from latamgpt.intake.source import Source
from latamgpt.intake.stated import describe
from latamgpt.intake.tally import Accepted, Tally
from latamgpt.params import DocumentsParams
from latamgpt.registry import crawl
from latamgpt.registry.partners import Edge, Institution, Purpose
from latamgpt.registry.rights import Place, rule, rule_delivery_labels
from latamgpt.store import list_files

MAX_CONTRADICTING_SHARE = 0.5
"""Of a delivery's documents; above it the delivery's own licence is what is doubtful, and all of it waits for the partner."""

MAX_DAYS_AHEAD = 366  # a delivery, or a correction in it, may be newer than the day that a run is held against, and not by years


@dataclass(frozen=True)
class TakenIn:
    """What became of one delivery; `delivery` is None where not even that could be read."""

    name: str
    delivery: Delivery | None
    num_bytes: int
    tally: Tally
    refused: SetAside | None = None  # where the whole delivery was set aside: why

    @property
    def quarantined_for(self) -> str:
        """The reason code for which the whole delivery was set aside; '' where it was not."""
        return str(self.refused.reason) if self.refused else ""


def take_in(  # noqa: PLR0913
    folder: Path,
    institution: Institution,
    params: DocumentsParams,
    as_of: date,
    rows: RowsOnDisk,
    withdrawn: Withdrawn = NOTHING_WITHDRAWN,
    kept: KeptDeliveries | None = None,
) -> TakenIn:
    """Read one delivery into `rows`. Whatever is wrong with it is written down; nothing a partner sent stops the others.

    With `kept`, what came of it before is taken where it is still true; its rows are then in tables that were kept.
    """
    name, num_bytes = readable(folder.name), 0
    delivery: Delivery | None = None
    known = kept.find(folder) if kept else None
    try:
        if known is None:
            refuse_unsafe(folder)
            num_bytes = size_of(folder)
            refuse_crawled(folder)
            delivery = _read_description(folder)
        else:
            num_bytes, delivery = known.num_bytes, known.delivery
        last_day = as_of + timedelta(days=MAX_DAYS_AHEAD)
        _check_date(delivery, as_of, last_day)
        _check_rights(institution, delivery, as_of, place_of_run(params))
        _check_withdrawn(delivery, withdrawn)
        if kept and known:
            return TakenIn(name, delivery, num_bytes, kept.take(folder, known))
        read = partial(_read, folder, delivery, institution, params, last_day, rows, withdrawn)
        return TakenIn(name, delivery, num_bytes, kept.read(folder, delivery, num_bytes, rows, read) if kept else read())
    except Rejected as rejected:
        language = delivery.language if delivery else ""
        whole, tally = SetAside(rejected.path, rejected.reason, rejected.detail, num_bytes, language), Tally()
        tally.set_aside(whole)
        rows.set_aside(name, whole)
        return TakenIn(name, delivery, num_bytes, tally, whole)


def _read(  # noqa: PLR0913
    folder: Path,
    delivery: Delivery,
    institution: Institution,
    params: DocumentsParams,
    last_day: date,
    rows: RowsOnDisk,
    withdrawn: Withdrawn,
) -> Tally:
    """Read a delivery that may be used.

    Raises:
        Rejected: it did not arrive whole, contradicts itself, or does not read.
    """
    check_fixity(folder, delivery)
    check_bag_licence(folder, institution, delivery)
    source = replace(Source.of(folder, delivery, params, list_files(folder)), last_day=last_day)
    with rows.delivery(delivery, delivery.country or institution.country):
        tally = _judge(source, institution, rows, withdrawn)
        check_notices(Source.of(folder, delivery, params, source.names), institution)
    return tally


def identify(partner: str, delivery: str, text: str) -> str:
    """A document's id: the sha256 of its delivery and its text, the same however lines end and accents are composed."""
    return hashlib.sha256(f"{partner}/{delivery}\n{normal(text)}".encode()).hexdigest()


def documents_in(folder: Path, partner: str, params: DocumentsParams, last_day: date = date.max) -> Iterator[tuple[str, Found]]:
    """Id and text of every document that a delivery's files hold, whether or not its use is permitted.

    Raises:
        Rejected: the delivery does not read.
    """
    refuse_unsafe(folder)
    delivery = _read_description(folder)
    source = replace(Source.of(folder, delivery, params, list_files(folder)), last_day=last_day)
    with rows_on_disk() as rows, rows.delivery(delivery, country=""):
        for item in _without_repeated_ids(read_files(source), rows):
            if isinstance(item, Found):
                yield identify(partner, delivery.id, item.text), item


def contents_of(folder: Path, params: DocumentsParams) -> set[str]:
    """The `content_id` of every document that a delivery's files hold, in each of its spellings.

    Raises:
        Rejected: the delivery does not read.
    """
    return {content_id(text) for _, found in documents_in(folder, "", params) for text in found.spellings}


def _read_description(folder: Path) -> Delivery:
    try:
        delivery = read_delivery(folder)
    except OperatorError as error:
        raise Rejected(Reason.DELIVERY_INVALID, str(error).replace(f"{folder}/", ""), "delivery.yaml") from error
    if delivery.id != folder.name:
        detail = f"delivery.yaml says id {quoted(delivery.id)}, the folder is named {quoted(folder.name)}: make the two the same"
        raise Rejected(Reason.DELIVERY_INVALID, detail, "delivery.yaml")
    return delivery


def _check_date(delivery: Delivery, as_of: date, last_day: date) -> None:
    if delivery.date > last_day:
        detail = (
            f"delivery.yaml says that the delivery was made on {delivery.date}, and the run is held against {as_of}: nothing can "
            "be said of a time to come. Correct the date, or `rights.as_of` in params.yaml"
        )
        raise Rejected(Reason.DELIVERY_INVALID, detail, "delivery.yaml")


def _check_rights(institution: Institution, delivery: Delivery, as_of: date, place: Place) -> None:
    ruling = rule(institution, delivery.agreement, delivery.licence, Purpose.TRAIN, as_of, edge=Edge.INTAKE, place=place)
    if not ruling.permitted:
        raise Rejected(ruling.reason, ruling.detail)
    agreement = institution.agreement(delivery.agreement)
    if agreement and (refusal := rule_delivery_labels(agreement, delivery.id, delivery.labels, delivery.season, as_of)):
        raise Rejected(refusal.reason, refusal.detail)


def _check_withdrawn(delivery: Delivery, withdrawn: Withdrawn) -> None:
    tombstone = withdrawn.delivery(delivery.id)
    if tombstone is not None:
        raise Rejected(Reason.WITHDRAWN, explain(tombstone))


def _judge(source: Source, institution: Institution, rows: RowsOnDisk, withdrawn: Withdrawn) -> Tally:
    """Rule on every document, and put it among the rows.

    Raises:
        Rejected: the delivery as a whole is in doubt, or too large.
    """
    tally, tombstones, num_gone = Tally(), withdrawn.by_content(), 0
    for item in _without_repeated_ids(read_files(source), rows):
        verdict = _verdict(item, source.delivery, institution) if isinstance(item, Found) else item
        if isinstance(verdict, Accepted) and (first := rows.first_with(verdict.doc_id)):
            verdict = _aside(verdict.found, verdict, Reason.REPEATED_IN_DELIVERY, f"the same text stands in {first}")
        if isinstance(verdict, Accepted) and (gone := _tombstone(verdict.found, tombstones)):
            rows.remember(verdict.doc_id, verdict.found.path)
            verdict, num_gone = _aside(verdict.found, verdict, Reason.WITHDRAWN, explain(gone)), num_gone + 1
        if isinstance(verdict, Accepted):
            verdict = replace(verdict, described=describe(verdict.found, source.delivery, source.last_day))
            rows.keep(verdict.doc_id, verdict.found, verdict.language, verdict.described)
            tally.keep(verdict)
        else:
            verdict = replace(verdict, language=verdict.language or source.delivery.language)
            rows.set_aside(readable(source.folder.name), verdict)
            tally.set_aside(verdict)
    contradicting, others = tally.num_aside[Reason.LICENCE_CONTRADICTION], tally.num_documents + num_gone
    if contradicting > MAX_CONTRADICTING_SHARE * (contradicting + others):
        raise Rejected(Reason.LICENCE_CONTRADICTION, _most_contradict(source.delivery, tally, contradicting, others))
    return tally


def _tombstone(found: Found, tombstones: Mapping[str, Tombstone]) -> Tombstone | None:
    """The tombstone of a document, whichever of its spellings was withdrawn."""
    if not tombstones:
        return None
    return next((gone for text in found.spellings if (gone := tombstones.get(content_id(text)))), None)


def _without_repeated_ids(reading: Iterable[Found | SetAside], rows: RowsOnDisk) -> Iterator[Found | SetAside]:
    """Of two records with one id and different texts nobody knows which is meant: the first stays, the others are named."""
    for item in reading:
        first = rows.other_text_of(item) if isinstance(item, Found) and item.record_id else ""
        if isinstance(item, Found) and first:
            detail = f"the id {quoted(item.record_id)} stands before another text in {first}"
            yield SetAside(item.path, Reason.RECORD_ID_REPEATED, detail, len(item.text.encode("utf-8")), item.language)
        else:
            yield item


def _most_contradict(delivery: Delivery, tally: Tally, contradicting: int, others: int) -> str:
    example = tally.examples[Reason.LICENCE_CONTRADICTION][0]
    return (
        f"{contradicting} of {contradicting + others} documents contradict the delivery's {shown(delivery.licence)} "
        f"({example.detail}): ask the partner which licence holds"
    )


def _verdict(found: Found, delivery: Delivery, institution: Institution) -> Accepted | SetAside:
    language = language_tag(found.language) or delivery.language
    accepted = Accepted(identify(institution.id, delivery.id, found.text), found, language)
    if not re.fullmatch(LANGUAGE_TAG, language):
        return _aside(found, accepted, Reason.RECORD_INVALID, f"{quoted(language)} is no language tag such as 'quy' or 'es-AR'")
    if any(is_address_list(text) for text in found.spellings):
        return _aside(found, accepted, crawl.REASON, f"{found.path} lists web addresses. {crawl.WHY}")
    stated = [*found.statements, *statements_in(found.path, "the file's name")]
    stated += [statement for text in found.spellings for statement in statements_at_edges(text)]
    odd = contradiction(stated, covered(institution, delivery))
    if odd is not None:
        return _aside(found, accepted, Reason.LICENCE_CONTRADICTION, two_licences(odd, delivery))
    return accepted


def _aside(found: Found, accepted: Accepted, reason: str, detail: str) -> SetAside:
    return SetAside(found.path, reason, detail, len(found.text.encode("utf-8")), accepted.language, accepted.doc_id)
