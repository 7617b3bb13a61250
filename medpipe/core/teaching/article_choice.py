"""Which articles a recipe teaches: by publication type, subject, journal, year and risk.

Names are NLM's, as records have them: publication types (https://www.nlm.nih.gov/mesh/pubtypes.html), MeSH descriptors
with their check tags `Humans` and `Animals`, and abbreviated titles of journals.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from medpipe.core import sources
from medpipe.core.corpus.document import Document
from medpipe.core.sources import Kind

Risk = Literal["erratum", "preprint"]
"""Signs that an article may be taken back. `erratum`: one was published about it, and its abstract may still have what
was wrong. `preprint`: nobody has reviewed it."""

_ABOUT_OTHERS = {"ErratumFor": "erratum", "CommentOn": "comment"}
"""RefTypes of articles that are about another one, whatever type they have."""
_PROTOCOL = re.compile(
    r"\b(?:study|trial|review|research) protocol\b|\(protocol\)|[:.?] (?:a )?protocol\b"
    r"|\bprotocol (?:for|of) (?:an? |the )?(?:[\w-]+ ){0,4}(?:trial|study|review|meta-analysis|survey|cohort)\b",
    re.IGNORECASE,
)

_VETERINARY = re.compile(r"\bvet(?:erin\w*)?\b", re.IGNORECASE)
"""In a journal's title. MeSH tags an article weeks after it comes; its journal is known at once."""


class ArticleChoice(BaseModel):
    """What a recipe wants of articles. By default it leaves out what states no finding about people.

    - `types`: publication types, of which an article must have one; empty: any.
    - `without_types`: publication types that it must not have.
    - `protocols`: whether articles may be taught whose title says that they are the protocol of a study.
    - `humans`: leave out articles of veterinary journals or tagged with animals by MeSH, unless tagged with humans.
    - `mesh`, `without_mesh`: descriptors, of which an article must have one (empty: any) or none.
    - `journals`, `without_journals`: the same for abbreviated titles of journals.
    - `published_from`: the first day of publication.
    - `risks`: the risks that the recipe accepts.

    Names are compared without regard to case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    types: tuple[str, ...] = ()
    without_types: tuple[str, ...] = ("Published Erratum", "Comment", "Editorial", "Clinical Trial Protocol")
    protocols: bool = False
    humans: bool = True
    mesh: tuple[str, ...] = ()
    without_mesh: tuple[str, ...] = ()
    journals: tuple[str, ...] = ()
    without_journals: tuple[str, ...] = ()
    published_from: date | None = None
    risks: tuple[Risk, ...] = ("preprint",)

    def objection(self, document: Document) -> str:
        """Return why a document is left out, "" if it is not. Pages are not articles: none is left out here."""
        if sources.kind_of(document.id) is Kind.PAGE:
            return ""
        types, mesh = _folded(document.types), _folded(document.mesh)
        if sources.kind_of(document.id) is Kind.ARTICLE and (reason := self._of_article(document, types)):
            return reason
        animals = "animals" in mesh or _VETERINARY.search(document.journal)
        if self.humans and animals and "humans" not in mesh:
            return "article about animals only"
        if self.mesh and mesh.isdisjoint(_folded(self.mesh)):
            return "article on another subject"
        return "article on a subject that the recipe leaves out" if mesh & _folded(self.without_mesh) else ""

    def _of_article(self, document: Document, types: frozenset[str]) -> str:
        about = next((_ABOUT_OTHERS[one.kind] for one in document.relations if one.kind in _ABOUT_OTHERS), "")
        unwanted = sorted(types & _folded(self.without_types)) or ([about] if about and self.without_types else [])
        if unwanted:
            return f"article is of the type {unwanted[0]}"
        if not self.protocols and _PROTOCOL.search(document.title):
            return "article is a protocol"
        if self.types and types.isdisjoint(_folded(self.types)):
            return "article of another type"
        if self.published_from and document.published < self.published_from:
            return "article is too old"
        journal = document.journal.casefold()
        if journal in _folded(self.without_journals) or (self.journals and journal not in _folded(self.journals)):
            return "article in another journal"
        corrected = any(relation.kind == "ErratumIn" for relation in document.relations)
        risks = {"preprint"} & types | ({"erratum"} if corrected else set())
        return next((f"article has a risk: {risk}" for risk in sorted(risks - set(self.risks))), "")


def _folded(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
