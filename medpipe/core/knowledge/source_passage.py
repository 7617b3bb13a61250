"""A passage of a document that an answer may cite, and how a document is split into passages."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from medpipe.core.corpus.document import Document
from medpipe.core.endings import stem
from medpipe.core.teaching.passages import sentences
from medpipe.core.text import STOP_WORDS, STOP_WORDS_ELSEWHERE, one_line, words

PASSAGE_WORDS = 100
"""The longest passage of several sentences, in words.

Long enough to hold a finding with its condition, short enough that words which stand together belong together: the
length of Karpukhin et al., "Dense Passage Retrieval", EMNLP 2020 (https://aclanthology.org/2020.emnlp-main.550).
"""


class SourcePassage(BaseModel):
    """A passage with what a reader needs to find its document."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    """The document's id."""
    title: str
    url: str
    date: str
    """The day from which the document could be read, as YYYY-MM-DD."""
    source: str
    standing: str
    """What the document counted as when the index was built."""
    heading: str
    text: str
    quotable: bool
    """Whether the text may be quoted; False where the document reserves its rights."""

    @property
    def subject(self) -> str:
        """Title and heading: what the text is about, although its sentences may not repeat it."""
        return f"{self.title}. {self.heading}"


def passages(document: Document) -> Iterator[SourcePassage]:
    """Yield the passages of a document, in order: whole sentences of one section, at most `PASSAGE_WORDS` words.

    A longer sentence is a passage of its own. Sections that are items of a test (with options, or with an answer that
    is judged worse) are left out: they are questions, and no source of an answer.
    """
    for section in document.sections:
        if section.choices or section.rejected:
            continue
        for text in _split(section.text):
            yield SourcePassage(
                id=document.id,
                title=one_line(document.title),
                url=document.url,
                date=document.published.isoformat(),
                source=document.source,
                standing=document.status.value,
                heading=one_line(section.heading),
                text=text,
                quotable=not document.copyright,
            )


def terms(text: str) -> list[str]:
    """Return the terms of a text by which an index finds it: stems of its words, in order, without stop words."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS and word not in STOP_WORDS_ELSEWHERE]


def _split(text: str) -> Iterator[str]:
    held: list[str] = []
    length = 0
    for sentence in map(one_line, sentences(text)):
        size = len(sentence.split())
        if held and length + size > PASSAGE_WORDS:
            yield " ".join(held)
            held, length = [], 0
        held.append(sentence)
        length += size
    if any(map(words, held)):
        yield " ".join(held)
