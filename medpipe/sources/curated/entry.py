"""What a reader makes of one row of a set, and the helpers that the readers share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from medpipe.core.corpus.document import Section
from medpipe.core.refs import digest_of

Row = Mapping[str, Any]
"""One record as a set publishes it: column → value."""

UNANSWERED = "questions without an answer were dropped"
_TITLE_CHARS = 120
_NOT_OURS = re.compile(r"/ency/|/druginfo/|mayoclinic\.org|\bA\.D\.A\.M\.|\bMayo Foundation\b")


class BadRow(ValueError):
    """A row that is not a record of its set. The message names columns, never texts."""


class Entry(NamedTuple):
    """One record: `key` is unique in its set; fields that are empty take the set's own value."""

    key: str
    sections: tuple[Section, ...]
    title: str = ""
    focus: str = ""
    url: str = ""
    language: str = ""
    licence: str = ""
    published: date | None = None
    mesh: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    counterpart: str = ""


class Reading(NamedTuple):
    """What a row became: an entry or None, and why parts of the row were left out → how often."""

    entry: Entry | None
    dropped: Mapping[str, int] = {}


def left_out(reason: str) -> Reading:
    """Return the reading of a row that does not become an entry."""
    return Reading(None, {reason: 1})


def needed(row: Row, *names: str) -> str:
    """Return the first of the columns that the row has, as one line of text. Raises BadRow when it has none."""
    for name in names:
        if name in row:
            return flat(row[name])
    raise BadRow(f"no {' or '.join(names)}")


def flat(value: object) -> str:
    """Return a cell as one line of text; "" for a missing one. Raises BadRow for a list or a mapping."""
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise BadRow(f"a {type(value).__name__} where a text belongs")
    return " ".join(str(value).split())


def lines(value: object) -> str:
    """Return a cell as text with its line breaks, without blank lines or blanks around a line. Raises BadRow."""
    if value is not None and not isinstance(value, str):
        raise BadRow(f"a {type(value).__name__} where a text belongs")
    return "\n".join(line for raw in (value or "").splitlines() if (line := flat(raw)))


def messages(value: object) -> list[tuple[str, str]]:
    """Return (speaker, text) of each turn of a conversation.

    Columns are `role` and `content`, ShareGPT's `from` and `value`, or `speaker` and `utterance`. Raises BadRow.
    """
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise BadRow(f"a {type(value).__name__} where a conversation belongs")
    turns = []
    for turn in value:
        if not isinstance(turn, Mapping):
            raise BadRow("a turn that is not a speaker with a text")
        utterance = turn.get("content", turn.get("value", turn.get("utterance")))
        turns.append((needed(turn, "role", "from", "speaker").lower(), lines(utterance)))
    return turns


def shortened(text: str) -> str:
    """Return a title made of the beginning of a question: whole words, at most 120 characters."""
    line = flat(text)
    return line if len(line) <= _TITLE_CHARS else line[:_TITLE_CHARS].rpartition(" ")[0] + " …"


def key_of(*parts: str) -> str:
    """Return a key for a record that has none: 12 hexadecimal digits that depend on its texts alone."""
    return digest_of([flat(part) for part in parts])[:12]


def licensed_elsewhere(page_or_text: str) -> bool:
    """Return whether an address or a text names A.D.A.M., AHFS or the Mayo Clinic, whose texts may not be used.

    A.D.A.M.'s encyclopedia is under `/ency/` of MedlinePlus, AHFS's drug monographs under `/druginfo/`.
    """
    return bool(_NOT_OURS.search(page_or_text))
