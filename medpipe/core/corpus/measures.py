"""Measures of rows: what validation may see of them. Ids, dates, codes, counts and flags; never a text.

The report of a validation shows the values that failed, so questions, answers and documents are measured first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from medpipe.core import sources
from medpipe.core.batches import batched
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

BAND = 2_000
"""Rows that are measured at a time."""
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
    rows: Iterable[Row],
    suite: str,
    fields: frozenset[str],
    optional: frozenset[str],
    end: date | None,
    identifiers: Identifiers,
) -> Iterator[list[dict[str, Any]]]:
    """Yield each row's plain fields and measures, in the order of `rows`, in bands of at most `BAND` rows.

    Memory holds the texts of two bands and, of documents, a key for each.

    Args:
        rows: documents, examples, preference pairs or pieces of feedback, as JSON objects.
        suite: the suite's name: `documents`, `examples`, `pairs` or `feedback`.
        fields: names of the fields that a row must have.
        optional: names of the fields that a row may have.
        end: the day after the window's last one; None where the rows have no window.
        identifiers: finds what identifies people. Used on pairs and on the sources that people wrote; feedback
            is not searched, because its identifiers are replaced before anything is built from it.
    """
    measured = _documents(rows, end) if suite == "documents" else ((row, _other(row)) for row in rows)
    for band in batched(measured, BAND):
        for row, measures in band:
            measures["missing_fields"] = len(fields - row.keys())
            measures["unknown_fields"] = len(row.keys() - fields - optional)
        if suite != "feedback":
            counts = _strong_identifiers([row for row, _ in band], suite, identifiers)
            for (_, measures), count in zip(band, counts, strict=True):
                measures["identifiers"] = count
        yield [measures for _, measures in band]


def of_delivery(rows: Iterable[Row], source: str, start: date, end: date, previous: int | None) -> dict[str, float]:
    """Return the measures of a whole delivery (DELIVERY) that its source and size allow.

    Args:
        rows: the delivered documents. They are read once; memory does not hold them.
        source: the name that was pulled (`core.sources`).
        start: first day of the window.
        end: the day after the last day of the window.
        previous: how many documents the source's delivery before had; None without one.
    """
    count = spanish = 0
    newest: dict[str, date] = {}
    for row in rows:
        count += 1
        spanish += row.get("language") == "es"
        for field in ("revision", "published"):
            if day := _day(str(row.get(field))):
                newest[field] = max(day, newest.get(field, day))
    days = {field: (end - day).days for field, day in newest.items()}
    delivery: dict[str, float] = {}
    if sources.whole(source) and previous is not None and previous >= ENOUGH_ROWS:
        delivery["share_of_previous"] = _rounded(count / previous)
    if source == _TOPICS and count >= ENOUGH_ROWS:
        delivery["spanish_share"] = _rounded(spanish / count)
    if source in sources.posted() and (end - start).days <= LONG_WINDOW_DAYS:
        if "revision" in days:
            delivery[AGE] = days["revision"]
        if source == _TOPICS and count >= ENOUGH_ROWS and "published" in days:
            delivery["days_since_new_topic"] = days["published"]
    return delivery


def _documents(rows: Iterable[Row], end: date | None) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield each document with its measures; `repeated`: whether one before it has its id, revision and status.

    What speaks against a document is never called repeated.
    """
    known = set[str]()
    for row in rows:
        key = f"{row.get('id')!r} {row.get('revision')!r} {row.get('status')!r}"
        yield row, _document(row, end) | {"repeated": None if _speaks_against(row) else key in known}
        known.add(key)


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
    if empty := _unrated(row):
        measures[f"{empty}_chars"] = None
    measures["damaged_characters"] = sum(damage(str(row.get(name) or "")) for name in _TEXTS)
    if "document_ids" in row:
        measures["untraced"] = not row["document_ids"] and row.get("source") != "safety"
    if "chosen" in row:
        measures["same_answers"] = str(row["chosen"]).split() == str(row.get("rejected")).split()
    if "slot" in row:
        measures["slot_missing"] = bool(row["slot"]) and not contains(str(row.get("answer")), str(row["slot"]))
    return measures


def _unrated(row: Row) -> str:
    """Return the side of a preference that a rating without a correction leaves empty; "" where both have a text."""
    sides = [name for name in ("chosen", "rejected") if row.get(name) == ""]
    return sides[0] if len(sides) == 1 else ""


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
