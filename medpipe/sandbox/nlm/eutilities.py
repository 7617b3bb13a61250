"""E-utilities over the sandbox's articles: esearch, efetch, esummary and einfo, with NLM's errors and limits.

Their reference is https://www.ncbi.nlm.nih.gov/books/NBK25499/. Errors are worded as the real service words them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape

from medpipe.sandbox.nlm import older
from medpipe.sandbox.nlm.calendar import Calendar
from medpipe.sandbox.nlm.citation_files import article_set
from medpipe.sandbox.nlm.rate_limit import RateLimit
from medpipe.sandbox.nlm.reply import Reply, as_json, error_page, xml
from medpipe.sandbox.world import DAYS, Article, World

_CAP = 9_999
"""esearch returns no record of PubMed beyond this one."""
_SUMMARY_CAP = 500
_TOO_FAR = (
    "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998. For PubMed, ESearch can only "
    "retrieve the first 9,999 records matching the query."
)
_SEARCH_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n'
    '<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
)
_DATE = re.compile(r"(\d{4})(?:/(\d{1,2})(?:/(\d{1,2}))?)?")
_RANGE = re.compile(r"([\d/]+):([\d/]+)\[(?:mdat|crdt|edat|pdat)\]")
Arguments = Mapping[str, str]
Place = tuple[str, str]
"""Where a search is remembered: its WebEnv and its query key."""


class Eutilities:
    """Answers queries. Searches with `usehistory` are remembered, for efetch and esummary to refer to."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self._world = world
        self._calendar = calendar
        self._history = dict[Place, list[str]]()
        self._limit = RateLimit(seconds=1, refused_count=True)
        self._lock = threading.Lock()

    def answer(self, program: str, arguments: Arguments, client: str) -> Reply:
        """Return the reply of `program` (`esearch.fcgi` …), or 429 above 3 requests in a second (10 with a key)."""
        key = arguments.get("api_key")
        limit = 10 if key else 3
        if count := self._limit.excess(key or client, limit):
            return rate_limited(key or client, count, limit)
        programs = {
            "esearch.fcgi": self._search,
            "efetch.fcgi": self._fetch,
            "esummary.fcgi": self._summary,
            "einfo.fcgi": self._info,
        }
        if program not in programs:
            return error_page(404, "404 Not Found")
        return programs[program](arguments)

    def _visible(self) -> dict[str, Article]:
        """Return the newest revision of each record that is published by now."""
        return {article.pmid: article for day in self._calendar.days() for article in self._world.articles(day)}

    def _search(self, arguments: Arguments) -> Reply:
        start = int(arguments.get("retstart") or 0)
        if start > _CAP - 1:
            return as_json({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": {"ERROR": _TOO_FAR}})
        if not arguments.get("term"):
            return xml("<eSearchResult><ERROR>Empty term and query_key - nothing todo</ERROR></eSearchResult>")
        newest_first = sorted(self._visible().items(), reverse=True)
        hits = [pmid for pmid, article in newest_first if _matches(article, arguments)]
        page = hits[start : start + min(int(arguments.get("retmax") or 20), _CAP)]
        place = self._remember(hits) if arguments.get("usehistory") == "y" else None
        render = _search_json if arguments.get("retmode") == "json" else _search_xml
        return render(arguments["term"], len(hits), start, page, place)

    def _remember(self, hits: list[str]) -> Place:
        with self._lock:
            place = (f"MCID_sandbox{len(self._history)}", "1")
            self._history[place] = hits
        return place

    def _wanted(self, arguments: Arguments) -> list[str] | None:
        """Return the requested ids, given directly or by the history; None when the history is unknown."""
        if "id" in arguments:
            return [pmid.strip() for pmid in arguments["id"].split(",") if pmid.strip()]
        hits = self._history.get((arguments.get("WebEnv", ""), arguments.get("query_key", "")))
        if hits is None:
            return None
        start = int(arguments.get("retstart") or 0)
        return hits[start : start + int(arguments.get("retmax") or 20)]

    def _fetch(self, arguments: Arguments) -> Reply:
        wanted = self._wanted(arguments)
        if wanted is None:
            return xml(
                '<?xml version="1.0" encoding="UTF-8" ?>\n<eFetchResult>\n<ERROR>Search backend cannot '
                "retrieve history data. See 'query_key' and 'WebEnv'.</ERROR>\n</eFetchResult>\n"
            )
        if any(not pmid.isdigit() for pmid in wanted):
            return xml(
                "<eFetchResult><ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR></eFetchResult>",
                status=400,
            )
        visible = self._visible()
        books = [older.book()] if older.BOOK in wanted else []
        articles = [visible[pmid] for pmid in dict.fromkeys(wanted) if pmid in visible]
        return xml(article_set(articles, books=books))

    def _summary(self, arguments: Arguments) -> Reply:
        wanted = self._wanted(arguments)
        if not wanted:
            return xml("<eSummaryResult>\n\t<ERROR>Neither query_key nor id specified</ERROR>\n</eSummaryResult>\n")
        header = {"type": "esummary", "version": "0.3"}
        if len(wanted) > _SUMMARY_CAP:
            fault = "Too many UIDs in request. Maximum number of UIDs is 500 for JSON format output."
            return as_json({"error": fault, "header": header})
        visible = self._visible()
        rows = {pmid: _summary_of(pmid, visible.get(pmid)) for pmid in wanted}
        return as_json({"header": header, "result": {"uids": wanted, **rows}})

    def _info(self, arguments: Arguments) -> Reply:
        if arguments.get("db") != "pubmed":
            return xml("<eInfoResult>\n<DbList>\n\t<DbName>pubmed</DbName>\n</DbList>\n</eInfoResult>\n")
        return xml(
            "<eInfoResult>\n<DbInfo><DbName>pubmed</DbName><MenuName>PubMed</MenuName><Description>PubMed "
            f"bibliographic record</Description><Count>{len(self._visible())}</Count>"
            f"<LastUpdate>{self._calendar.date:%Y/%m/%d} 02:30</LastUpdate></DbInfo>\n</eInfoResult>\n"
        )


def rate_limited(client: str, count: int, limit: int) -> Reply:
    """Return the 429 that NLM was seen to send: `count` requests in a second of a `client` that may send `limit`."""
    return as_json(
        {"error": "API rate limit exceeded", "api-key": client, "count": str(count), "limit": str(limit)},
        429,
        {"Retry-After": "2", "X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": "0"},
    )


def _search_json(term: str, count: int, start: int, page: Sequence[str], place: Place | None) -> Reply:
    history = {"querykey": place[1], "webenv": place[0]} if place else {}
    return as_json(
        {
            "header": {"type": "esearch", "version": "0.3"},
            "esearchresult": {
                "count": str(count),
                "retmax": str(len(page)),
                "retstart": str(start),
                **history,
                "idlist": page,
                "translationset": [],
                "querytranslation": term,
            },
        }
    )


def _search_xml(term: str, count: int, start: int, page: Sequence[str], place: Place | None) -> Reply:
    history = f"<QueryKey>{place[1]}</QueryKey><WebEnv>{place[0]}</WebEnv>" if place else ""
    return xml(
        f"{_SEARCH_HEAD}<eSearchResult><Count>{count}</Count><RetMax>{len(page)}</RetMax>"
        f"<RetStart>{start}</RetStart>{history}"
        f"<IdList>{''.join(f'<Id>{pmid}</Id>' for pmid in page)}</IdList><TranslationSet/>"
        f"<QueryTranslation>{escape(term)}</QueryTranslation></eSearchResult>\n"
    )


def _matches(article: Article, arguments: Arguments) -> bool:
    """Return whether an article lies between the dates and has every word of the term in its title.

    All kinds of dates are the day of the file here. The term `all[sb]` matches every article. A term may also be a
    range of dates, `2026/03/03:2026/03/04[mdat]`, or several of them with OR.
    """
    day, term = DAYS[article.day], arguments["term"]
    if not _bound(arguments.get("mindate"), date.min) <= day <= _bound(arguments.get("maxdate"), date.max):
        return False
    if ranges := _RANGE.findall(term):
        return any(_bound(first, date.min) <= day <= _bound(last, date.max) for first, last in ranges)
    words: Sequence[str] = () if term == "all[sb]" else re.findall(r"\w+", term.lower())
    return all(word in article.title.lower() for word in words)


def _bound(value: str | None, default: date) -> date:
    """Return the day of `YYYY/MM/DD`; a missing part is the first or, where `default` is date.max, the last one."""
    parts = _DATE.fullmatch(value or "")
    if parts is None:
        return default
    last = default == date.max
    return date(int(parts[1]), int(parts[2] or (12 if last else 1)), int(parts[3] or (28 if last else 1)))


def _summary_of(pmid: str, article: Article | None) -> dict[str, str]:
    if article is None:
        return {"uid": pmid, "error": "cannot get document summary"}
    return {"uid": pmid, "title": article.title, "pubdate": f"{DAYS[article.day]:%Y %b %d}"}
