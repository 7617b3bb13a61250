"""A base so small that a test can train on it. It is made once and kept under var/test-cache."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("trl", reason="the extra `train` is not installed")

from medpipe.sandbox.tiny_base import Pretraining, make_tiny_base
from tests.places import ROOT

CACHE = ROOT / "var" / "test-cache"
SMALL = Pretraining(topics=40, articles=6, steps=120, batch=16, hidden=128, layers=2, vocabulary=500)


@pytest.fixture(scope="session")
def tiny_base() -> Path:
    """Return a models folder (MEDPIPE_MODELS) with a small base under the sandbox's name."""
    make_tiny_base(CACHE / "models", seed=3, threads=1, pretraining=SMALL)
    return CACHE / "models"
