"""Shared by all tests: no test reads a MEDPIPE_ variable of the shell that it runs in, or reaches a hub."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")


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


settings.register_profile("patient", deadline=None)  # on a busy machine a slow example is not a fault of the code
settings.load_profile("patient")
