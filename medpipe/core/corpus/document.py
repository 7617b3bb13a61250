"""One published text: a MedlinePlus topic, a PubMed article, a curated question-and-answer record."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property
from operator import not_

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.refs import digest_of


class Status(StrEnum):
    """What a document counts as. Only `CURRENT` documents become examples.

    A record says the first five of itself. The corpus gives a document one of all but `CONCERN`, from everything that
    is known about it (`core.corpus.standing`).
    """

    CURRENT = "current"
    RETRACTED = "retracted"
    CONCERN = "concern"
    """An expression of concern; the corpus has it as `ON_HOLD`."""
    NOTICE = "notice"
    DELETED = "deleted"
    ON_HOLD = "on hold"
    """Something speaks against it, and nobody has decided yet."""
    SUPERSEDED = "superseded"
    """A newer document takes its place."""
    WITHDRAWN = "withdrawn"
    """The register of withdrawals has it, although the corpus has nothing against it."""
    TAKEN_DOWN = "taken down"
    """A person withdrew it."""


class Section(BaseModel):
    """A heading and the text under it.

    Attributes:
        heading: a question, where the source asks one.
        text: the text or the answer.
        language: ISO 639-1 code, where it is not the document's (PubMed's OtherAbstract).
        context: the passage that a curated question is about.
        choices: the options of a multiple-choice question. `text` then begins with the letter of the right
            option; where the options are labels, it is the right label.
        rejected: an answer that the set judges worse than `text`.
    """

    model_config = ConfigDict(frozen=True)
    heading: str
    text: str
    language: str = ""
    context: str = ""
    choices: tuple[str, ...] = ()
    rejected: str = ""


class Relation(BaseModel):
    """A link to another document: `kind` is NLM's word for it (PubMed's RefType), `target` the other's id."""

    model_config = ConfigDict(frozen=True)
    kind: str
    target: str | None = None


class Mark(BaseModel):
    """What a record says about another document, kept with that document.

    Attributes:
        kind: NLM's word for the relation, as the other record states it: `RetractionOf`, `UpdateOf`.
        by: the id of the document that says so.
        about: the id by which it names the document: `pmid:1`, or `doi:10.1/x`.
        revision: the revision of the document that says so.
        day: the day on which that document was published.
    """

    model_config = ConfigDict(frozen=True)
    kind: str
    by: str
    about: str
    revision: int
    day: date


class Document(BaseModel):
    """One revision of one document.

    Attributes:
        id: the source's prefix (`core.sources`), a colon and a number or name: `pmid:99000006`, `mplus:900001`,
            `medquad:9_CDC_QA/0000001`.
        revision: orders the revisions of one id: for PubMed the posting day and number of the file (see
            `medpipe.sources.pubmed.citations`), else the file's date as YYYYMMDD.
        source: the source's name (`core.sources`).
        title: the title; "" for a deletion.
        focus: what the text is about (a condition's name), when the source says so.
        language: ISO 639-1 code.
        url: the address of the document for readers.
        licence: the licence of the text.
        published: the day from which the text could be read.
        status: what the record says of itself; `core.corpus.standing` has what the document counts as.
        sections: the text.
        relations: links to other documents.
        copyright: the line that reserves rights in the text.
        types: publication types, or the parts of a set.
        mesh: MeSH descriptors.
        groups: MedlinePlus topic groups.
        counterpart: the id of the same text in the other language.
        original_title: the title in the language of publication (PubMed's VernacularTitle).
        warning: the words of the title by which it says that it is retracted, as in "RETRACTED: …"; `title` lacks them.
        journal: the journal's abbreviated title.
        dois: digital object identifiers in small letters, without a resolver's address.
        posting: when the file that has the record was posted, as its listing says, in a form that sorts by time among
            the postings of one address. Of two postings of one file with equal revisions the later one is kept.
        marks: what other records say about the document. The corpus adds them; a source leaves them empty.
    """

    model_config = ConfigDict(frozen=True, ignored_types=(cached_property,))
    id: str
    revision: int
    source: str
    title: str
    focus: str = ""
    language: str = "en"
    url: str = ""
    licence: str = ""
    published: date
    status: Status = Status.CURRENT
    sections: tuple[Section, ...] = ()
    relations: tuple[Relation, ...] = ()
    copyright: str = ""
    types: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    counterpart: str = ""
    original_title: str = ""
    # These are left out where they are empty: a document that has none of them keeps the digest that it always had.
    warning: str = Field("", exclude_if=not_)
    journal: str = Field("", exclude_if=not_)
    dois: tuple[str, ...] = Field((), exclude_if=not_)
    posting: str = Field("", exclude_if=not_)
    marks: tuple[Mark, ...] = Field((), exclude_if=not_)

    @cached_property
    def digest(self) -> str:
        """Hash of what the record says, without its revision and posting. No source has a reliable revision date."""
        return digest_of(self.model_dump(mode="json", exclude={"revision", "marks", "posting"}))
