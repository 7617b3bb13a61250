"""Shared by all tests: no test reads a MEDPIPE_ variable of the shell that it runs in, or reaches a hub."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MEDPIPE_")]:
        monkeypatch.delenv(name)


settings.register_profile("patient", deadline=None)  # on a busy machine a slow example is not a fault of the code
settings.load_profile("patient")
