"""One published text: a MedlinePlus topic, a PubMed article, a curated question-and-answer record."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from medpipe.core.refs import digest_of


class Status(StrEnum):
    """Where a document stands; only `CURRENT` documents become examples."""

    CURRENT = "current"
    RETRACTED = "retracted"
    CONCERN = "concern"
    NOTICE = "notice"
    DELETED = "deleted"


class Section(BaseModel):
    """A heading and the text under it. `heading` is a question where the source asks one.

    `language` is set where it is not the document's (PubMed's OtherAbstract). `context` is what a curated
    question is asked about, `choices` are the options of a multiple-choice question (`text` then begins with
    the right one's letter, or is the right one where they are labels) and `rejected` is an answer that the set
    judges worse than `text`.
    """

    model_config = ConfigDict(frozen=True)
    heading: str
    text: str
    language: str = ""
    context: str = ""
    choices: tuple[str, ...] = ()
    rejected: str = ""


class Relation(BaseModel):
    """A link to another document as PubMed's CommentsCorrections give it (RefType, target id)."""

    model_config = ConfigDict(frozen=True)
    kind: str
    target: str | None = None


class Document(BaseModel):
    """One revision of one document.

    `id` is `source-prefix:number` (`pmid:99000006`, `mplus:900001`, `medquad:9_CDC_QA/0000001`);
    `revision` orders revisions of one id (for PubMed the posting day and number of the file, see
    `medpipe.sources.pubmed.citations`; else the file's date as YYYYMMDD); `focus` is what the text is about (a
    condition's name), when the source says so. `copyright` is the line that reserves rights in the text,
    `types` are publication types, `mesh` MeSH descriptors, `groups` MedlinePlus topic groups, `counterpart`
    is the id of the same text in the other language, `original_title` the title as it was published in its
    own language (PubMed's VernacularTitle).
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
        """Content hash: changes are found by it, since neither source has a reliable revision date."""
        return digest_of(self.model_dump(mode="json", exclude={"revision"}))
