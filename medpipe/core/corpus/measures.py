"""Measures of rows: what validation may see of them. Ids, dates, codes, counts and flags; never a text.

The report of a validation shows the values that failed, so questions, answers and documents are measured first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from medpipe.core import sources
from medpipe.core.corpus.standing import AGAINST
from medpipe.core.text import contains, damage

Row = Mapping[str, Any]
Identifiers = Callable[[Sequence[str], str], Sequence[Mapping[str, int]]]
"""(texts, ISO 639-1 code of their language) → for each text, what identifies people in it: type → count."""

STRONG = frozenset({"SSN", "NATIONAL_ID", "MRN", "HEALTH_PLAN", "ACCOUNT", "EMAIL"})
"""Identifiers that point to one person by themselves. Names and dates may be an author's or a study's."""

_PLAIN_OF_DOCUMENTS = ("id", "revision", "source", "language", "url", "licence", "published", "status")
_PLAIN_OF_OTHERS = ("answer_id", "identity", "rating", "version", "question_type", "phrasing", "barred")
PLAIN = (*_PLAIN_OF_DOCUMENTS, *_PLAIN_OF_OTHERS)
"""Fields that are shown as they are."""

AGE = "days_since_delivery"
"""Days from the newest revision of a delivery to the end of its window."""
DELIVERY = ("share_of_previous", "spanish_share", AGE, "days_since_new_topic")
"""Measures of a delivery as a whole. A measure that a delivery does not have is absent and is not validated."""

ENOUGH_ROWS = 100
"""Rows from which a delivery's shares are measured: fewer are a pull of some ids, or a test's."""
LONG_WINDOW_DAYS = 92
"""Days. A longer window loads history instead of following the news, so its files may be old."""

_TOPICS = "medlineplus"
"""The source of `days_since_new_topic`: MedlinePlus adds topics all year round."""
_NEVER_TAUGHT = frozenset({"retracted", "deleted", "notice", "concern"})
_TEXTS = ("question", "answer", "chosen", "rejected", "correction", "context")
_SCALE = 10_000
"""Shares are shown to four places."""


def columns(
    rows: Sequence[Row],
    suite: str,
    fields: frozenset[str],
    optional: frozenset[str],
    end: date | None,
    identifiers: Identifiers,
) -> list[dict[str, Any]]:
    """Return each row's plain fields and measures, in the order of `rows`.

    Args:
        rows: documents, examples, preference pairs or pieces of feedback, as JSON objects.
        suite: the suite's name: `documents`, `examples`, `pairs` or `feedback`.
        fields: names of the fields that a row must have.
        optional: names of the fields that a row may have.
        end: the day after the window's last one; None where the rows have no window.
        identifiers: finds what identifies people. Used on pairs and on the sources that people wrote; feedback
            is not searched, because its identifiers are replaced before anything is built from it.
    """
    documents = suite == "documents"
    measured = [
        {
            **(_document(row, end) if documents else _other(row)),
            "missing_fields": len(fields - row.keys()),
            "unknown_fields": len(row.keys() - fields - optional),
        }
        for row in rows
    ]
    if documents:
        measured = [
            {**measures, "repeated": repeated} for measures, repeated in zip(measured, _repeated(rows), strict=True)
        ]
    if suite == "feedback":
        return measured
    strong = _strong_identifiers(rows, suite, identifiers)
    return [{**measures, "identifiers": number} for measures, number in zip(measured, strong, strict=True)]


def of_delivery(rows: Sequence[Row], source: str, start: date, end: date, previous: int | None) -> dict[str, float]:
    """Return the measures of a whole delivery (DELIVERY) that its source and size allow.

    Args:
        rows: the delivered documents.
        source: the name that was pulled (`core.sources`).
        start: first day of the window.
        end: the day after the last day of the window.
        previous: how many documents the source's delivery before had; None without one.
    """
    delivery: dict[str, float] = {}
    many = len(rows) >= ENOUGH_ROWS
    if sources.whole(source) and previous is not None and previous >= ENOUGH_ROWS:
        delivery["share_of_previous"] = _rounded(len(rows) / previous)
    if source == _TOPICS and many:
        delivery["spanish_share"] = _rounded(sum(row.get("language") == "es" for row in rows) / len(rows))
    if source in sources.posted() and (end - start).days <= LONG_WINDOW_DAYS:
        delivery |= _days_since(rows, "revision", end, AGE)
        if source == _TOPICS and many:
            delivery |= _days_since(rows, "published", end, "days_since_new_topic")
    return delivery


def _days_since(rows: Sequence[Row], field: str, end: date, name: str) -> dict[str, float]:
    """Return days from the latest date in a field to `end`, under `name`; nothing when no row has a date in it."""
    dates = [day for row in rows if (day := _day(str(row.get(field))))]
    return {name: (end - max(dates)).days} if dates else {}


def _document(row: Row, end: date | None) -> dict[str, Any]:
    """Measure a document. What it says against itself or another one is never kept out by a fault in its text."""
    plain: dict[str, Any] = {name: row.get(name) for name in _PLAIN_OF_DOCUMENTS}
    title = str(row.get("title") or "").strip()
    texts = [str(section.get("text") or "").strip() for section in row.get("sections") or ()]
    published = _day(str(row.get("published")))
    measures = {
        "title_chars": len(title),
        "text_chars": sum(map(len, texts)),
        # PubMed cites many articles without an abstract; a revision that drops one must replace the old text.
        "text_missing": row.get("status") == "current" and not _may_lack_text(row) and not any(texts),
        "damaged_characters": sum(map(damage, [title, *texts])),
        "published_year": published.year if published else 0,
        "days_ahead": (published - end).days if published and end else None,
    }
    if _speaks_against(row):
        return plain | dict.fromkeys([*measures, "language", "url", "licence"])
    return plain | measures


def _speaks_against(row: Row) -> bool:
    """Return whether a record says that it, or another document, must not be taught, or may be again."""
    kinds = {relation.get("kind") for relation in row.get("relations") or ()}
    return row.get("status") in _NEVER_TAUGHT or bool(row.get("warning")) or not kinds.isdisjoint(AGAINST)


def _may_lack_text(row: Row) -> bool:
    return sources.kind_of(str(row.get("id"))) is sources.Kind.ARTICLE


def _other(row: Row) -> dict[str, Any]:
    """Measure an example, a preference pair or a piece of feedback."""
    measures: dict[str, Any] = {name: row[name] for name in PLAIN if name in row}
    measures |= {f"{name}_chars": len(str(row[name] or "").strip()) for name in _TEXTS if name in row}
    measures["damaged_characters"] = sum(damage(str(row.get(name) or "")) for name in _TEXTS)
    if "document_ids" in row:
        measures["untraced"] = not row["document_ids"] and row.get("source") != "safety"
    if "chosen" in row:
        measures["same_answers"] = str(row["chosen"]).split() == str(row.get("rejected")).split()
    if "slot" in row:
        measures["slot_missing"] = bool(row["slot"]) and not contains(str(row.get("answer")), str(row["slot"]))
    return measures


def _repeated(rows: Sequence[Row]) -> list[bool | None]:
    """Return for each document whether one before it has its id, revision and status; None where `_speaks_against`."""
    known = set[tuple[Any, ...]]()
    flags: list[bool | None] = []
    for row in rows:
        key = (row.get("id"), row.get("revision"), row.get("status"))
        flags.append(None if _speaks_against(row) else key in known)
        known.add(key)
    return flags


def _strong_identifiers(rows: Sequence[Row], suite: str, identifiers: Identifiers) -> list[int | None]:
    """Return how many strong identifiers each row's texts have; None for a row that is not searched."""
    by_language: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        if suite == "pairs" or sources.by_people(str(row.get("source"))):
            by_language.setdefault(str(row.get("language") or "en"), []).append(number)
    counts: list[int | None] = [None] * len(rows)
    for language, numbers in by_language.items():
        for number, types in zip(numbers, identifiers([_all_texts(rows[n]) for n in numbers], language), strict=True):
            counts[number] = sum(count for kind, count in types.items() if kind in STRONG)
    return counts


def _all_texts(row: Row) -> str:
    parts = [row.get("title"), *(row.get(name) for name in _TEXTS)]
    for section in row.get("sections") or ():
        parts += [section.get("heading"), section.get("context"), section.get("text"), section.get("rejected")]
    return "\n".join(str(part) for part in parts if part)


def _day(text: str) -> date | None:
    """Return the day at the beginning of `2026-03-03`, of 20260303 or of 202603039001; None without one."""
    try:
        return date.fromisoformat(text[:10] if "-" in text[:10] else text[:8])
    except ValueError:
        return None


def _rounded(share: float) -> float:
    return round(share * _SCALE) / _SCALE
