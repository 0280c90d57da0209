"""What a reader gives back: the documents found in a file, and what in it gave none."""

from dataclasses import dataclass

from latamgpt.intake.licences import Statement
from latamgpt.intake.quarantine import SetAside


@dataclass(frozen=True)
class Found:
    """A document as its file holds it, before rights are looked at."""

    path: str  # '#17' names the 17th record of a file
    text: str
    title: str = ""
    language: str = ""  # as stated with the document; '' where the delivery's holds
    statements: tuple[Statement, ...] = ()  # of its licence
    parts: tuple[str, ...] = ()  # other files of the delivery that the document was made from, or that are its pictures
    confidence: float | None = None  # 0 to 1: the mean over its words, where a machine read them from a picture
    dates: tuple[str, ...] = ()  # when it was written or published, as stated with it; the surest first
    kinds: tuple[str, ...] = ()  # words that are stated with it for the kind of text that it is
    record_id: str = ""  # as the partner numbers records
    num_hidden_chars: int = 0  # blanks aside, of text that readers do not see; it is not in `text`
    num_unread_sheets: int = 0  # pages or chapters whose style sheets were too much to apply: `text` may hold what they hide
    orthographies: tuple[tuple[str, str], ...] = ()  # the same text in other spellings, each after its name

    @property
    def spellings(self) -> tuple[str, ...]:
        """The text, and the same in other spellings: what is asked of one of them is asked of all."""
        return (self.text, *(text for _, text in self.orthographies))


Reading = list[Found | SetAside]
"""What one file gave."""
