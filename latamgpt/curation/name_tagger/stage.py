"""Stage `name_tagger`: a tagger of persons' names, learned from the paragraphs beside it and measured on others."""

from collections.abc import Mapping

from latamgpt.curation.name_tagger.learning import fit
from latamgpt.curation.name_tagger.measuring import Measured, measure, tables
from latamgpt.curation.name_tagger.paragraphs import HELD_OUT, Paragraph, Person, read_paragraphs
from latamgpt.curation.name_tagger.tagger import Tagger
from latamgpt.errors import OperatorError
from latamgpt.params import NameScope, NameTaggerParams, Params
from latamgpt.records import Report, Table
from latamgpt.store import Workspace, write_report

STAGE = "name_tagger"


def run(workspace: Workspace, params: Params) -> Report:
    """Learn, measure on the paragraphs that are held out, and publish the tagger.

    Raises:
        OperatorError: a file of paragraphs is faulty, or the tagger finds less, or takes more by mistake, than it may.
    """
    return learn(workspace, params.name_tagger, read_paragraphs())


def learn(workspace: Workspace, params: NameTaggerParams, files: Mapping[str, tuple[Paragraph, ...]]) -> Report:
    """The stage, over these files of paragraphs."""
    held_out = files[HELD_OUT]
    learned = [paragraph for name, paragraphs in files.items() if name != HELD_OUT for paragraph in paragraphs]
    with workspace.publish(STAGE) as folder:
        fit(learned, params, folder)
        tagger = Tagger(folder)
        measured = {scope: measure(held_out, tagger, scope) for scope in NameScope}
        refuse_worse(measured[NameScope.EVERYWHERE], params)
        return write_report(folder, describe(learned, held_out, measured))


def refuse_worse(measured: Measured, params: NameTaggerParams) -> None:
    """Refuse a tagger below what was measured when these limits were set.

    Raises:
        OperatorError: its recall or precision of full names is too low.
    """
    recall, precision = measured.recall.row()[2], measured.precision
    if recall < params.min_recall or precision < params.min_precision:
        raise OperatorError(
            f"the name tagger masks {recall:.1%} of the held-out full names (at least {params.min_recall:.1%} is asked) with a "
            f"precision of {precision:.1%} (at least {params.min_precision:.1%}): private names would stay, or words be taken "
            "that are none. Look at what changed in latamgpt/curation/name_tagger or in name_tagger of params.yaml; nothing was "
            "published."
        )


def describe(learned: list[Paragraph], held_out: tuple[Paragraph, ...], measured: dict[NameScope, Measured]) -> Report:
    """What it learned from, and what it finds."""
    everywhere, in_context = measured[NameScope.EVERYWHERE], measured[NameScope.IN_CONTEXT]
    recall, precision = everywhere.recall.row()[2], everywhere.precision
    return Report(
        stage=STAGE,
        summary=f"learned from {len(learned):,} paragraphs; of {everywhere.recall.num_names:,} full names held out it finds "
        f"{recall:.1%} with a precision of {precision:.1%}",
        counts={
            "paragraphs": len(learned),
            "paragraphs_held_out": len(held_out),
            "private_names": _count(learned, Person.PRIVATE),
            "public_names": _count(learned, Person.PUBLIC),
            "held_out_called_private": everywhere.num_tagged,
            "held_out_no_person": everywhere.no_name.total(),
        },
        metrics={
            "recall": recall,
            "precision": precision,
            "recall_in_context": in_context.recall.row()[2],
            "public_masked": everywhere.public.row()[2],
            "public_masked_in_context": in_context.public.row()[2],
        },
        tables=(
            *(table for scope, one in measured.items() for table in tables(scope, one)),
            Table(
                name="no person at all, by genre",
                columns=("genre", "called a private person's"),
                rows=tuple(sorted(everywhere.no_name.items())),
            ),
        ),
    )


def _count(paragraphs: list[Paragraph], person: Person) -> int:
    return sum(name.person is person for paragraph in paragraphs for name in paragraph.names)
