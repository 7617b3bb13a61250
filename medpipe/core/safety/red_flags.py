"""Red flags: signs that make a person's case immediate, whatever a model answers.

Pure. The signs are in `medpipe/policies/red-flags.yaml`, whose head explains them; see docs/triage.md. The rules only
make an answer more urgent. They never say that somebody can wait.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

from pydantic import Field

from medpipe.core.safety.patterns import Book, Id, Matcher, Text, apostrophes, readings
from medpipe.core.text import unaccented
from medpipe.core.triage.labels import IMMEDIATE, label_of
from medpipe.errors import ConfigError

_SCOPE = 5
"""Words after a denial that it reaches, as in NegEx (Chapman et al., J Biomed Inform 2001, 34:301-310)."""
_DENYING = re.compile(r"(?:(?:do|does|did|can) )?(?:not|no|cannot|can't|unable|ne|pas|aucune?|ningun\w*)\b", re.I)
"""The beginning of a sign that denies something, such as "not breathing" and "no pulse". No denial before it denies it:
"Not a smoker, not breathing" and "No breath, no pulse" tell of signs."""
_PAUSE = re.compile(r"[.;:!?]")
_WORD = re.compile(r"\w+")


class Flag(Matcher):
    """One sign, in the words of each language."""

    id: Id


class RedFlagPolicy(Book):
    """Every sign, and the words that deny one. Invalid policies cannot be built."""

    file = "red-flags.yaml"
    lists = {"flags": "flag"}

    denials: tuple[Text, ...] = Field(min_length=1)
    """Words that deny what follows within five words."""
    turns: tuple[Text, ...] = Field(min_length=1)
    """Words that end the reach of a denial."""
    denied: tuple[Text, ...] = Field(min_length=1)
    """Sentences that name a sign only to deny it. No flag may be found in them."""
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
        yield from super().problems()


class RedFlags:
    """A compiled policy. Compiling takes some milliseconds, so make one and share it."""

    def __init__(self, policy: RedFlagPolicy) -> None:
        self.policy = policy
        self._flags = tuple((flag.id, policy.compiled(flag)) for flag in policy.flags)
        self._denials, self._turns = frozenset(policy.denials), frozenset(policy.turns)

    @classmethod
    def of(cls, values: Any) -> RedFlags:
        """Compile the policy that a YAML file holds as `values`, and hold it to its examples.

        Raises ConfigError that names every flag and field at fault.
        """
        flags = cls(RedFlagPolicy.of(values))
        problems = [*flags.policy.example_problems(), *flags._denied_problems()]
        if problems:
            raise ConfigError(f"{RedFlagPolicy.file}: {'; '.join(problems)}")
        return flags

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything in the policy that can change an answer, and of nothing else."""
        flags = [[flag.id, *map(self.policy.expand, flag.patterns)] for flag in self.policy.flags]
        judged = [flags, sorted(self._denials), sorted(self._turns)]
        return hashlib.sha256(json.dumps(judged).encode()).hexdigest()

    def found(self, text: str) -> str:
        """Return the id of the first sign that a text tells of and does not deny; "" for none."""
        return next((name for line in readings(text) for name, _ in self._signs(line)), "")

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where the signs of a text are, as (start, end): the words that an edit must keep."""
        return [span for _, span in self._signs(text)]

    def override(self, account: str, answer: str) -> str:
        """Return `immediate` for an answer that is a less urgent label, if the account has a red flag; else ""."""
        label = label_of(answer)
        return IMMEDIATE if label not in (None, IMMEDIATE) and self.found(account) else ""

    def _signs(self, text: str) -> Iterator[tuple[str, tuple[int, int]]]:
        bare = _bare(text)
        for name, patterns in self._flags:
            for pattern in patterns:
                for match in pattern.finditer(bare):
                    if _DENYING.match(match.group()) or not self._denies(bare[: match.start()]):
                        yield name, match.span()

    def _denies(self, before: str) -> bool:
        """Return whether the words before a sign deny it: a denial in its sentence, near and not ended by a turn."""
        near: Sequence[str] = _WORD.findall(_PAUSE.split(before)[-1].casefold())[-_SCOPE:]
        last = max((place for place, word in enumerate(near) if word in self._turns), default=-1)
        return not self._denials.isdisjoint(near[last + 1 :])

    def _denied_problems(self) -> Iterator[str]:
        for sentence in self.policy.denied:
            if name := self.found(sentence):
                yield f"denied: flag {name!r} is found in {sentence!r}"


def _bare(text: str) -> str:
    """Return a text of the same length without accents and with plain apostrophes."""
    straight = apostrophes(text)
    return straight if straight.isascii() else "".join(map(_bare_letter, straight))


@lru_cache(maxsize=1024)
def _bare_letter(letter: str) -> str:
    bare = unaccented(letter)
    return bare if len(bare) == 1 else letter
