"""What may leave this machine: the repository's own questions under CC0, and no text that a partner lent."""

from collections.abc import Sequence

from latamgpt.errors import NotPermittedError
from latamgpt.evaluation.items import Measure, Task
from latamgpt.evaluation.questions import as_items, question_files, question_tasks, read_questions
from latamgpt.params import ScorecardParams

FREE = "CC0-1.0"


def tasks_for_peers(params: ScorecardParams) -> list[Task]:
    """The tasks that any endpoint may be asked."""
    tasks = question_tasks(params)
    must_be_own(tasks)
    return tasks


def must_be_own(tasks: Sequence[Task]) -> None:
    """Refuse to send what is not a question of this repository under CC0, word for word.

    An agreement names places at which a partner's text may be read; where an endpoint stands, nobody here can see. So held-out
    passages, memorised beginnings and translations are sent nowhere.

    Raises:
        NotPermittedError: an item is something else.
    """
    own = {
        item.id: item.fields
        for path in question_files()
        for question in read_questions(path)
        if question.licence == FREE
        for item in as_items(question)
    }
    for task in tasks:
        for item in task.items:
            if task.measure is not Measure.CHOICE or own.get(item.id) != item.fields:
                raise NotPermittedError(
                    f"{task.name}: {item.id} is no question of this repository under {FREE}, so it is not sent to an "
                    "endpoint. Texts of partners may be read only where their agreements say. Measure that model on its own "
                    "weights, at a site of yours."
                )
