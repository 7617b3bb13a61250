"""Patterns that recognise what a text does, with examples that hold them to it. Two policies are made of them.

`core.safety.policy` (guardrails.yaml) says what is refused and withheld; `core.safety.harm` (harm.yaml) what makes a
reply to a high-risk question harmful. Policies are YAML files without code, so that clinicians can review them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medpipe.core.markdown import EMPHASIS, MARK, unmarked
from medpipe.errors import ConfigError

Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
_NAME_IN_BRACES = re.compile(r"\{([A-Z][A-Z_]*)\}")
"""A name of the vocabulary inside a pattern. Quantifiers such as `{0,30}` have digits and never match."""

Compiled = tuple[re.Pattern[str], ...]


class Value(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Examples(Value):
    """Sentences that a matcher must find and similar sentences that it must let through, two of each at least."""

    must_match: tuple[Text, ...] = Field(min_length=2)
    must_not_match: tuple[Text, ...] = Field(min_length=2)


class Matcher(Value):
    """Patterns for one intent. A text matches when one of the patterns is found in it."""

    intent: Text
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...] = Field(min_length=1)
    patterns: tuple[Text, ...] = Field(min_length=1)
    examples: Examples


class Book(Value):
    """Matchers that share a vocabulary. A subclass adds its matchers and lists them in `matchers`."""

    file: ClassVar[str]
    """The name under which error messages speak of the policy."""
    lists: ClassVar[Mapping[str, str]] = {}
    """Fields that are lists of entries with an id → the word for one entry in error messages."""

    vocabulary: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z_]*$")], tuple[Text, ...]]
    """Name → alternatives, each a regular expression. `{NAME}` in a pattern stands for one of them."""

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        problem = next(self.problems(), None)
        if problem:
            raise ValueError(problem)
        return self

    @classmethod
    def of(cls, values: Any) -> Self:
        """Return the policy that a YAML file holds as `values`. Raises ConfigError that names entry and field."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            lines = [
                f"{_place(cls.lists, values, item['loc'])}{item['msg'].removeprefix('Value error, ')}"
                for item in error.errors()
            ]
            raise ConfigError(f"{cls.file}: {'; '.join(lines)}") from error

    def matchers(self) -> Iterator[tuple[str, Matcher]]:
        """Every set of patterns with its place, as error messages name it."""
        raise NotImplementedError

    def expand(self, pattern: str) -> str:
        """Return the pattern with each `{NAME}` replaced by the alternatives of that name. KeyError: no such name."""
        return _NAME_IN_BRACES.sub(lambda match: f"(?:{'|'.join(self.vocabulary[match[1]])})", pattern)

    def compiled(self, matcher: Matcher) -> Compiled:
        """Return the expanded patterns of a matcher as regular expressions that ignore case."""
        return tuple(re.compile(self.expand(pattern), re.IGNORECASE) for pattern in matcher.patterns)

    def problems(self) -> Iterator[str]:
        """Describe what the fields cannot check one by one, each problem with its place."""
        for name, alternatives in self.vocabulary.items():
            for alternative in alternatives:
                if _NAME_IN_BRACES.search(alternative):
                    yield f"vocabulary {name}: {alternative!r} uses another name; write its words out"
                yield from pattern_problems(f"vocabulary {name}", alternative)
        for where, matcher in self.matchers():
            yield from self._matcher_problems(where, matcher)

    def example_problems(self) -> Iterator[str]:
        """Describe every example that does not do what it says, and every pattern that no example shows."""
        for where, matcher in self.matchers():
            yield from _example_problems(where, matcher, self.compiled(matcher), self.read)

    def read(self, text: str) -> str:
        """Return the text as the patterns see it."""
        return plain(text)

    def _matcher_problems(self, where: str, matcher: Matcher) -> Iterator[str]:
        for number, pattern in enumerate(matcher.patterns, start=1):
            yield from self.problems_of(f"{where}, pattern {number}", pattern)

    def problems_of(self, place: str, pattern: str) -> Iterator[str]:
        """Describe why a pattern cannot be used, with its place: an unknown name, or no regular expression."""
        unknown = sorted(set(_NAME_IN_BRACES.findall(pattern)) - set(self.vocabulary))
        if unknown:
            yield f"{place}: the vocabulary has no {', '.join(unknown)}; it has {', '.join(self.vocabulary)}"
        else:
            yield from pattern_problems(place, self.expand(pattern))


