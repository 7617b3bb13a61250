"""Which extra of the package brings a module that this environment lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires

from medpipe.errors import UsageError

DISTRIBUTION = "medpipe-llm"
"""The name on the index; `medpipe` there is another project."""

_REQUIREMENT = re.compile(r"""^([\w.-]+).*;.*\bextra\s*==\s*["']([\w-]+)["']""")


def lacking(error: ModuleNotFoundError, requirements: Iterable[str] | None = None) -> UsageError | None:
    """Return the error that names the extra to install, or None when no extra brings the missing module.

    `requirements`: lines of `Requires-Dist` (PEP 508); by default those of the installed distribution.
    """
    module = (error.name or "").partition(".")[0]
    lines = _installed_requirements() if requirements is None else requirements
    matches = [match for line in lines if (match := _REQUIREMENT.match(line))]
    extras = sorted({match[2] for match in matches if _normal(match[1]) == _normal(module)} - {"dev"})
    if not extras:
        return None
    return UsageError(f"this needs the package {module!r}: pip install '{DISTRIBUTION}[{extras[0]}]', then try again")


def _installed_requirements() -> list[str]:
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def _normal(name: str) -> str:
    """Return a project's or a module's name in its normalised spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
