"""A word tokenizer for datatrove that costs next to nothing: words and sentence ends by regular expressions instead of spaCy."""

import re
from itertools import pairwise

from datatrove.utils.word_tokenizers import WordTokenizer

WORD = re.compile(r"\w+|[^\w\s]")
SENTENCE_END = re.compile(r"[.!?…][\"'»)\]]*(?=\s|$)")


class RegexWords(WordTokenizer):
    """Words are runs of letters and digits, and every other visible character is a word; sentences end at . ! ? and …"""

    def word_tokenize(self, text: str) -> list[str]:
        """The words of a text."""
        return WORD.findall(text)

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Where the sentences of a text lie."""
        ends = [match.end() for match in SENTENCE_END.finditer(text)]
        if not ends or text[ends[-1] :].strip():
            ends.append(len(text))
        return list(pairwise([0, *ends]))

    def sent_tokenize(self, text: str) -> list[str]:
        """The sentences of a text."""
        return [sentence for start, end in self.span_tokenize(text) if (sentence := text[start:end].strip())]
