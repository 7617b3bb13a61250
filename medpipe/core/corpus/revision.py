"""The day in a revision: every revision begins with YYYYMMDD, and PubMed's have six more digits."""

from __future__ import annotations

from datetime import date


def posted(revision: int) -> date | None:
    """Return the day with which a revision begins; None for one that does not begin with a day."""
    try:
        return date.fromisoformat(str(revision)[:8])
    except ValueError:
        return None


def on_day(day: date, number: int = 0) -> int:
    """Return the revision of what was posted on a day, on PubMed's scale. `number`: its last six digits."""
    return int(day.strftime("%Y%m%d")) * 1_000_000 + number
