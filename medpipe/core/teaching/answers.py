"""Answers as training wants them: whole sentences of one line, and the words that decide whether one is right."""

from __future__ import annotations

import re

from medpipe.core.teaching import questions

_BOUNDARY = re.compile(r"(?<=[.!?])\s+(?=[\"'(\[]?[A-Z0-9¿¡])")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|vs|etc|cf|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|al)|\b[A-Z])\.$")
_WORD = re.compile(r"[^\W_]+(?:[-'’.,][^\W_]+)*")
_LABEL = re.compile(r"\A\s*(?:Summary|Overview)\s*:\s*")
_FIRST_ITEM = re.compile(r"(?<=[:;,.!?])[ \t]*\n- |\A- ")
_ITEM = re.compile(r"[ \t]*\n- ")
_SHORT = 160
"""Characters: a longer answer says more than one thing, so no single word decides whether it is right."""

_STOP = frozenset(
    re.findall(
        r"\w+",
        """
a an and are as at be been by can could did do does for from had has have he her his if in into is
it its may might more most mostly must no nor not of often on or our own same she should so some
such than that the their them then there these they this those through to too under usually very was
we were what when where which while who whom why will with without would you your main people person
patient patients
""",
    )
)
_STOP_ELSEWHERE = frozenset(
    re.findall(
        r"\w+",
        """
a al ante bajo con contra de del desde el en entre es esta este la las lo los más o para pero por puede que se sin
sobre son su sus también un una y trata tratan causada causado previene diagnostica
à au aux avec ce ces cette chez dans des du elle elles en est et il ils le les leur ne ou par pas pour qui sa sans
ses son sont sur traite traitent un une
""",
    )
)
"""The same in Spanish and French, with the verbs that stand before the word that decides."""


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


def slot(focus: str, answer: str, language: str = "en") -> str:
    """The words that decide whether a one-sentence answer is right: its last ones that the question lacks.

    "Velorin fever is treated with tazomib." → "tazomib". Empty for longer answers, and where the last
    words only repeat the question: those are judged whole.
    """
    if len(answer) > _SHORT or len(sentences(answer)) != 1:
        return ""
    known = [word.casefold() for word in re.findall(r"[^\W_]+", focus)]
    words = list(_WORD.finditer(answer))
    start = len(words)
    while start and _distinct(words[start - 1].group(), known, language):
        start -= 1
    while len(words) - start > 1 and words[start].group().endswith("ing"):
        start += 1  # "by blocking tazomase": the verb decides nothing
    if not 0 < start < len(words) or len(words) - start > 3:  # a whole sentence of new words decides nothing
        return ""
    return answer[words[start].start() : words[-1].end()]


def claim(focus: str, answer: str) -> str:
    """The words by which a claim is recognised in a text: its slot, else its last word that is not asked."""
    asked = set(questions.normalise(focus).split()) | _STOP
    rest = [word for word in questions.normalise(answer).split() if word not in asked]
    return slot(focus, answer) or (rest[-1] if rest else "")


def _distinct(word: str, known: list[str], language: str) -> bool:
    """Neither a stop word nor one of the question's words in another form (its first four letters)."""
    small = word.casefold()
    return small not in (_STOP if language == "en" else _STOP_ELSEWHERE) and not any(
        small == other or (len(small) > 3 and len(other) > 3 and small[:4] == other[:4]) for other in known
    )
