"""Downloads: whole or not at all, only what has changed, and the next run completes whatever happened to this one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from medpipe.errors import SourceError
from medpipe.sources.transport import download, session
from tests.sources.transport.web import Web, serving

PULL = (
    "import resource, sys; from pathlib import Path; from medpipe.sources.transport import download, session\n"
    "limit = int(sys.argv[3])\n"
    "if limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
    "print(download.download(session.new(), sys.argv[1], Path(sys.argv[2])))\n"
)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


def _download(web: Web, cache: Path) -> Path:
    with session.new() as http:
        return download.download(http, f"{web.url}/xml/file.xml", cache)


def _process(web: Web, cache: Path, limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PULL, f"{web.url}/xml/file.xml", str(cache), str(limit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_file_that_has_not_changed_is_not_sent_again(web: Web, tmp_path: Path) -> None:
    web.body = b"one"
    assert _download(web, tmp_path).read_bytes() == b"one"
    assert _download(web, tmp_path).read_bytes() == b"one"
    web.body, web.etag = b"two", '"2"'
    assert _download(web, tmp_path).read_bytes() == b"two"
    assert web.asked == [200, 304, 200]


def test_an_index_page_that_has_not_changed_is_not_sent_again(web: Web, tmp_path: Path) -> None:
    web.body = "<a href='x'>año</a>".encode()
    with session.new() as http:
        pages = [download.page(http, f"{web.url}/xml.html", tmp_path) for _ in range(2)]
    assert pages == ["<a href='x'>año</a>"] * 2 and web.asked == [200, 304]


def test_a_file_is_as_old_as_its_posting(web: Web, tmp_path: Path) -> None:
    path = _download(web, tmp_path)
    assert datetime.fromtimestamp(path.stat().st_mtime, UTC).date() == date(2026, 3, 3)


def test_without_an_etag_or_with_damaged_marks_a_file_is_sent_again(web: Web, tmp_path: Path) -> None:
    web.body = b"one"
    path = _download(web, tmp_path)
    path.with_name("file.xml.http").write_text('{"If-None-')
    assert _download(web, tmp_path).read_bytes() == b"one"
    assert web.asked == [200, 200]


def test_a_forgotten_file_is_sent_again(web: Web, tmp_path: Path) -> None:
    download.forget(_download(web, tmp_path))
    _download(web, tmp_path)
    assert web.asked == [200, 200]


def test_an_empty_file_is_a_whole_file(web: Web, tmp_path: Path) -> None:
    assert _download(web, tmp_path).read_bytes() == b""


def test_a_server_that_drips_is_given_up_and_named(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.2)
    web.body, web.piece, web.pause = bytes(10_000), 10, 0.05
    with pytest.raises(SourceError, match=r"/xml/file\.xml: broke off 3 times \(\d+ bytes in \d+ seconds\)"):
        _download(web, tmp_path)
    assert not list(tmp_path.rglob("file.xml*"))


def test_a_download_that_never_ends_is_given_up_and_leaves_nothing(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "LARGEST", 1000)
    web.body = bytes(10_000)
    with pytest.raises(SourceError, match=r"/xml/file\.xml: more than 1000 bytes"):
        _download(web, tmp_path)
    assert not list(tmp_path.rglob("file.xml*"))


def test_a_full_disk_is_named_and_leaves_nothing_and_the_next_run_completes(web: Web, tmp_path: Path) -> None:
    web.body = bytes(300_000)
    full = _process(web, tmp_path, limit=100_000)
    _, errors = full.communicate(timeout=60)
    assert full.returncode == 1 and "/xml/file.xml: cannot be kept in" in errors and "make room" in errors
    assert not list(tmp_path.rglob("file.xml*"))
    assert _download(web, tmp_path).stat().st_size == 300_000


def test_a_process_that_is_killed_leaves_no_file_and_the_next_run_completes(web: Web, tmp_path: Path) -> None:
    web.body, web.piece, web.pause = bytes(3_000_000), 100_000, 0.1
    killed = _process(web, tmp_path)
    while not list(tmp_path.rglob("file.xml.part")):
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert not list(tmp_path.rglob("file.xml"))
    web.pause = 0.0
    assert _download(web, tmp_path).stat().st_size == 3_000_000
    assert not list(tmp_path.rglob("*.part"))


def test_two_processes_that_want_a_file_download_it_once(web: Web, tmp_path: Path) -> None:
    web.body, web.piece, web.pause = bytes(500_000), 100_000, 0.1
    both = [_process(web, tmp_path) for _ in range(2)]
    assert len({process.communicate(timeout=60)[0] for process in both}) == 1
    assert sorted(web.asked) == [200, 304]
