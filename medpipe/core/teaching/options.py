"""How the options of an examination's question are written behind it, and read from there again."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARK = re.compile(r"(?:^|(?<=\s))\(?([A-Z])[.):]\s+")


def with_options(question: str, choices: Sequence[str]) -> str:
    """Return a question with its options by letter. A blank option is left out; its letter is, too."""
    lettered = (f"{letter}. {option}" for letter, option in zip(_LETTERS, choices, strict=False) if option)
    return f"{question} {' '.join(lettered)}"


def parted(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a question without its options, and these: at least two texts, each behind its letter."""
    marks = list(_MARK.finditer(text))
    first = next((place for place, mark in enumerate(marks) if mark[1] == _LETTERS[0]), len(marks))
    run = marks[first : first + 1]
    for mark in marks[first + 1 :]:
        if mark[1] > run[-1][1]:  # a letter is missing where its option is blank
            run.append(mark)
    question = text[: run[0].start()].strip() if run else ""
    ends = [*(mark.start() for mark in run[1:]), len(text)]
    options = tuple(text[mark.end() : end].strip() for mark, end in zip(run, ends, strict=False))
    return (question, options) if question and len(options) > 1 and all(options) else (text, ())
