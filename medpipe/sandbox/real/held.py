"""A model that the gates held, in the engine alone, so that somebody can still read what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from medpipe import wiring
from medpipe.core import naming
from medpipe.core.refs import AdapterRef
from medpipe.settings import Settings

UNPROMOTED = "unpromoted"
"""The name under which the engine has it. No route leads there."""


@contextmanager
def in_the_engine(adapter: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Load an adapter for as long as the block runs, and give its name there. Raises EngineError if it does not load.

    `environment`: a verb's. Nothing is deployed: the ledger, the registry and the route do not change.
    """
    where = {name: environment[f"MEDPIPE_{name.upper()}"] for name in ("home", "models", "engine_url")}
    ports = wiring.ports(
        Settings(home=Path(where["home"]), models=Path(where["models"]), engine_url=where["engine_url"])
    )
    engine = ports.engine
    name = next(name for name in naming.candidates(UNPROMOTED) if name not in engine.loaded())
    engine.load(name, ports.store.folder(AdapterRef(adapter)))
    try:
        yield name
    finally:
        engine.unload(name)
