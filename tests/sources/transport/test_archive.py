"""Files as they are published: plain, gzipped and zipped; damaged ones and bombs are named."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from medpipe.errors import SourceError
from medpipe.sources.transport import archive

XML = b"<health-topics>" + b"x" * 5000 + b"</health-topics>"


def _zipped(*names: str, content: bytes = XML) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def _read(path: Path, content: bytes, limit: int = archive.LIMIT) -> bytes:
    path.write_bytes(content)
    with archive.opened(path, limit) as stream:
        return stream.read()


def _without_bytes(value: object) -> str:
    """Return the part of a test's id. Compressed content has a time stamp, and each worker of xdist has its own."""
    return value if isinstance(value, str) else "content"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xml", XML), ("a.xml.gz", gzip.compress(XML)), ("a.zip", _zipped("a.xml", "readme.txt"))],
    ids=_without_bytes,
)
def test_a_file_is_unpacked_while_it_is_read(name: str, content: bytes, tmp_path: Path) -> None:
    assert _read(tmp_path / name, content) == XML


def _damaged() -> bytes:
    content = bytearray(_zipped("a.xml"))
    content[45] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>try later</html>", "a.zip: not a whole zip file"),
        (_zipped("a.xml")[:-40], "a.zip: not a whole zip file"),
        (_zipped("a.xml", "b.xml"), "a.zip: has 2 XML files"),
        (_zipped("a.txt"), "a.zip: has 0 XML files"),
        (_damaged(), "a.zip: damaged"),
    ],
    ids=_without_bytes,
)
def test_a_bad_zip_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        _read(tmp_path / "a.zip", content)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.zip", _zipped("a.xml", content=bytes(1 << 20))), ("a.xml.gz", gzip.compress(bytes(1 << 20)))],
    ids=_without_bytes,
)
def test_a_bomb_is_not_unpacked_beyond_the_limit(name: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=rf"{name}: unpacks to more than 100000 bytes"):
        _read(tmp_path / name, content, limit=100_000)
