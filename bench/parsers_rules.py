"""What a PubMed record's own XML says of each field, read without any of the compared parsers.

A value is *faithful* when the XML says it, in one of the ways that a field allows. So of two values that differ, the
XML decides which is right; two faithful ones are a matter of taste.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from lxml import etree

from bench.parsers_markup import Run, bare_title, one_line, run_of, unwarned

Value = tuple[str, ...]
"""What a parser says of a field: one text, a list of names, one text for each part of an abstract."""

EQUAL, OURS, THEIRS, TASTE, NEITHER = "equal", "medpipe right", "other right", "taste", "neither right"
KINDS = (EQUAL, OURS, THEIRS, TASTE, NEITHER)

_UNTRANSLATED = "not available"
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def kind_of(field: str, record: etree._Element, ours: Value, theirs: Value) -> str:
    """Return how two values of a record's field compare."""
    if _comparable(field, ours, theirs) == _comparable(field, theirs, ours):
        return EQUAL
    right = _FAITHFUL[field](record, ours), _FAITHFUL[field](record, theirs)
    return {(True, False): OURS, (False, True): THEIRS, (True, True): TASTE, (False, False): NEITHER}[right]


def title_of(title: str, vernacular: str) -> str:
    """Return the bare title, or the one in the article's language where NLM has not translated it."""
    title, vernacular = bare_title(title), bare_title(vernacular)
    return vernacular if vernacular and title.lower() in ("", _UNTRANSLATED) else title


def earliest(dates: Iterable[Mapping[str, str]]) -> str:
    """Return the earliest of some dates as far as it is written: 2019, 2019-03 or 2019-03-21; "" without one."""
    return min(filter(None, map(_written, dates)), key=lambda day: f"{day}-01-01"[:10], default="")


def _written(parts: Mapping[str, str]) -> str:
    words = [parts.get("MedlineDate", ""), parts.get("Year", "")]
    year = re.search(r"\d{4}", words[1] or words[0])
    if year is None:
        return ""
    word = parts.get("Month") or next(iter(re.findall(r"[A-Za-z]+", words[0])), "")
    month = int(word) if word.isdigit() else _MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in _MONTHS else 0
    day = parts.get("Day", "")
    return year[0] + (f"-{month:02}" if month else "") + (f"-{int(day):02}" if month and day else "")


def _comparable(field: str, value: Value, other: Value) -> Value:
    """Return a value as it is compared: dates as far as both go, journals without full stops, sets in order."""
    if field == "published":
        length = min(len(text) for text in (*value, *other)) if value and other else 0
        return tuple(text[:length] for text in value)
    if field == "journal":
        return tuple(text.replace(".", "") for text in value)
    return tuple(sorted(value)) if field in ("dois", "relations") else value


def _article(record: etree._Element) -> etree._Element:
    """Return the Article of a citation, or the BookDocument of a book, which has the same children."""
    article = record.find("MedlineCitation/Article")
    return record[0] if article is None else article


def _texts(elements: Iterable[etree._Element]) -> Value:
    return tuple(filter(None, (one_line("".join(map(str, element.itertext()))) for element in elements)))


def _names(path: str) -> Callable[[etree._Element, Value], bool]:
    """Return whether a value is the texts of the elements at a path, in order."""
    return lambda record, value: value == _texts(record.iterfind(path))


def _title(record: etree._Element, value: Value) -> bool:
    """Return whether a title is the record's, with or without a warning at one of its ends."""
    article = _article(record)
    elements = [article.find(tag) for tag in ("ArticleTitle", "VernacularTitle")]
    whole = ["" if element is None else _texts([element]) for element in elements]
    english, vernacular = ("".join(texts) for texts in whole)
    chosen = elements[1] if title_of(english, vernacular) != bare_title(english) else elements[0]
    if chosen is None or not value:
        return not any(value)
    said = _without_stop(chosen)
    unwarned_at = {0: unwarned(said.between[0]), -1: unwarned(said.between[-1])}
    shorter = [said._replace(between=_with(said.between, place, text)) for place, text in unwarned_at.items()]
    return any(run.written_as(value[0]) for run in (said, *shorter))


