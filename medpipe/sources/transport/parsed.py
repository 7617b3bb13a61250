"""Documents of a file that was read before: the same bytes are not parsed twice."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import ModuleType

from medpipe.core.corpus import document
from medpipe.core.corpus.document import Document

log = logging.getLogger(__name__)

_HOUR = 3600
_KEPT = 6
"""Readings that are kept; older ones are removed."""


def once(
    path: Path, cache: Path, reader: Sequence[ModuleType], revision: int, parse: Callable[[], Iterable[Document]]
) -> list[Document]:
    """The documents of `path`: from `cache`, when these bytes were read as this revision by the same code.

    `reader` are the modules that decide what a document looks like. A cache that cannot be written is left
    alone. Raises what `parse` raises; nothing is kept then.
    """
    kept = cache / f"{_key(path, reader, revision)}.jsonl"
    if kept.exists():
        found = list(_read(kept))
        log.info("%s: %d documents, read before", path.name, len(found))
        return found
    found = list(parse())
    try:
        _write(found, kept)
    except OSError as error:
        log.warning("%s: %s; the file will be read again next time", kept.parent, error.strerror)
    return found


def _key(path: Path, reader: Sequence[ModuleType], revision: int) -> str:
    digest = hashlib.sha256(str(revision).encode())
    for source in (path, *(Path(str(module.__file__)) for module in (document, *reader))):
        with source.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:24]


def _read(kept: Path) -> Iterator[Document]:
    with kept.open(encoding="utf-8") as lines:
        yield from map(Document.model_validate_json, lines)


def _write(found: Iterable[Document], kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=kept.parent, suffix=".part", delete=False, encoding="utf-8") as stream:
        try:
            stream.writelines(f"{one.model_dump_json()}\n" for one in found)
            stream.close()
            Path(stream.name).replace(kept)
        finally:
            Path(stream.name).unlink(missing_ok=True)
    for left in kept.parent.glob("*.part"):  # of a process that was killed
        if left.stat().st_mtime < kept.stat().st_mtime - _HOUR:
            left.unlink(missing_ok=True)
    for old in sorted(kept.parent.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)
