"""Entering what was learned of a language: its file is what texts are kept or dropped by."""

from pathlib import Path

from latamgpt.custody.edits import Deed, FileEdit, read_text
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action
from latamgpt.registry.languages import FOLDER, LanguageFile, language_text, standing_overrides, to_review_again


def learned(root: Path, file: LanguageFile) -> Deed:
    """Write languages/CODE.yaml anew; the log names what its community set and keeps.

    Raises:
        OperatorError: it was not learned from anything.
    """
    if file.evidence is None:
        raise OperatorError(
            f"{file.language} was learned from nothing, so there is nothing to enter. Name a source: --source PATH."
        )
    path = f"{FOLDER}/{file.language}.yaml"
    words = f"learned from {file.evidence.num_passages:,} passages of {', '.join(file.evidence.sources)}"
    detail = "; ".join([words, *standing_overrides(file), *to_review_again(file)])
    return Deed(Action.LANGUAGE_LEARNED, file.language, detail, (FileEdit(path, read_text(root, path), language_text(file)),))
