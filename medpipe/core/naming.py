"""Names of adapters in the engine, and names of configuration files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from medpipe.errors import UsageError

EVALUATION_PREFIX = "eval-"
"""First part of an adapter's name during an evaluation. It is unloaded afterwards and no route points at it."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_VERSION_NAME = re.compile(r"(.+)-v[0-9]+-[0-9a-f]{6}(?:-[0-9]+)?")
_EVALUATION_TIME = re.compile(r".+-t([0-9a-f]{1,16})")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def version_name(number: int, digest: str, model: str = "medqa") -> str:
    """Return the name of a registered version and of its adapter in the engine, such as ``medqa-v17-1f3c9a``.

    `number` counts from 1. `digest` is a hex digest or an ``adapter/…`` ref; its first six digits are kept. Raises
    UsageError when the parts cannot make a name that is safe in URLs, shells and file names.
    """
    digits = digest.rsplit("/", 1)[-1][:6]
    name = f"{model}-v{number}-{digits}"
    if number < 1 or not re.fullmatch(r"[0-9a-f]{6}", digits) or not _NAME.fullmatch(name):
        raise UsageError(
            f"cannot name version {number} of model {model!r} with digest {digest!r}: a name has at most 100 small "
            "letters, digits, '.', '_' and '-' (MEDPIPE_MODEL_NAME sets the model's name)"
        )
    return name


def file_name(name: str, kind: str) -> str:
    """Return `name` if it can be the stem of a file in the folder of its kind (recipe, benchmark, suite).

    Raises UsageError for anything that could leave the folder or hide in it: `../secrets`, `/etc/passwd`,
    `a/../b`, `.hidden`, control characters, more than 100 characters. Call it before the file system is asked.
    """
    if not _FILE_NAME.fullmatch(name):
        raise UsageError(
            f"{shortened(name)} cannot be the name of a {kind}: a name has at most 100 letters, digits, '.', '_' and "
            "'-', and starts with a letter or a digit"
        )
    return name


def shortened(value: object, limit: int = 80) -> str:
    """Return the `repr` of a value that a user typed, cut to `limit` characters for a message."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def evaluation_name(adapter: str, nonce: str = "") -> str:
    """Return the name of an adapter while it is evaluated. `nonce` distinguishes evaluations of one adapter."""
    name = f"{EVALUATION_PREFIX}{adapter.rsplit('/', 1)[-1][:16]}"
    return f"{name}-{nonce}" if nonce else name


def is_evaluation(name: str) -> bool:
    """Return whether an adapter of this name was loaded for an evaluation only."""
    return name.startswith(EVALUATION_PREFIX)


def timed(name: str, nonce: str, seconds: float) -> str:
    """Return the name of an evaluation's adapter for one loading. `seconds`: the moment, since 1970-01-01 UTC."""
    return f"{name}-{nonce}-t{int(seconds):x}"


def loaded_at(name: str) -> float | None:
    """Return the moment in a name that `timed` made, in seconds; None for any other name."""
    moment = _EVALUATION_TIME.fullmatch(name) if is_evaluation(name) else None
    return float(int(moment[1], 16)) if moment else None


def same_model(name: str, version: str) -> bool:
    """Return whether `name` is that of an adapter of a version of the same model as the version named `version`.

    A name that `version_name` did not make belongs to no model.
    """
    models = [match[1] if (match := _VERSION_NAME.fullmatch(text)) else None for text in (name, version)]
    return models[0] is not None and models[0] == models[1]


def candidates(name: str) -> Iterator[str]:
    """Yield `name`, then ``name-2``, ``name-3`` and so on: the names to try when earlier ones were used before."""
    yield name
    yield from (f"{name}-{number}" for number in count(2))
