"""Earlier turns of a conversation, written as the passage that stands before a question, and read from it again.

Everything that handles a passage handles them too: identifiers are replaced in it, benchmarks are looked for in it, and
clinicians see it. What is told as turns, and what as a passage, is decided where a prompt is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

from medpipe.core.chat import Turn

_SPEAKERS: dict[Literal["user", "assistant"], str] = {"user": "Patient", "assistant": "Doctor"}
_ROLES = {name: role for role, name in _SPEAKERS.items()}
_LINE = re.compile(r"(Patient|Doctor): (.*\S.*)")


def written(turns: Iterable[Turn]) -> str:
    """Return turns as a passage, one line each: "Patient: …" and "Doctor: …"."""
    return "\n".join(f"{_SPEAKERS[turn.role]}: {' '.join(turn.text.split())}" for turn in turns)


def turns_of(passage: str, most: int) -> tuple[Turn, ...]:
    """Return at most `most` of the last turns that a passage is written from; () for any other passage.

    They begin with a user's and end with an assistant's, as chat templates need it.
    """
    lines = [_LINE.fullmatch(line) for line in passage.splitlines()] if most else []
    turns = [Turn(_ROLES[line.group(1)], line.group(2)) for line in lines if line]
    if len(turns) < max(len(lines), 1) or any(one.role == two.role for one, two in pairwise(turns)):
        return ()
    if turns[-1].role != "assistant":
        return ()
    return tuple(_asked(turns[-most:]))


def _asked(turns: Sequence[Turn]) -> Sequence[Turn]:
    return turns if not turns or turns[0].role == "user" else turns[1:]
