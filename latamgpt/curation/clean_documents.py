"""Stage `clean_documents`: a partner's documents, normalised, identified, judged, freed of personal data and of boilerplate."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from latamgpt.cache import made_from
from latamgpt.curation.cleaned_counts import COUNTED_COLUMNS, CleanedCounts
from latamgpt.curation.cleaning import DISPUTED, MINOR, PUBLISHED, STAGE, UNKNOWN, WORKED, clean_to_tables
from latamgpt.curation.engine import choose, read_workers_site
from latamgpt.curation.identifiers import editions, in_force
from latamgpt.curation.language import one_name
from latamgpt.curation.name_tagger.tagger import TaggerPlace
from latamgpt.curation.personal_data.recogniser import edition, recogniser_in_force
from latamgpt.curation.stripping import STRIPPED, Boilerplate, take_boilerplate
from latamgpt.curation.tasks import Tasks
from latamgpt.curation.unchanged import Shelf, digests_of, find_earlier, keep_outcome
from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site
from latamgpt.params import CleanDocumentsParams, Params
from latamgpt.progress import follow
from latamgpt.records import Report, Table
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.store import Workspace, digest_of, read_table, write_report
from latamgpt.table_format import Packing, parts_writer

STRIPS = "stripped_documents"  # what is kept under this name of the documents that hold repeated lines


def run(workspace: Workspace, params: Params, key: str = "") -> Report:
    """Clean one partner's documents and publish those kept, those excluded, those that people must look at, and what was taken.

    Memory holds the documents that the workers have at hand, not the partner's.

    A partner all of whose deliveries were set aside has no documents here, and that is no fault of this stage: the exclusions of
    `documents` say why.

    Raises:
        OperatorError: `documents` published neither a document nor an exclusion, or a file of languages/ is faulty.
    """
    source = workspace.read("documents", key)
    documents = source / "documents.parquet"
    quality = thresholds_in_force(workspace.root)
    refuse_unread(quality)
    site = read_workers_site(workspace.root)
    fasttext_model, name_recogniser = str(workspace.root / site.fasttext_model), str(workspace.root / site.name_recogniser)
    identifiers = editions(in_force(params.clean_documents, fasttext_model))
    recogniser_in_force(params.clean_documents.name_recogniser, name_recogniser)  # before any work: is it there, and the one
    name_tagger = tagger_of(workspace, params.clean_documents)
    tagger_digest = name_tagger.digest if name_tagger else ""
    key_today = made_from(STAGE, params.clean_documents, sorted(quality.items()), identifiers, tagger_digest)
    shelf = Shelf(workspace.root, STAGE, key, key_today, WORKED)
    earlier = find_earlier(shelf, digests_of(documents))
    places = fasttext_model, name_recogniser, name_tagger
    tasks = Tasks([documents], params.clean_documents, quality, *places, known=earlier.run_of)
    if not tasks.num_documents and not earlier.run_of and read_table(source / "exclusions.parquet").num_rows == 0:
        raise OperatorError(
            f"{source} holds neither documents nor exclusions: nothing was read from {key}'s deliveries, and nothing says why. "
            f"Run `latamgpt stage documents {key}` again."
        )
    with workspace.publish(STAGE, key) as target:
        with TemporaryDirectory(dir=target) as scratch:
            fresh = Path(scratch) / "fresh"
            clean_into(fresh, tasks, site, key)
            cleaned, strips = earlier.beside(fresh), replace(shelf, name=STRIPS, tables=STRIPPED)
            boilerplate = take_boilerplate(cleaned, earlier.inputs, target, strips, params.clean_documents, quality)
            keep_outcome(earlier, fresh)  # at last: what is kept may be written anew, and is read until then
        models = (identifiers, *tagger_edition(name_tagger), *edition(params.clean_documents.name_recogniser))
        return write_report(target, describe(key, count(target), boilerplate, models))


def tagger_of(workspace: Workspace, params: CleanDocumentsParams) -> TaggerPlace | None:
    """The tagger that the stage `name_tagger` published, if names are to be masked with it.

    Raises:
        OperatorError: nothing is published there, or it is damaged.
    """
    if params.name_tagger is None:
        return None
    folder = workspace.read("name_tagger")
    return TaggerPlace(str(folder), digest_of(folder))


def tagger_edition(place: TaggerPlace | None) -> tuple[Table, ...]:
    """For the stage's report: which tagger of the run looked for names."""
    return (Table(name="name tagger", columns=("manifest_sha256",), rows=((place.digest,),)),) if place else ()


def clean_into(folder: Path, tasks: Tasks, site: Site, partner: str) -> None:
    """Spread the tasks over the site's workers and write what comes back, in the order of the documents, into a folder."""
    folder.mkdir()
    engine = choose(len(tasks), site, f"{STAGE}-{partner}")
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(parts_writer(folder / f"{name}.parquet", schema, Packing.PASSING))
            for name, schema in WORKED.items()
        }
        progress = stack.enter_context(follow(STAGE, partner, "documents", tasks.num_documents))
        for cleaned in engine.map(clean_to_tables, tasks):
            for name, file in files.items():
                file.add(cleaned[name])
            progress.advance(cleaned["documents"].num_rows + cleaned["exclusions"].num_rows)


def count(folder: Path) -> CleanedCounts:
    """What the published tables hold."""
    counts = CleanedCounts()
    for name in PUBLISHED:
        with pq.ParquetFile(folder / f"{name}.parquet") as file:
            for group in range(file.num_row_groups):
                counts.add(name, file.read_row_group(group, COUNTED_COLUMNS[name]))
    return counts


def refuse_unread(languages: Iterable[str]) -> None:
    """Refuse a file of languages/ whose code is counted as another language: no text would be judged by it."""
    for code in languages:
        if one_name(code) != code:
            raise OperatorError(
                f"languages/{code}.yaml is read for no text: documents in {code} are counted as {one_name(code)}, and a "
                f"community's word would be lost in silence. Put what it says into languages/{one_name(code)}.yaml, and remove "
                "the file."
            )


def describe(partner: str, counts: CleanedCounts, boilerplate: Boilerplate, models: tuple[Table, ...]) -> Report:
    """What a person wants to know of a partner's clean documents, in counts and small tables."""
    share = counts.num_kept / counts.num_read if counts.num_read else 0.0
    return Report(
        stage=STAGE,
        key=partner,
        summary=f"kept {counts.num_kept:,} of {counts.num_read:,} documents ({share:.1%}), "
        f"{counts.num_undetermined:,} undetermined",
        counts={
            "documents_read": counts.num_read,
            "documents": counts.num_kept,
            "exclusions": counts.reasons.total(),
            "undetermined": counts.num_undetermined,
            "language_disputed": counts.reasons[DISPUTED],
            "language_undetermined": counts.reasons[UNKNOWN],
            "names_a_minor": counts.reasons[MINOR],
            "personal_data": counts.personal_data.total(),
            "voseo": counts.num_voseo,
            "bytes": counts.num_bytes,
            "boilerplate_lines": len(boilerplate.lines),
            "boilerplate_documents": boilerplate.num_docs,
            "boilerplate_bytes": boilerplate.num_bytes,
        },
        metrics={"keep_rate": round(share, 4)},
        tables=(
            counts.table("languages", "language"),
            counts.table("varieties", "variety"),
            counts.table("second languages", "second_language"),
            Table(name="exclusions per reason", columns=("reason", "documents"), rows=tuple(sorted(counts.reasons.items()))),
            Table(name="personal data", columns=("kind", "replaced"), rows=tuple(sorted(counts.personal_data.items()))),
            boilerplate.summary(),
            *models,
        ),
    )
