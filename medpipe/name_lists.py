"""Given names and family names of many countries, from the package Faker (MIT).

Faker makes test data of them. Names in other scripts than the Latin one are left out.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import NamedTuple

from medpipe.core.safety.people import folded

_SHORTEST = 3
"""Letters. Shorter names are words of grammar in some language."""


class NameLists(NamedTuple):
    """Names in lower case without accents."""

    given: frozenset[str]
    family: frozenset[str]
    countries: frozenset[str]


@lru_cache
def name_lists() -> NameLists:
    """Return the names; none where the package is not installed."""
    try:
        from faker.providers import person
        from faker.providers.address import en_US, fr_FR
    except ModuleNotFoundError:
        return NameLists(frozenset(), frozenset(), frozenset())
    providers = [
        import_module(f"{person.__name__}.{module.name}").Provider for module in pkgutil.iter_modules(person.__path__)
    ]
    countries = (*en_US.Provider.countries, *fr_FR.Provider.countries)
    return NameLists(_of(providers, "first"), _of(providers, "last"), frozenset(map(folded, countries)))


def _of(providers: list[type], which: str) -> frozenset[str]:
    return frozenset(
        folded(name)
        for provider in providers
        for attribute in dir(provider)
        if attribute.startswith(which)
        for name in _names(getattr(provider, attribute))
        if len(name) >= _SHORTEST and name[0].isalpha() and name.isprintable() and max(name) < "Ɐ"
    )


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict | tuple | list):
        yield from (name for name in value if isinstance(name, str) and "{" not in name)
