"""A file has one day and one time, whether a page or a mirror of it lists the file."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests

from medpipe.sources.transport import listing, session

NAME = "pubmed26n1336.xml.gz"


@pytest.mark.parametrize(
    ("moment", "day", "time"),
    [
        (datetime(2026, 3, 3, 19, 5, tzinfo=UTC), date(2026, 3, 3), "14:05"),
        (datetime(2026, 3, 4, 4, 30, tzinfo=UTC), date(2026, 3, 3), "23:30"),
        (datetime(2026, 3, 4, 5, 0, tzinfo=UTC), date(2026, 3, 4), "00:00"),
    ],
)
def test_a_mirror_gives_a_file_the_day_and_time_that_nlms_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: datetime, day: date, time: str
) -> None:
    (tmp_path / NAME).touch()
    os.utime(tmp_path / NAME, (moment.timestamp(),) * 2)
    page = f'<a href="{NAME}">{NAME}</a>  {day} {time}  1.2M'
    monkeypatch.setattr(session, "text", lambda http, url: page)
    (shown,), (mirrored,) = listing.of_page(requests.Session(), "http://nlm"), listing.of_folder(tmp_path)
    assert (shown.day, shown.time) == (mirrored.day, mirrored.time) == (day, f"{day} {time}")
