"""What one document says, as questions with answers: headings, an article's conclusion, curated pairs."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from medpipe.core import questions
from medpipe.core.document import Document, Section
from medpipe.core.refs import digest_of

ARTICLES = frozenset({"pmid"})
"""Prefixes of documents of which only the conclusion answers anything; methods and results do not."""

_BOUNDARY = re.compile(r"(?<=[.!?])\s+(?=[\"'(\[]?[A-Z0-9¿¡])")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|vs|etc|cf|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|al)|\b[A-Z])\.$")
_WORD = re.compile(r"[^\W_]+(?:[-'’.,][^\W_]+)*")
_LABEL = re.compile(r"\A\s*(?:Summary|Overview)\s*:\s*")
_FIRST_ITEM = re.compile(r"(?<=[:;,.!?])[ \t]*\n- |\A- ")
_ITEM = re.compile(r"[ \t]*\n- ")
_PRONOUNS = frozenset({"it", "this", "them", "they", "these", "this condition", "this disease"})
_SHORT = 160
"""Characters: a longer answer says more than one thing, so no single word decides whether it is right."""

_STOP = frozenset(re.findall(r"\w+", """
a an and are as at be been by can could did do does for from had has have he her his if in into is
it its may might more most mostly must no nor not of often on or our own same she should so some
such than that the their them then there these they this those through to too under usually very was
we were what when where which while who whom why will with without would you your main people person
patient patients
"""))


class Fact(NamedTuple):
    """One question that a document answers. For findings `focus` is the question (see core.questions)."""

    document: Document
    question_type: str
    focus: str
    answer: str
    slot: str

    @property
    def key(self) -> tuple[str, str]:
        """Equal for facts that ask the same, whatever document they are from."""
        return self.question_type, questions.normalise(self.focus)

    @property
    def id(self) -> str:
        """`document id#8 hex digits`, the same for every revision of the answer."""
        return f"{self.document.id}#{digest_of(self.key)[:8]}"


def prefix(document_id: str) -> str:
    """The part of an id before the colon, which names its source in a recipe's mixture."""
    return document_id.split(":", 1)[0]


def decompose(document: Document, max_answer_chars: int, drops: Counter[str]) -> list[Fact]:
    """The document's facts in the order of its sections; `drops` counts by reason what is left out."""
    found: dict[tuple[str, str], Fact] = {}
    for section in document.sections:
        asked = _asked(document, section)
        if asked is None:
            drops["section answers no question"] += 1
            continue
        answer = cut(section.text, max_answer_chars)
        if not answer:
            drops["answer blank or its first sentence too long"] += 1
            continue
        fact = Fact(document, asked.question_type, asked.focus, answer, slot(asked.focus, answer))
        if found.setdefault(fact.key, fact) is not fact:
            drops["asked twice in one document"] += 1
    return list(found.values())


def _asked(document: Document, section: Section) -> questions.Recognised | None:
    about = document.focus or document.title
    asked = questions.recognise(section.heading, document.title)
    if prefix(document.id) in ARTICLES:
        return asked if asked and asked.question_type == questions.FINDING else None
    if asked is None:
        return None if section.heading.strip() else questions.Recognised("information", about)
    bare = asked.focus.casefold() in _PRONOUNS or asked.focus == document.title
    return questions.Recognised(asked.question_type, about) if bare else asked


def cut(text: str, max_chars: int) -> str:
    """As many whole sentences from the start as fit in `max_chars`, on one line; empty when none fits."""
    kept = ""
    for sentence in sentences(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > max_chars:
            break
        kept = longer
    return kept


def sentences(text: str) -> list[str]:
    """A plain rule-based split: at . ! ? before a capital or digit, not after an initial or abbreviation.

    The items of a list ("- " at the start of a line) are part of the sentence before them.
    """
    found: list[str] = []
    listed = _ITEM.sub("; ", _FIRST_ITEM.sub(" ", _LABEL.sub("", text)))
    lines = [" ".join(line.split()) for line in listed.splitlines() if line.strip()]
    # A line that only ends because its block did (the last item of a list) is a sentence too.
    flat = " ".join(f"{line}." if line[-1].isalnum() or line[-1] == ")" else line for line in lines)
    for piece in _BOUNDARY.split(flat):
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {piece}"
        elif piece:
            found.append(piece)
    return found


def slot(focus: str, answer: str) -> str:
    """The words that decide whether a one-sentence answer is right: its last ones that the question lacks.

    "Velorin fever is treated with tazomib." → "tazomib". Empty for longer answers, and where the last
    words only repeat the question: those are judged whole.
    """
    if len(answer) > _SHORT or len(sentences(answer)) != 1:
        return ""
    known = [word.casefold() for word in re.findall(r"[^\W_]+", focus)]
    words = list(_WORD.finditer(answer))
    start = len(words)
    while start and _distinct(words[start - 1].group(), known):
        start -= 1
    while len(words) - start > 1 and words[start].group().endswith("ing"):
        start += 1  # "by blocking tazomase": the verb decides nothing
    if not 0 < start < len(words) or len(words) - start > 3:  # a whole sentence of new words decides nothing
        return ""
    return answer[words[start].start():words[-1].end()]


def claim(focus: str, answer: str) -> str:
    """The words by which a claim is recognised in a text: its slot, else its last word that is not asked."""
    asked = set(questions.normalise(focus).split()) | _STOP
    rest = [word for word in questions.normalise(answer).split() if word not in asked]
    return slot(focus, answer) or (rest[-1] if rest else "")


def _distinct(word: str, known: list[str]) -> bool:
    """Neither a stop word nor one of the question's words in another form (its first four letters)."""
    small = word.casefold()
    return small not in _STOP and not any(
        small == other or (len(small) > 3 and len(other) > 3 and small[:4] == other[:4]) for other in known)
