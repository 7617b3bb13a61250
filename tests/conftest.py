"""Shared by all tests: their categories, and that no test reads a MEDPIPE_ variable of its shell or reaches a hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.places import ROOT

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")


INTEGRATION = ("contract", "dags", "e2e", "sandbox", "serving", "train")
"""Folders of integration tests. A file elsewhere that runs several parts together says so by its marker."""
UNIT = "not integration"


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples of each law in a run of the unit tests."""
    settings.load_profile("quick" if config.getoption("markexpr") == UNIT else "patient")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the folders of integration tests out of a run of the unit tests: importing Airflow and torch takes long."""
    skipped = config.getoption("markexpr") == UNIT and collection_path.name in INTEGRATION
    return True if skipped and collection_path.parent == ROOT / "tests" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the integration tests, and put the files with the longest time limits first.

    Under `--dist loadfile` a long file that begins last leaves the other worker without work.
    """
    limits: dict[Path, float] = {}
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in INTEGRATION or item.get_closest_marker("slow"):
            item.add_marker("integration")
        limit = item.get_closest_marker("timeout")
        limits[item.path] = max(limits.get(item.path, 0), limit.args[0] if limit else 0)
    items.sort(key=lambda item: -limits[item.path])


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as shell:
        for name in [name for name in os.environ if name.startswith("MEDPIPE_")]:
            shell.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _databases_begin_migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from medpipe.backends.sql import database
    from tests.migrated import migrate_from

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database, "migrate", migrate_from(tmp_path_factory.mktemp("migrated") / "medpipe.db"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _equal_policies_are_compiled_once() -> Iterator[None]:
    """Policies are frozen values, and compiling one takes longer than many a test that reads it."""
    from medpipe.core.safety.patterns import Book

    compile_anew, known = Book.__dict__["of"].__func__, dict[tuple[type[Book], str], Book]()

    def of(kind: type[Book], values: object) -> Book:
        key = (kind, repr(values))
        if key not in known:
            known[key] = compile_anew(kind, values)
        return known[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Book, "of", classmethod(of))
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_waits_for_the_disk() -> Iterator[None]:
    """Tests kill processes and not the machine, so what a process wrote is there without being flushed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda descriptor: None)
        yield


# On a busy machine a slow example is not a fault of the code.
settings.register_profile("patient", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=30)
