"""HTTP as NLM's servers ask for it: one identity, time limits, and retries after temporary errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from email.utils import parsedate_to_datetime

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError
from urllib3.util.retry import Retry

from medpipe.core.sources import eastern_day
from medpipe.errors import SourceError
from medpipe.sources.transport import retry

TIMEOUT = (10, 120)
"""Seconds to connect, and between two pieces of an answer."""
TRANSIENT = (429, 500, 502, 503, 504)
"""Statuses that may be gone in a moment."""


def new(user_agent: str = "medpipe") -> requests.Session:
    """Return a session that repeats a request after TRANSIENT statuses and lost connections.

    It repeats a request up to 5 times (3 times where no connection could be made), with exponential back-off, and
    follows Retry-After up to a minute.
    """
    http = requests.Session()
    patience = Retry(
        total=5,
        connect=3,
        backoff_factor=0.5,
        status_forcelist=TRANSIENT,
        allowed_methods=("GET", "POST"),
        respect_retry_after_header=True,
        retry_after_max=60,
        raise_on_status=False,
    )
    http.mount("http://", HTTPAdapter(max_retries=patience))
    http.mount("https://", HTTPAdapter(max_retries=patience))
    http.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
    return http


def text(http: requests.Session, url: str) -> str:
    """Return a page's text. Raises SourceError for any status but 200."""
    return ask(http, url).text


def ask(
    http: requests.Session, url: str, where: str = "", arguments: Mapping[str, str] | None = None
) -> requests.Response:
    """Return a whole answer to a GET, which is tried three times when it breaks off.

    Raises SourceError for any status but 200, and when no whole answer comes.

    Args:
        http: the session.
        url: the address.
        where: the address as messages name it; "" is `url` itself.
        arguments: the query's parameters.
    """
    name = where or url
    patient = retry.retrying(retry.ATTEMPTS, _broke_off, lambda error: f"{name}: broke off ({type(error).__name__})")
    try:
        answer = patient(http.get, url, params=arguments, timeout=TIMEOUT)
    except requests.RequestException as error:
        raise no_answer(name, error) from error
    demand_ok(answer, name)
    return answer


def demand_ok(answer: requests.Response, where: str) -> None:
    """Raise SourceError, naming `where`, for any status but 200."""
    if answer.status_code != 200:
        hint = "try again later" if answer.status_code in TRANSIENT else "check the address"
        raise SourceError(f"{where}: HTTP {answer.status_code}; {hint}.")


def no_answer(where: str, error: Exception) -> SourceError:
    """Return the error for a server that does not answer."""
    return SourceError(f"{where}: no answer ({type(error).__name__}); check the address and the network.")


def nlm_day(answer: requests.Response) -> date:
    """Return NLM's day (US Eastern) on which an answer was sent; the far future when its Date header is missing."""
    try:
        sent = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return date.max
    return eastern_day(sent if sent.tzinfo else sent.replace(tzinfo=UTC))


def _broke_off(error: BaseException) -> bool:
    """Return whether an answer ended early. Without any connection, the session itself has tried often enough."""
    if not isinstance(error, requests.exceptions.ChunkedEncodingError | requests.ConnectionError):
        return False
    return not isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)
