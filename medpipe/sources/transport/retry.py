"""Retries after errors that may be temporary: tenacity with medpipe's waiting times and log lines."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_incrementing

log = logging.getLogger(__name__)

TWICE = 2
"""Attempts at what a server answered whole but wrong."""
ATTEMPTS = 3
"""Attempts at what broke off on the way."""


def retrying(
    attempts: int, passing: Callable[[BaseException], bool], describe: Callable[[BaseException], str], pause: float = 0
) -> Retrying:
    """Return a caller, `retrying(…)(function, *arguments)`, that tries again after errors that may pass.

    The last error is raised as it is; an error that will not pass is raised at once.

    Args:
        attempts: how often the function is called at most.
        passing: whether another attempt may help after an error.
        describe: the error as one line of the log.
        pause: seconds before the second attempt; each later pause is longer by as much.
    """

    def warn(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None:
            log.warning("%s, attempt %d of %d", describe(error), state.attempt_number, attempts)

    return Retrying(
        stop=stop_after_attempt(attempts),
        retry=retry_if_exception(passing),
        wait=wait_incrementing(start=pause, increment=pause),
        before_sleep=warn,
        reraise=True,
    )


def is_a(*kinds: type[BaseException]) -> Callable[[BaseException], bool]:
    """Return a test for errors of these kinds."""
    return lambda error: isinstance(error, kinds)
