"""A cache of documents: the same bytes are not parsed twice."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import ModuleType

from pydantic import TypeAdapter

from medpipe.core import sources
from medpipe.core.corpus import document
from medpipe.core.corpus.bad_record import Received

log = logging.getLogger(__name__)

_HOUR = 3600
"""Seconds after which an unfinished file is taken for a killed process's."""
_KEPT = 6
"""Files whose documents are kept; older ones are removed."""
_RECEIVED: TypeAdapter[Received] = TypeAdapter(Received)


def documents_of(
    path: Path, cache: Path, readers: Sequence[ModuleType], revision: int, parse: Callable[[], Iterable[Received]]
) -> list[Received]:
    """Return the documents and bad records of a file.

    They come from the cache if the same code read the same bytes as this revision before. A cache that cannot be
    written is left alone. Raises what `parse` raises; nothing is kept then.

    Args:
        path: the file.
        cache: the folder of the cache.
        readers: the modules whose code decides what a document looks like.
        revision: the revision that the documents get.
        parse: reads the file.
    """
    kept = cache / f"{_key(path, readers, revision)}.jsonl"
    if kept.exists():
        documents = list(_read(kept))
        log.info("%s: %d documents, read before", path.name, len(documents))
        return documents
    documents = list(parse())
    try:
        _write(documents, kept)
    except OSError as error:
        log.warning("%s: %s; the file will be read again next time", kept.parent, error.strerror)
    return documents


def _key(path: Path, readers: Sequence[ModuleType], revision: int) -> str:
    """Return a digest of the revision, the file and the code; licences come from the table of sources."""
    digest = hashlib.sha256(str(revision).encode())
    for file in (path, *(Path(str(module.__file__)) for module in (document, sources, *readers))):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:24]


def _read(kept: Path) -> Iterator[Received]:
    with kept.open(encoding="utf-8") as lines:
        yield from map(_RECEIVED.validate_json, lines)


def _write(documents: Iterable[Received], kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=kept.parent, suffix=".part", delete=False, encoding="utf-8") as stream:
        try:
            stream.writelines(f"{document.model_dump_json()}\n" for document in documents)
            stream.close()
            Path(stream.name).replace(kept)
        finally:
            Path(stream.name).unlink(missing_ok=True)
    _clean(kept)


def _clean(newest: Path) -> None:
    """Remove what killed processes left beside the newest file, and all but the `_KEPT` newest files."""
    for unfinished in newest.parent.glob("*.part"):
        if unfinished.stat().st_mtime < newest.stat().st_mtime - _HOUR:
            unfinished.unlink(missing_ok=True)
    for old in sorted(newest.parent.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)
