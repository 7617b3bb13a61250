"""Import modules as if only some distributions (and what they need) were installed.

python blocker.py dist,dist,… module module …
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import MetaPathFinder
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def closure(names: list[str]) -> set[str]:
    """The distributions and everything that they require here, without extras that are not named."""
    found: set[str] = set()
    waiting = [(canonicalize_name(name), frozenset[str]()) for name in names]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        found.add(name)
        for line in lines:
            wanted = Requirement(line)
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
    return found


class Blocker(MetaPathFinder):
    """Refuses every top-level module that only other distributions provide."""

    def __init__(self, allowed: set[str]) -> None:
        self.refused = {
            module
            for module, owners in packages_distributions().items()
            if not {canonicalize_name(owner) for owner in owners} & (allowed | {"medpipe-llm"})
        }

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"{name} is not brought by this extra", name=name)


if __name__ == "__main__":
    blocker = Blocker(closure(sys.argv[1].split(",")))
    for loaded in [name for name in sys.modules if name.partition(".")[0] in blocker.refused]:
        del sys.modules[loaded]
    sys.meta_path.insert(0, blocker)
    for module in sys.argv[2:]:
        importlib.import_module(module)
    print(f"blocked {len(blocker.refused)} modules; imported {len(sys.argv) - 2}")
