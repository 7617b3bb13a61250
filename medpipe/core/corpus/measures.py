"""What validation may see of rows: ids, dates, codes, counts and flags; never a question, an answer or a document.

Whoever reads the report of a validation sees the values that failed, so texts become measures first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from medpipe.core.text import contains, damage

Identifiers = Callable[[Sequence[str], str], Sequence[Mapping[str, int]]]
"""Texts and their language → what identifies people in each: type → count."""

STRONG = frozenset({"SSN", "NATIONAL_ID", "MRN", "HEALTH_PLAN", "ACCOUNT", "EMAIL"})
"""Identifiers that point to one person by themselves. Names and dates may be an author's or a study's."""

WRITTEN_BY_PERSONS = frozenset({"meddialog", "liveqa", "ultramedical", "triage"})
"""Sources in which people wrote about themselves. Published articles are not searched for identifiers."""

PLAIN = (
    "id",
    "revision",
    "source",
    "language",
    "url",
    "licence",
    "published",
    "status",
    "answer_id",
    "identity",
    "rating",
    "version",
    "question_type",
    "phrasing",
)
"""Fields that are shown as they are."""

DELIVERY = ("share_of_previous", "spanish_share", "days_since_delivery", "days_since_new_topic")
"""Measures of a delivery as a whole; one that cannot be told of a delivery is absent, and is not asked for."""

WHOLE = frozenset({"medlineplus", "genetics"})
"""Sources of which every delivery holds everything, so that two can be compared."""

POSTED = frozenset({"medlineplus", "pubmed"})
"""Sources that post several times a week."""

ENOUGH_ROWS = 100
"""A share of fewer rows says little: a pull of some ids, or a test's."""
LONG_WINDOW_DAYS = 92
"""Who asks for more than a season is loading history, not following the news."""

_WITHDRAWN = frozenset({"retracted", "deleted"})
_TEXTS = ("question", "answer", "chosen", "rejected", "correction", "context")
_SCALE = 10_000
"""Shares are shown to four places."""


def columns(
    rows: Sequence[Mapping[str, Any]],
    suite: str,
    fields: frozenset[str],
    optional: frozenset[str],
    end: date | None,
    identifiers: Identifiers,
) -> list[dict[str, Any]]:
    """Each row's plain fields and measures. `fields` must be there, `optional` ones may; `end` is the window's."""
    found = [_documents(row, end) if suite == "documents" else _others(row) for row in rows]
    before = set[tuple[Any, ...]]()
    for row, seen in zip(rows, found, strict=True):
        seen["missing_fields"] = len(fields - row.keys())
        seen["unknown_fields"] = len(row.keys() - fields - optional)
        if suite == "documents":
            name = (row.get("id"), row.get("revision"), row.get("status"))
            seen["repeated"] = None if row.get("status") in _WITHDRAWN else name in before
            before.add(name)
    if suite != "feedback":  # people's names and numbers are taken out of it before anything is built from it
        _count_identifiers(rows, found, suite, identifiers)
    return found


def of_delivery(
    rows: Sequence[Mapping[str, Any]], source: str, start: date, end: date, previous: int | None
) -> dict[str, float]:
    """What can be told of a whole delivery (DELIVERY); `previous` is how many rows that source's one before had."""
    told: dict[str, float] = {}
    if source in WHOLE and previous is not None and previous >= ENOUGH_ROWS:
        told["share_of_previous"] = _rounded(len(rows) / previous)
    if source == "medlineplus" and len(rows) >= ENOUGH_ROWS:
        told["spanish_share"] = _rounded(sum(row.get("language") == "es" for row in rows) / len(rows))
    if source in POSTED and (end - start).days <= LONG_WINDOW_DAYS:
        posted = [day for row in rows if (day := _day(str(row.get("revision"))))]
        if posted:
            told["days_since_delivery"] = (end - max(posted)).days
        created = [day for row in rows if (day := _day(str(row.get("published"))))]
        if source == "medlineplus" and len(rows) >= ENOUGH_ROWS and created:
            told["days_since_new_topic"] = (end - max(created)).days
    return told


def _documents(row: Mapping[str, Any], end: date | None) -> dict[str, Any]:
    """Measures of a document. A withdrawal is only asked for its id: no blemish may keep it out."""
    seen: dict[str, Any] = {name: row.get(name) for name in PLAIN[:8]}
    title = str(row.get("title") or "").strip()
    texts = [str(section.get("text") or "").strip() for section in row.get("sections") or ()]
    published = _day(str(row.get("published")))
    measures = {
        "title_chars": len(title),
        "text_chars": sum(map(len, texts)),
        # PubMed cites many articles without an abstract; a revision that drops one must replace the old text.
        "text_missing": row.get("status") == "current"
        and not str(row.get("id")).startswith("pmid:")
        and not any(texts),
        "damaged_characters": sum(map(damage, [title, *texts])),
        "published_year": published.year if published else 0,
        "days_ahead": (published - end).days if published and end else None,
    }
    if row.get("status") in _WITHDRAWN:
        return seen | dict.fromkeys([*measures, "language", "url", "licence"])
    return seen | measures


def _others(row: Mapping[str, Any]) -> dict[str, Any]:
    """Measures of an example, a preference pair or a piece of feedback."""
    seen: dict[str, Any] = {name: row[name] for name in PLAIN if name in row}
    seen |= {f"{name}_chars": len(str(row[name] or "").strip()) for name in _TEXTS if name in row}
    seen["damaged_characters"] = sum(damage(str(row.get(name) or "")) for name in _TEXTS)
    if "document_ids" in row:
        seen["untraced"] = not row["document_ids"] and row.get("source") != "safety"
    if "chosen" in row:
        seen["same_answers"] = str(row["chosen"]).split() == str(row.get("rejected")).split()
    if "slot" in row:
        seen["slot_missing"] = bool(row["slot"]) and not contains(str(row.get("answer")), str(row["slot"]))
    return seen


def _count_identifiers(
    rows: Sequence[Mapping[str, Any]], found: Sequence[dict[str, Any]], suite: str, identifiers: Identifiers
) -> None:
    """Set `identifiers` of every row: how many strong ones its texts have; None where none are looked for."""
    by_language: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        found[number]["identifiers"] = None
        if suite == "pairs" or row.get("source") in WRITTEN_BY_PERSONS:
            by_language.setdefault(str(row.get("language") or "en"), []).append(number)
    for language, numbers in by_language.items():
        counted = identifiers([_all_texts(rows[number]) for number in numbers], language)
        for number, types in zip(numbers, counted, strict=True):
            found[number]["identifiers"] = sum(count for kind, count in types.items() if kind in STRONG)


def _all_texts(row: Mapping[str, Any]) -> str:
    parts = [row.get("title"), *(row.get(name) for name in _TEXTS)]
    for section in row.get("sections") or ():
        parts += [section.get("heading"), section.get("context"), section.get("text"), section.get("rejected")]
    return "\n".join(str(part) for part in parts if part)


def _day(text: str) -> date | None:
    """The day at the beginning of `2026-03-03`, of 20260303 or of 202603039001."""
    try:
        return date.fromisoformat(text[:10] if "-" in text[:10] else text[:8])
    except ValueError:
        return None


def _rounded(share: float) -> float:
    return round(share * _SCALE) / _SCALE
