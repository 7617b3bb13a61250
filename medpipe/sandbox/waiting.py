"""Waiting for something outside this process: a server that starts, a DAG that is parsed, a run that appears."""

from __future__ import annotations

from collections.abc import Callable
from operator import not_
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

Value = TypeVar("Value")


def wait_until(condition: Callable[[], Value], patience: float, pause: float = 0.25) -> Value:
    """Call `condition` every `pause` seconds until it returns something true, and return that.

    Raises TimeoutError when that takes longer than `patience` seconds. An error that `condition` raises
    ends the waiting at once.
    """
    polling = Retrying(retry=retry_if_result(not_), wait=wait_fixed(pause), stop=stop_after_delay(patience))
    try:
        return polling(condition)
    except RetryError:
        raise TimeoutError(f"the condition was still false after {patience:.0f} s") from None
