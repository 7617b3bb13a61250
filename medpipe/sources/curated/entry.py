"""What a reader makes of one row of a set, and the small helpers that all readers share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from medpipe.core.corpus.document import Section
from medpipe.core.refs import digest_of

Row = Mapping[str, Any]
Drops = Counter[str]
"""Why something was left out → how often."""

UNANSWERED = "questions without an answer were dropped"
_TITLE_CHARS = 120
_NOT_OURS = re.compile(r"/ency/|/druginfo/|mayoclinic\.org|\bA\.D\.A\.M\.|\bMayo Foundation\b")


class BadRow(ValueError):
    """A row that is no record of its set. The message names columns, never texts."""


class Entry(NamedTuple):
    """One record: `key` is unique in its set; empty fields take the set's own value."""

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


def needed(row: Row, *names: str) -> str:
    """The first of the columns that the row has, as one line of text; BadRow when it has none of them."""
    for name in names:
        if name in row:
            return flat(row[name])
    raise BadRow(f"no {' or '.join(names)}")


def flat(value: object) -> str:
    """A cell as one line of text; "" for a missing one."""
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise BadRow(f"a {type(value).__name__} where a text belongs")
    return " ".join(str(value).split())


def lines(value: object) -> str:
    """A cell as text that keeps its line breaks, without blank lines and the blanks around each."""
    if value is not None and not isinstance(value, str):
        raise BadRow(f"a {type(value).__name__} where a text belongs")
    return "\n".join(line for raw in (value or "").splitlines() if (line := flat(raw)))


def messages(value: object) -> list[tuple[str, str]]:
    """(speaker, text) of each turn of a conversation: `role`/`content` or ShareGPT's `from`/`value`."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise BadRow(f"a {type(value).__name__} where a conversation belongs")
    found = []
    for turn in value:
        if not isinstance(turn, Mapping):
            raise BadRow("a turn that is no speaker with a text")
        found.append(
            (
                needed(turn, "role", "from", "speaker").lower(),
                lines(turn.get("content", turn.get("value", turn.get("utterance")))),
            )
        )
    return found


def shortened(text: str) -> str:
    """A title made of the beginning of a question: whole words, at most 120 characters."""
    line = flat(text)
    return line if len(line) <= _TITLE_CHARS else line[:_TITLE_CHARS].rpartition(" ")[0] + " …"


def key_of(*parts: str) -> str:
    """A key for a record that has none: 12 hexadecimal digits that depend on its texts alone."""
    return digest_of([flat(part) for part in parts])[:12]


def licensed_elsewhere(page_or_text: str) -> bool:
    """Whether a page's address or its text says that it is A.D.A.M.'s (`/ency/`), AHFS's (`/druginfo/`) or the Mayo
    Clinic's: their texts may not be used."""
    return bool(_NOT_OURS.search(page_or_text))
