"""Whether a text says that a sign is there, or denies it, tells of the past, or only supposes it.

Pure. The method is ConText's (Harkema et al., J Biomed Inform 2009, 42:839-851), which extends NegEx (Chapman et al.,
J Biomed Inform 2001, 34:301-310): a trigger changes what follows it, up to a termination; phrases such as "no relief"
look like a trigger and are none ("pseudo-negations"). Two things differ, since a sign that is missed costs more than a
false alarm. A comma ends a denial, unless "or" joins the list after it ("no fever, cough or pain") or a verb denies
("denies fever, cough"). And a relative's sign is left out only if it is past: who writes of a father mostly cares for
him.

The words are in the section `context` of `medpipe/policies/red-flags.yaml`, as regular expressions for text in lower
case and without accents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from medpipe.core.safety.patterns import Text, Value

_REACH = 5
"""Words after a denial that it reaches, as in NegEx."""
_WINDOW = 240
"""Characters before and behind a sign in which triggers are looked for, so that a long text takes no longer."""
_SENTENCE = re.compile(r"[;!?\n]|[.:](?!\d)")
_CLAUSE = re.compile(r"[,;!?\n()]|[.:](?!\d)| [–—-] ")
_WORD = re.compile(r"\w+")
_ARTICLE = r"(?:(?:an?|the|une?|las?|los|les?|el|una) |[ld]')?"

Words = Annotated[tuple[Text, ...], Field(min_length=1)]


class ContextWords(Value):
    """The triggers and terminations, each a regular expression that matches whole words."""

    harmless: Words
    """Phrases with a denial in them that deny no sign: "no relief", "not only"."""
    denials: Words
    """Words that deny what follows within five words, up to a comma or a termination."""
    listed: Words
    """Verbs that deny all that follows in their sentence, commas or not, up to a termination."""
    joins: Words
    """Words that join the last part of a list that is denied as a whole: "or"."""
    ends: Words
    """Terminations: words that end the reach of a trigger."""
    subjects: Words
    """Words with which another statement begins, which end the reach of a denial, too."""
    after: Words
    """What denies a sign right behind it: "? No.", "was ruled out"."""
    past: Words
    """What says that a clause tells of years ago."""
    history: Words
    """What says that the next words name an old illness, or one of the family."""
    now: Words
    """What says that a clause tells of today, whatever else it says."""
    supposed: Words
    """What says that the next words name a possible sign, and not one that is there."""


class Context:
    """The compiled words."""

    def __init__(self, words: ContextWords) -> None:
        self.words = words
        self._harmless, self._denials, self._listed = map(_any, (words.harmless, words.denials, words.listed))
        self._joins, self._ends, self._past = map(_any, (words.joins, words.ends, words.past))
        self._stops = _any((*words.ends, *words.subjects))
        self._history, self._now = map(_any, (words.history, words.now))
        self._supposed = re.compile(rf"(?<!\w)(?:{'|'.join(words.supposed)}) ?{_ARTICLE}$", re.IGNORECASE)
        self._after = re.compile(f"(?:{'|'.join(words.after)})")
        self._join = re.compile(rf" ?(?:\w+ )?(?:{'|'.join(words.joins)})\b[^,;.:!?]*", re.IGNORECASE)

    def present(self, text: str, start: int, end: int) -> bool:
        """Return whether a text says that the sign at `start`..`end` is there now.

        `text` has no accents. A sign that has a denial in itself ("not breathing") is never denied by another.
        """
        ahead, sign = text[max(0, start - _WINDOW) : start].lower(), text[start:end].lower()
        behind = text[end : end + _WINDOW].lower()
        before = _SENTENCE.split(ahead)[-1]
        if self._supposed.search(before) or self._is_past(ahead, sign, behind):
            return False
        if self._after.match(behind):
            return False
        return bool(self._denials.search(sign)) or not self._denied(before, sign, behind)

    def _denied(self, before: str, sign: str, behind: str) -> bool:
        plain = self._harmless.sub(lambda match: "_" * len(match.group()), before)
        return any(self._reaches(gap, behind) for gap in _gaps(self._denials, plain)) or any(
            not self._stops.search(gap) for gap in _gaps(self._listed, plain)
        )

    def _reaches(self, gap: str, behind: str) -> bool:
        """Return whether a denial reaches over the words between it and the sign."""
        if self._stops.search(gap):
            return False
        parts = gap.split(",")
        if any(len(_WORD.findall(part)) > _REACH for part in parts):
            return False
        return len(parts) == 1 or bool(self._joins.search(parts[-1]) or self._join.match(behind))

    def _is_past(self, before: str, sign: str, behind: str) -> bool:
        ahead, rest = _CLAUSE.split(before)[-1], _CLAUSE.split(behind, maxsplit=1)[0]
        if self._now.search(f"{_last_part(self._ends, ahead)}{sign}{rest}"):
            return False
        return (
            any(self._near(gap) for gap in _gaps(self._history, _SENTENCE.split(before)[-1]))
            or any(self._near(gap) for gap in _gaps(self._past, ahead))
            or any(self._near(rest[: match.start()]) for match in self._past.finditer(rest))
        )

    def _near(self, gap: str) -> bool:
        return len(_WORD.findall(gap)) <= _REACH and not self._ends.search(gap)


def _any(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def _gaps(trigger: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield the words between each trigger in a text and the text's end, from the nearest trigger.

    Mostly the nearest one decides: a long list of denials would otherwise be read anew for each of its signs.
    """
    for match in reversed(list(trigger.finditer(text))):
        yield text[match.end() :]


def _last_part(ends: re.Pattern[str], text: str) -> str:
    return text[max((match.end() for match in ends.finditer(text)), default=0) :]
