"""Names of adapters in the engine: unique, readable, never reused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

EVALUATION_PREFIX = "eval-"
"""First part of the names of adapters that serve one evaluation. They are unloaded after it; no route uses them."""

_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,99}$")


def version_name(number: int, digest: str, model: str = "medqa") -> str:
    """Return the name of a registered version and of its adapter in the engine, such as ``medqa-v17-1f3c9a``.

    `number`: from 1. `digest`: a hex digest or an ``adapter/…`` ref; its first six digits are kept. Raises
    ValueError when the parts cannot make a name that is safe in URLs, shells and file names.
    """
    digits = digest.rsplit("/", 1)[-1][:6]
    name = f"{model}-v{number}-{digits}"
    if number < 1 or not re.fullmatch(r"[0-9a-f]{6}", digits) or not _NAME.match(name):
        raise ValueError(f"cannot name version {number} of model {model!r} with digest {digest!r}")
    return name


def evaluation_name(adapter: str, nonce: str = "") -> str:
    """Return the name of an adapter while it is evaluated. `nonce` distinguishes evaluations of one adapter."""
    name = f"{EVALUATION_PREFIX}{adapter.rsplit('/', 1)[-1][:16]}"
    return f"{name}-{nonce}" if nonce else name


def is_evaluation(name: str) -> bool:
    """Return whether an adapter of this name was loaded for an evaluation only."""
    return name.startswith(EVALUATION_PREFIX)


def candidates(name: str) -> Iterator[str]:
    """Yield `name`, then ``name-2``, ``name-3`` and so on: the names to try when earlier ones were used before."""
    yield name
    yield from (f"{name}-{number}" for number in count(2))
