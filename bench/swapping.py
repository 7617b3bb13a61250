"""The adapter swap under traffic, as the last `make demo` measured it."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

NAME = "swap"
REPORT = Path(__file__).resolve().parent.parent / "var" / "demo" / "report.json"


def measure(options: Namespace) -> dict[str, Any] | None:
    """Return the seconds of the swap and the requests that failed during it; None if no demo has run."""
    if not REPORT.is_file():
        return None
    swap = json.loads(REPORT.read_text(encoding="utf-8"))["swap"]
    return {key: swap[key] for key in ("seconds", "failed_requests", "total_requests")}


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    return [
        f"| swap the served adapter under traffic | {figures['seconds']} s, {figures['failed_requests']} of "
        f"{figures['total_requests']} requests failed |"
    ]
