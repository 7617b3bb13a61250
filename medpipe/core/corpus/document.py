"""One published text: a MedlinePlus topic, a PubMed article, a curated question-and-answer record."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from medpipe.core.refs import digest_of


class Status(StrEnum):
    """What a document counts as now. Only `CURRENT` documents become examples."""

    CURRENT = "current"
    RETRACTED = "retracted"
    CONCERN = "concern"
    NOTICE = "notice"
    DELETED = "deleted"


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
        status: the standing.
        sections: the text.
        relations: links to other documents.
        copyright: the line that reserves rights in the text.
        types: publication types, or the parts of a set.
        mesh: MeSH descriptors.
        groups: MedlinePlus topic groups.
        counterpart: the id of the same text in the other language.
        original_title: the title in the language of publication (PubMed's VernacularTitle).
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

    @cached_property
    def digest(self) -> str:
        """Hash of everything but the revision. Changes are found by it: no source has a reliable revision date."""
        return digest_of(self.model_dump(mode="json", exclude={"revision"}))
