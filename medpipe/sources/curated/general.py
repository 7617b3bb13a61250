"""General instructions in the layouts that are usual for them, each with a licence.

| layout | columns |
|---|---|
| Dolly, Alpaca | `instruction`, `context` or `input`, `response` or `output` |
| question and answer | `question` or `prompt`, `answer`, `completion` or `response`, and perhaps `context` |
| chat (OASST, UltraChat) | `messages` or `conversations`: turns of `role` and `content`, or of `from` and `value` |

A row has a `licence` (or `license`), or is in a file that is named after a set whose licence is known
(`databricks-dolly-15k.jsonl`, `oasst1.jsonl`, `oasst2.jsonl`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from medpipe.core.corpus.document import Section
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import (
    UNANSWERED,
    BadRow,
    Entry,
    Reading,
    Row,
    flat,
    key_of,
    left_out,
    lines,
    messages,
    needed,
    shortened,
)

DOLLY = "databricks-dolly-15k"
_LICENCES = {DOLLY: "CC BY-SA 3.0", "oasst1": "Apache-2.0", "oasst2": "Apache-2.0"}
"""Beginning of a file's name → the licence that its publisher gives the set."""
_HOMES = {
    DOLLY: "https://huggingface.co/datasets/databricks/databricks-dolly-15k",
    "oasst1": "https://huggingface.co/datasets/OpenAssistant/oasst1",
    "oasst2": "https://huggingface.co/datasets/OpenAssistant/oasst2",
}
SYSTEM = "conversations that begin with a system prompt were left out"
LATER = "later turns of conversations were left out"


class _Asked(NamedTuple):
    question: str
    answer: str
    context: str = ""
    later: int = 0
    """Turns after the first answer."""


def rows(path: Path) -> Iterator[files.Placed]:
    """Yield the rows of one file, with the licence and the address of the set that it is named after."""
    name = next((name for name in _LICENCES if path.name.startswith(name)), "")
    for place, row in files.rows(path):
        yield place, _of_set(row, name) if name and isinstance(row, dict) else row


def of_hub(table: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of Dolly's table on the hub with its licence."""
    yield from (_of_set(row, DOLLY) for row in table)


def read(row: Row) -> Reading:
    """Read a request and its answer; of a conversation the first exchange. Raises BadRow, also without a licence."""
    licence = flat(row.get("licence") or row.get("license"))
    if not licence:
        raise BadRow(
            "no licence: give each row a column `licence`, or name the file after a set whose licence is known"
        )
    asked = _asked(row)
    if isinstance(asked, str):
        return left_out(asked)
    if not asked.question or not asked.answer:
        return left_out(UNANSWERED)
    entry = Entry(
        flat(row.get("id") or row.get("message_id")) or key_of(asked.question, asked.context, asked.answer),
        (Section(heading=asked.question, text=asked.answer, context=asked.context),),
        title=shortened(asked.question),
        url=flat(row.get("url")),
        language=flat(row.get("language") or row.get("lang")),
        licence=licence,
        types=tuple(filter(None, (flat(row.get("category")),))),
    )
    return Reading(entry, {LATER: asked.later} if asked.later else {})


def _of_set(row: Row, name: str) -> Row:
    return {"licence": _LICENCES[name], "url": _HOMES[name], **row}


def _asked(row: Row) -> _Asked | str:
    """Return what a row asks and answers, or why it is left out."""
    if "messages" in row or "conversations" in row:
        return _first_exchange(messages(row.get("messages", row.get("conversations"))))
    if "instruction" in row:
        context = lines(row.get("context") or row.get("input"))
        return _Asked(needed(row, "instruction"), _text(row, "response", "output"), context)
    return _Asked(
        needed(row, "question", "prompt"), _text(row, "answer", "completion", "response"), lines(row.get("context"))
    )


def _first_exchange(turns: list[tuple[str, str]]) -> _Asked | str:
    if turns and turns[0][0] == "system":
        return SYSTEM
    if len(turns) < 2 or turns[0][0] not in ("user", "human", "prompter") or turns[1][0] not in ("assistant", "gpt"):
        return UNANSWERED
    return _Asked(flat(turns[0][1]), turns[1][1], later=len(turns) - 2)


def _text(row: Row, *names: str) -> str:
    """Return the first of the columns that the row has, with its line breaks. Raises BadRow when it has none."""
    for name in names:
        if name in row:
            return lines(row[name])
    raise BadRow(f"no {' or '.join(names)}")
