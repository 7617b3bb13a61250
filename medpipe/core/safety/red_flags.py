"""Red flags: signs that make a person's case immediate, whatever a model answers.

Pure. The signs are in `medpipe/policies/red-flags.yaml`, whose head explains them; see docs/triage.md. The rules only
make an answer more urgent. They never say that somebody can wait.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, cached_property, lru_cache
from typing import Any

from pydantic import Field

from medpipe.core.safety.context import Context, ContextWords
from medpipe.core.safety.patient import patient_of
from medpipe.core.safety.patterns import Book, Id, Matcher, Text, Value, apostrophes, pattern_problems, readings
from medpipe.core.safety.scanner import cut
from medpipe.core.safety.spelling import Spelling
from medpipe.core.safety.vital_readings import readings_of
from medpipe.core.safety.vital_signs import VitalSigns
from medpipe.core.text import unaccented
from medpipe.core.triage.labels import IMMEDIATE, leading_label
from medpipe.errors import ConfigError

VITAL_SIGNS = "vital-signs"
"""The id under which vital signs are found."""

MOST_DENIED = 64
"""Signs of one text that can be denied. Nobody denies more of them; a further one counts as there, unread."""

Span = tuple[int, int]


class Joint(Value):
    """Signs that make a case immediate together: each of the patterns is found in the text, wherever."""

    all: tuple[Text, ...] = Field(min_length=2)
    example: Text
    """A sentence in which they are found."""


class Flag(Matcher):
    """One sign, in the words of each language."""

    id: Id
    together: tuple[Joint, ...] = ()


class RedFlagPolicy(Book):
    """Every sign, and the words that deny one. Invalid policies cannot be built."""

    file = "red-flags.yaml"
    lists = {"flags": "flag"}

    context: ContextWords
    spelling: tuple[Text, ...] = ()
    """Words in which one typing error is read over, in lower case and without accents."""
    denied: tuple[Text, ...] = Field(min_length=1)
    """Sentences that name a sign only to deny it, or as past, possible or harmless. No flag may be found in them."""
    told: tuple[Text, ...] = Field(min_length=1)
    """Sentences with words of denial, past or doubt in which a sign is there all the same. A flag must be found."""
    vital_signs: VitalSigns
    flags: tuple[Flag, ...] = Field(min_length=1)

    def matchers(self) -> Iterator[tuple[str, Matcher]]:
        """Every set of patterns with its place, as error messages name it."""
        for flag in self.flags:
            yield f"flag {flag.id!r}", flag

    def read(self, text: str) -> str:
        """Return the text as the patterns see it: without accents, which people leave out."""
        return _bare(super().read(text))

    def problems(self) -> Iterator[str]:
        """Describe what the fields cannot check one by one, each problem with its place."""
        for identifier, count in Counter(flag.id for flag in self.flags).items():
            if count > 1:
                yield f"flag {identifier!r}: {count} flags have this id; give each its own"
        for name, words in self.context:
            for word in words:
                yield from pattern_problems(f"context {name}", word)
                yield from _accents(f"context {name}", word)
        for name, alternatives in self.vocabulary.items():
            for alternative in alternatives:
                yield from _accents(f"vocabulary {name}", alternative)
        yield from super().problems()
        for flag in self.flags:
            for number, joint in enumerate(flag.together, start=1):
                for pattern in joint.all:
                    yield from self.problems_of(f"flag {flag.id!r}, together {number}", pattern)

    def problems_of(self, place: str, pattern: str) -> Iterator[str]:
        """See the base class. An accent is a problem, too."""
        yield from super().problems_of(place, pattern)
        yield from _accents(place, pattern)


class RedFlags:
    """A compiled policy. Compiling takes some milliseconds, so make one and share it."""

    def __init__(self, policy: RedFlagPolicy) -> None:
        self.policy = policy
        self._context, self._spelling = Context(policy.context), Spelling(policy.spelling)
        self._flags = tuple((flag.id, policy.compiled(flag)) for flag in policy.flags)
        self._joint = tuple(
            (flag.id, tuple(re.compile(policy.expand(pattern), re.IGNORECASE) for pattern in joint.all))
            for flag in policy.flags
            for joint in flag.together
        )

    @classmethod
    def of(cls, values: Any) -> RedFlags:
        """Compile the policy that a YAML file holds as `values`, and hold it to its examples.

        Raises ConfigError that names every flag and field at fault.
        """
        flags = cls(RedFlagPolicy.of(values))
        problems = [*flags.policy.example_problems(), *flags._sentence_problems()]
        if problems:
            raise ConfigError(f"{RedFlagPolicy.file}: {'; '.join(problems)}")
        return flags

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything in the policy that can change an answer, and of nothing else."""
        policy = self.policy
        flags = [
            [
                flag.id,
                *map(policy.expand, flag.patterns),
                *([*map(policy.expand, joint.all)] for joint in flag.together),
            ]
            for flag in policy.flags
        ]
        vital_signs = policy.vital_signs.model_dump(mode="json", exclude={"examples"})
        judged = [flags, policy.context.model_dump(), sorted(policy.spelling), vital_signs]
        return hashlib.sha256(json.dumps(judged).encode()).hexdigest()

    def found(self, text: str) -> str:
        """Return the id of the first sign that a text tells of and does not deny; "" for none."""
        lines = (self._spelling.corrected(_bare(cut(line))) for line in readings(text))
        return next((name for line in lines for name, _ in self._signs(line)), "")

    def spans(self, text: str) -> list[Span]:
        """Return where the signs of a text are, as (start, end): the words that an edit must keep."""
        return [span for _, span in self._signs(_bare(text))]

    def override(self, account: str, answer: str) -> str:
        """Return `immediate` for an answer that is or begins with a less urgent label, if the account has a red flag.

        Else "". A stream is judged by its first sentence, so a whole answer must be judged by it, too.
        """
        label = leading_label(answer)
        return IMMEDIATE if label not in (None, IMMEDIATE) and self.found(account) else ""

    def _signs(self, bare: str) -> Iterator[tuple[str, Span]]:
        present = self._judge(bare)
        for name, patterns in self._flags:
            for pattern in patterns:
                for span in _present(pattern, bare, present):
                    yield name, span
        for name, parts in self._joint:
            spans = [list(_present(part, bare, present)) for part in parts]
            if all(spans):
                yield from ((name, span) for part in spans for span in part)
        measured = [one for one in readings_of(bare) if present(one.start, one.end)]
        for reading in self.policy.vital_signs.urgent(measured, patient_of(bare)):
            yield VITAL_SIGNS, (reading.start, reading.end)

    def _judge(self, bare: str) -> Callable[[int, int], bool]:
        """Return what says whether the sign at `start`..`end` is there. Several patterns find the same words."""
        judged = 0

        @cache
        def present(start: int, end: int) -> bool:
            nonlocal judged
            judged += 1
            return judged > MOST_DENIED or self._context.present(bare, start, end)

        return present

    def _sentence_problems(self) -> Iterator[str]:
        policy = self.policy
        for flag in policy.flags:
            for joint in flag.together:
                if not self.found(joint.example):
                    yield f"flag {flag.id!r}, together: nothing is found in {joint.example!r}"
        harmless = [("denied", text) for text in policy.denied]
        harmless += [
            ("vital_signs, examples.must_not_match", text) for text in policy.vital_signs.examples.must_not_match
        ]
        for place, text in harmless:
            if name := self.found(text):
                yield f"{place}: flag {name!r} is found in {text!r}"
        for text in policy.told:
            if not self.found(text):
                yield f"told: no flag is found in {text!r}"
        for text in policy.vital_signs.examples.must_match:
            if VITAL_SIGNS not in {name for name, _ in self._signs(_bare(text))}:
                yield f"vital_signs, examples.must_match: no vital sign makes {text!r} immediate"


def _present(pattern: re.Pattern[str], bare: str, present: Callable[[int, int], bool]) -> Iterator[Span]:
    """Yield where a pattern is found and its sign is there."""
    return (match.span() for match in pattern.finditer(bare) if present(*match.span()))


def _accents(place: str, pattern: str) -> Iterator[str]:
    """Describe the accents of a pattern: the texts that it is tried on have none, so it would find nothing."""
    if (bare := _bare(pattern)) != pattern:
        first = next(at for at, (one, other) in enumerate(zip(pattern, bare, strict=True)) if one != other)
        part = slice(max(0, first - 10), first + 10)
        yield f"{place}: {pattern[part]!r} has an accent, and the text is read without: write {bare[part]!r}"


def _bare(text: str) -> str:
    """Return a text of the same length without accents and with plain apostrophes."""
    straight = apostrophes(text)
    return straight if straight.isascii() else "".join(map(_bare_letter, straight))


@lru_cache(maxsize=1024)
def _bare_letter(letter: str) -> str:
    bare = unaccented(letter)
    return bare if len(bare) == 1 else letter
