"""E-utilities over the sandbox's articles: esearch, efetch, esummary and einfo, with NLM's errors and
limits."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape

from medpipe.sandbox.nlm import older
from medpipe.sandbox.nlm.calendar import Calendar
from medpipe.sandbox.nlm.citation_files import article_set
from medpipe.sandbox.nlm.reply import Reply, as_json, xml
from medpipe.sandbox.world import DAYS, Article, World

_CAP = 9_999
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
Arguments = Mapping[str, str]


class Eutilities:
    """Answers one program at a time. Searches are remembered for `usehistory`, as WebEnv and query key."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self._world = world
        self._calendar = calendar
        self._history = dict[tuple[str, str], list[str]]()
        self._asked = dict[str, deque[float]]()
        self._lock = threading.Lock()

    def answer(self, program: str, arguments: Arguments, client: str) -> Reply:
        """The reply to `program` (`esearch.fcgi` …), or 429 above 3 requests in a second (10 with a key)."""
        limited = self._limit(arguments.get("api_key") or client, 10 if arguments.get("api_key") else 3)
        if limited is not None:
            return limited
        programs = {
            "esearch.fcgi": self._search,
            "efetch.fcgi": self._fetch,
            "esummary.fcgi": self._summary,
            "einfo.fcgi": self._info,
        }
        if program not in programs:
            return Reply(b"<html><body>404 Not Found</body></html>", status=404)
        return programs[program](arguments)

    def _limit(self, who: str, limit: int) -> Reply | None:
        with self._lock:
            recent = self._asked.setdefault(who, deque())
            now = time.monotonic()
            while recent and recent[0] < now - 1:
                recent.popleft()
            recent.append(now)
            if len(recent) <= limit:
                return None
        return rate_limited(who, len(recent), limit)

    def _visible(self) -> dict[str, Article]:
        """The newest revision of each record that is published by now."""
        return {article.pmid: article for day in self._calendar.days() for article in self._world.articles(day)}

    def _search(self, arguments: Arguments) -> Reply:
        start = int(arguments.get("retstart") or 0)
        if start > _CAP - 1:
            return as_json({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": {"ERROR": _TOO_FAR}})
        if not arguments.get("term"):
            return xml("<eSearchResult><ERROR>Empty term and query_key - nothing todo</ERROR></eSearchResult>")
        found = [
            number for number, article in sorted(self._visible().items(), reverse=True) if _matches(article, arguments)
        ]
        page = found[start : start + min(int(arguments.get("retmax") or 20), _CAP)]
        history = self._remember(found) if arguments.get("usehistory") == "y" else None
        if arguments.get("retmode") == "json":
            kept = {"querykey": history[1], "webenv": history[0]} if history else {}
            return as_json(
                {
                    "header": {"type": "esearch", "version": "0.3"},
                    "esearchresult": {
                        "count": str(len(found)),
                        "retmax": str(len(page)),
                        "retstart": str(start),
                        **kept,
                        "idlist": page,
                        "translationset": [],
                        "querytranslation": arguments["term"],
                    },
                }
            )
        kept_xml = f"<QueryKey>{history[1]}</QueryKey><WebEnv>{history[0]}</WebEnv>" if history else ""
        return xml(
            f"{_SEARCH_HEAD}<eSearchResult><Count>{len(found)}</Count><RetMax>{len(page)}</RetMax>"
            f"<RetStart>{start}</RetStart>{kept_xml}"
            f"<IdList>{''.join(f'<Id>{number}</Id>' for number in page)}"
            "</IdList><TranslationSet/>"
            f"<QueryTranslation>{escape(arguments['term'])}</QueryTranslation></eSearchResult>\n"
        )

    def _remember(self, found: list[str]) -> tuple[str, str]:
        with self._lock:
            place = (f"MCID_sandbox{len(self._history)}", "1")
            self._history[place] = found
        return place

    def _wanted(self, arguments: Arguments) -> list[str] | None:
        """The ids that are asked for, directly or from the history; None when the history is unknown."""
        if "id" in arguments:
            return [number.strip() for number in arguments["id"].split(",") if number.strip()]
        found = self._history.get((arguments.get("WebEnv", ""), arguments.get("query_key", "")))
        if found is None:
            return None
        start = int(arguments.get("retstart") or 0)
        return found[start : start + int(arguments.get("retmax") or 20)]

    def _fetch(self, arguments: Arguments) -> Reply:
        wanted = self._wanted(arguments)
        if wanted is None:
            return xml(
                '<?xml version="1.0" encoding="UTF-8" ?>\n<eFetchResult>\n<ERROR>Search backend cannot '
                "retrieve history data. See 'query_key' and 'WebEnv'.</ERROR>\n</eFetchResult>\n"
            )
        if any(not number.isdigit() for number in wanted):
            return xml(
                "<eFetchResult><ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR></eFetchResult>",
                status=400,
            )
        visible = self._visible()
        books = [older.book()] if older.BOOK in wanted else []
        return xml(article_set((visible[one] for one in dict.fromkeys(wanted) if one in visible), books=books))

    def _summary(self, arguments: Arguments) -> Reply:
        wanted = self._wanted(arguments)
        if not wanted:
            return xml("<eSummaryResult>\n\t<ERROR>Neither query_key nor id specified</ERROR>\n</eSummaryResult>\n")
        if len(wanted) > 500:
            too_many = "Too many UIDs in request. Maximum number of UIDs is 500 for JSON format output."
            return as_json({"error": too_many, "header": {"type": "esummary", "version": "0.3"}})
        visible = self._visible()
        rows = {number: _summary_of(number, visible.get(number)) for number in wanted}
        return as_json({"header": {"type": "esummary", "version": "0.3"}, "result": {"uids": wanted, **rows}})

    def _info(self, arguments: Arguments) -> Reply:
        if arguments.get("db") != "pubmed":
            return xml("<eInfoResult>\n<DbList>\n\t<DbName>pubmed</DbName>\n</DbList>\n</eInfoResult>\n")
        return xml(
            "<eInfoResult>\n<DbInfo><DbName>pubmed</DbName><MenuName>PubMed</MenuName><Description>PubMed "
            f"bibliographic record</Description><Count>{len(self._visible())}</Count>"
            f"<LastUpdate>{self._calendar.date:%Y/%m/%d} 02:30</LastUpdate></DbInfo>\n</eInfoResult>\n"
        )


def rate_limited(who: str, count: int, limit: int) -> Reply:
    """The 429 that NLM was seen to give."""
    return as_json(
        {"error": "API rate limit exceeded", "api-key": who, "count": str(count), "limit": str(limit)},
        429,
        {"Retry-After": "2", "X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": "0"},
    )


def _matches(article: Article, arguments: Arguments) -> bool:
    """By date (mdat and edat are the day of the file here) and, unless the term is `all[sb]`, by title
    words."""
    day = DAYS[article.day]
    if not _bound(arguments.get("mindate"), date.min) <= day <= _bound(arguments.get("maxdate"), date.max):
        return False
    term = arguments["term"]
    words: Sequence[str] = () if term == "all[sb]" else re.findall(r"\w+", term.lower())
    return all(word in article.title.lower() for word in words)


def _bound(value: str | None, default: date) -> date:
    found = _DATE.fullmatch(value or "")
    if found is None:
        return default
    last = default == date.max
    return date(int(found[1]), int(found[2] or (12 if last else 1)), int(found[3] or (28 if last else 1)))


def _summary_of(number: str, article: Article | None) -> dict[str, str]:
    if article is None:
        return {"uid": number, "error": "cannot get document summary"}
    return {"uid": number, "title": article.title, "pubdate": f"{DAYS[article.day]:%Y %b %d}"}
