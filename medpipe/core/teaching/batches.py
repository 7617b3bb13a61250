"""How the rows of one step are shared among processes: a step has the same rows, however many processes train."""

from __future__ import annotations

import math

from medpipe.errors import ConfigError


def shared(rows: int, times: int, processes: int) -> tuple[int, int]:
    """Return how many rows each of some processes reads at once, and how many times for one step.

    `rows`, `times`: what one process would do (`per_device_train_batch_size`, `gradient_accumulation_steps`). The
    product of rows, times and processes stays. `times` is divided first: the rows that are read together are then
    those that one process reads together. Raises ConfigError where the product cannot be divided.
    """
    fewer_times = math.gcd(times, processes)
    fewer_rows = processes // fewer_times
    if rows % fewer_rows:
        raise ConfigError(
            f"{rows} rows (per_device_train_batch_size) {times} times (gradient_accumulation_steps) cannot be shared "
            f"equally among {processes} processes, and a step must have the same rows however many there are: set "
            "MEDPIPE_PROCESSES to a number that divides them, or change them"
        )
    return rows // fewer_rows, times // fewer_times