_INVISIBLE = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Characters that nobody sees: soft hyphens, joiners, blanks without width, directions of writing."""
_BREAK = re.compile(r"<(?:br|hr|/?(?:p|li|ul|ol|div|tr|h[1-6]))\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
"""Marks of HTML, which Markdown allows: where a line ends, and others."""
_INSIDE = re.compile(r"[*_~]+(?=\w)|(?<=\w)[*_~]+|(?<!\w)`+|`+(?!\w)|\\")
"""Marks of emphasis and of code at a word or inside it, and what keeps a mark from being one."""
_QUOTED = re.compile(r"^\s*(?:>\s?)+")
"""The mark of a quotation, at the beginning of a line."""
_PAUSES = " :;,.…–—-"
_LEADS = re.compile(r"(?::|…|\.\.\.)$")
"""The end of a line that introduces those under it."""


def matches(patterns: Sequence[re.Pattern[str]], text: str) -> bool:
    """Return whether one of the patterns is found in a text that `plain` returned."""
    return any(pattern.search(text) for pattern in patterns)


def plain(text: str) -> str:
    """Return the text on one line, with plain apostrophes and without marks of Markdown.

    So neither typography nor a line's end can evade a pattern.
    """
    return " ".join(filter(None, map(_bare, _seen(text))))


def apostrophes(text: str) -> str:
    """Return the text with plain apostrophes."""
    return text.replace("’", "'").replace("‘", "'").replace("`", "'")


def readings(text: str) -> list[str]:
    """Return the ways in which a text can be read: whole, by line, and each line of its lists right after the lead-in.

    "Stop taking:" and "- your insulin" under it say "Stop taking your insulin", whatever stands between them, and so
    does "Stop taking: your insulin". Lines without a mark belong to a list until a blank line ends it.
    """
    read = {plain(text): None}
    opening = last = ""
    apart = False
    for line in _seen(text):
        bare = EMPHASIS.sub("", line.strip())
        if not bare:
            apart = True
            continue
        item, says = MARK.match(bare), _bare(bare)
        if apart and not item and not line[0].isspace():
            opening = ""
        read |= {f"{lead} {says}": None for lead in ((opening, last) if item else (opening,)) if lead}
        read[says.replace(": ", " ")] = None
        if not item or _LEADS.search(bare):
            last = says.rstrip(_PAUSES)
            opening = last if _LEADS.search(bare) and not item else opening
        apart = False
    return list(read)


def _seen(text: str) -> list[str]:
    """Return the lines of a text without what a reader does not see: invisible characters and marks of HTML."""
    shown = _TAG.sub("", _BREAK.sub("\n", _INVISIBLE.sub("", text)))
    return [_QUOTED.sub("", line).replace("|", " ") for line in shown.splitlines()]


def _bare(line: str) -> str:
    """Return a line with plain apostrophes, and without marks of Markdown."""
    return " ".join(apostrophes(_INSIDE.sub("", unmarked(line))).split())


def _example_problems(
    where: str, matcher: Matcher, patterns: Sequence[re.Pattern[str]], read: Callable[[str], str]
) -> Iterator[str]:
    stopped = [read(sentence) for sentence in matcher.examples.must_match]
    for sentence in stopped:
        if not matches(patterns, sentence):
            yield f"{where}, examples.must_match: no pattern matches {sentence!r}"
    for sentence in matcher.examples.must_not_match:
        if matches(patterns, read(sentence)):
            yield f"{where}, examples.must_not_match: a pattern matches {sentence!r}"
    for number, pattern in enumerate(patterns, start=1):
        if not any(pattern.search(sentence) for sentence in stopped):
            yield f"{where}, pattern {number}: no sentence in examples.must_match shows it"


def pattern_problems(place: str, pattern: str) -> Iterator[str]:
    """Describe why a regular expression cannot be used, with its place."""
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        yield f"{place}: not a regular expression: {error}"
        return
    if compiled.search(""):
        yield f"{place}: matches the empty text, and so every text"


def _place(lists: Mapping[str, str], raw: Any, location: tuple[int | str, ...]) -> str:
    """Return where an error is, with an entry's id instead of its number where it has one."""
    parts = list(location)
    if len(parts) > 1 and parts[0] in lists and isinstance(parts[1], int):
        word = lists[str(parts[0])]
        entry = raw[parts[0]][parts[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        parts[:2] = [f"{word} {name!r}" if name else f"{word} number {parts[1] + 1}"]
    return "".join(f"{part}, " for part in parts[:-1]) + f"{parts[-1]}: " if parts else ""