def _with(texts: Value, place: int, text: str) -> Value:
    """Return texts of which one is another."""
    changed = [*texts]
    changed[place] = text
    return tuple(changed)


def _without_stop(element: etree._Element) -> Run:
    """Return what a title says without its final full stop and a translation's brackets."""
    run = run_of(element)
    first, last = run.between[0], run.between[-1]
    whole = [*run.between]
    if first.startswith("[") and last.rstrip(".").endswith("]"):
        whole[-1] = whole[-1].removesuffix(".").removesuffix("]")
        whole[0] = whole[0][1:]
    whole[-1] = whole[-1].removesuffix(".")
    return run._replace(between=tuple(whole))


def sections(record: etree._Element) -> Sequence[etree._Element]:
    """Return the parts of a record's own abstract that have a text."""
    return [part for part in _article(record).iterfind("Abstract/AbstractText") if _texts([part])]


def _abstract(record: etree._Element, value: Value) -> bool:
    parts = sections(record)
    return len(parts) == len(value) and all(
        run_of(part).written_as(text) for part, text in zip(parts, value, strict=True)
    )


def _labels(record: etree._Element, value: Value) -> bool:
    """Return whether each part of the abstract is called by the journal's label or NLM's category, if it has either."""
    called = [{one_line(part.get(name, "")) for name in ("Label", "NlmCategory")} - {""} for part in sections(record)]
    return len(called) == len(value) and all(
        name in (names or {"", "ABSTRACT"}) for name, names in zip(value, called, strict=True)
    )


def _dois(record: etree._Element, value: Value) -> bool:
    """Return whether the DOIs are the record's: those of its ELocationIDs and of its own ArticleIdList."""
    written = [
        *record.iterfind("MedlineCitation/Article/ELocationID[@EIdType='doi']"),
        *record.iterfind("PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
    ]
    return set(value) == {text.lower() for text in _texts(written)}


def _journal(record: etree._Element, value: Value) -> bool:
    called = _texts(record.iter("Title", "ISOAbbreviation", "MedlineTA"))
    return value in [(name,) for name in called] or not (value or called)


def _published(record: etree._Element, value: Value) -> bool:
    """Return whether a day is the earliest of the record's dates, or that of the issue, as far as it is written."""
    online = [*_article(record).iterfind("ArticleDate"), *record.iterfind("BookDocument/ContributionDate")]
    printed = [
        *_article(record).iterfind("Journal/JournalIssue/PubDate"),
        *record.iterfind("BookDocument/Book/PubDate"),
    ]
    days = [[{str(part.tag): part.text or "" for part in date} for date in dates] for dates in (online, printed)]
    faithful = {earliest([*days[0], *days[1]]), earliest(days[1])} - {""}
    return any(text.startswith(day) or (text and day.startswith(text)) for text in value for day in faithful)


def _relations(record: etree._Element, value: Value) -> bool:
    links = record.iterfind("MedlineCitation/CommentsCorrectionsList/CommentsCorrections")
    return sorted(value) == sorted(f"{link.get('RefType')} {link.findtext('PMID') or ''}".strip() for link in links)


def _vernacular(record: etree._Element, value: Value) -> bool:
    element = _article(record).find("VernacularTitle")
    return not any(value) if element is None else _without_stop(element).written_as("".join(value))


_FAITHFUL: dict[str, Callable[[etree._Element, Value], bool]] = {
    "PMID": lambda record, value: value == (one_line(next(record.iter("PMID")).text or ""),),
    "title": _title,
    "abstract": _abstract,
    "labels": _labels,
    "copyright": _names("MedlineCitation/Article/Abstract/CopyrightInformation"),
    "journal": _journal,
    "dois": _dois,
    "publication types": lambda record, value: value == _texts(_article(record).iter("PublicationType")),
    "MeSH": _names("MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName"),
    "published": _published,
    "relations": _relations,
    "original title": _vernacular,
}
FIELDS = tuple(_FAITHFUL)
