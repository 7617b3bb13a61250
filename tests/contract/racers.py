"""Runs a function in several processes at the same moment."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any


def race(contest: Callable[..., Any], *arguments: Any, racers: int = 2) -> list[Any]:
    """Return the result of `contest(ready, number, *arguments)` in each process; `ready()` waits for the others."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(racers), context.Queue()
    processes = [
        context.Process(target=_run, args=(contest, barrier, results, number, arguments)) for number in range(racers)
    ]
    for process in processes:
        process.start()
    by_number = dict(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join(30)
    failed = [value for value in by_number.values() if isinstance(value, str) and value.startswith("raised ")]
    assert not failed, failed
    return [by_number[number] for number in range(racers)]


def _run(contest: Callable[..., Any], barrier: Any, results: Any, number: int, arguments: tuple[Any, ...]) -> None:
    try:
        results.put((number, contest(barrier.wait, number, *arguments)))
    except Exception as error:
        barrier.abort()
        results.put((number, f"raised {error!r}"))
