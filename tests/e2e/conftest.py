"""One run of the demo, as a new user starts it, for every test of the whole system."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demo's state."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="session")
def results(var: Path) -> dict[str, Any]:
    """Run `make demo ARGS=--exit`; return its report."""
    done = subprocess.run(
        [sys.executable, "-m", "medpipe.sandbox.demo", "--exit", "--var", str(var)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    report: dict[str, Any] = json.loads((var / "report.json").read_text())
    return report
