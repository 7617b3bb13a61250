"""The form of a language's phrasings, and the keys of the question types that the code names."""

from __future__ import annotations

from typing import NamedTuple

OVERVIEW = "overview"
"""What there is to know about a condition, where a page does not begin with what the condition is."""
FINDING = "finding"
"""The question in an article's title, which its conclusion answers."""
AIM = "aim"
"""The stated aim of an article whose title asks nothing. The focus is an infinitive: "to evaluate …"."""
QUESTION = "question"
"""A question as somebody published it."""
CHOICE = "choice"
"""An examination's question with its options."""
DECISION = "decision"
"""A question that is answered with yes, no or maybe."""
TRIAGE = "triage"
"""A person's complaint, answered with immediate, medium or delayed."""

AS_PUBLISHED = frozenset({FINDING, AIM, QUESTION, CHOICE, DECISION, TRIAGE})
"""Types whose focus is the whole question as it was published; the focus of all others is a condition."""


class QuestionType(NamedTuple):
    """One type of question in one language. Every phrasing is a template with `{focus}` in it."""

    key: str
    """The same in every language, such as `treatment`."""
    training: tuple[str, ...]
    """Phrasings that are taught; the first is the heading as MedlinePlus would publish it."""
    held_out: tuple[str, ...]
    """Phrasings that only evaluation uses."""
    others: tuple[str, ...] = ()
    """Phrasings that are recognised in headings, and neither taught nor used in evaluation."""
    bare: tuple[str, ...] = ()
    """Headings without a focus, such as "Treatment": the focus is then the document's."""


class Phrasings(NamedTuple):
    """All phrasings of one language. A heading is matched against the types in their order."""

    types: tuple[QuestionType, ...]
    paraphrases: tuple[str, ...]
    """Templates with `{question}` that may enclose any taught question. No held-out phrasing has such a form."""
    probes: tuple[str, ...]
    """Templates with `{question}` in which only withdrawn claims are asked, around the published question."""
    certifying: tuple[str, ...]
    """Templates with `{question}` in which a claim is asked for a certificate only, around each of its wordings."""
