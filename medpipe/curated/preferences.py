"""Sets that say which of two answers is better: UltraMedical-Preference and MEDIQA 2019's ranked answers."""

from __future__ import annotations

from medpipe.core.document import Section
from medpipe.curated.entry import (
    Drops,
    Entry,
    Row,
    flat,
    key_of,
    licensed_elsewhere,
    lines,
    messages,
    needed,
    shortened,
)

INCOMPLETE = "pairs without a question or one of the answers were dropped"
SAME = "pairs of equal answers were dropped"
ELSEWHERE = "pairs with an answer of A.D.A.M. or AHFS were dropped"


def read(row: Row, drops: Drops) -> Entry | None:
    """`prompt`, `chosen`, `rejected`: texts, or conversations of which the assistant's last words count.

    A question has many pairs, so the key is the question's (`prompt_id` or `qid`) with eight hexadecimal digits
    of the two answers.
    """
    asked = needed(row, "prompt", "question")
    better, worse = _answer(row.get("chosen")), _answer(row.get("rejected"))
    if not (asked and better and worse):
        drops[INCOMPLETE] += 1
        return None
    if flat(better) == flat(worse):
        drops[SAME] += 1
        return None
    pages = flat(row.get("chosen_url")), flat(row.get("rejected_url"))
    if any(map(licensed_elsewhere, pages)):
        drops[ELSEWHERE] += 1
        return None
    number = flat(row.get("prompt_id", row.get("qid"))) or key_of(asked)
    section = Section(heading=asked, text=better, rejected=worse)
    return Entry(f"{number}-{key_of(better, worse)[:8]}", (section,), title=shortened(asked),
                 url=pages[0] if pages[0].startswith("http") else "")


def _answer(value: object) -> str:
    if value is None or isinstance(value, str):
        return lines(value)
    return next((text for speaker, text in reversed(messages(value)) if speaker in ("assistant", "gpt")), "")
