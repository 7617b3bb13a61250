"""The official test of a set, from the authors' list, from test files and from rows that are marked.

None of them becomes a document. They are read so that the same items are recognised when another source delivers them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medpipe.core.corpus.document import Section
from medpipe.core.teaching.facts import LABELS
from medpipe.core.teaching.official_tests import SHORTEST, OfficialTest
from medpipe.core.teaching.options import with_options
from medpipe.errors import SourceError
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import BadRow, Row
from medpipe.sources.curated.sets import MARK, TEST, CuratedSet


def official_test(chosen: CuratedSet, folder: Path | None) -> OfficialTest:
    """Return the test items of a set that `folder` (the set's own) knows.

    Raises SourceError when the folder says of no item that it belongs to the test, and for a row that cannot be read:
    what is not known cannot be kept out.
    """
    keys = set(chosen.tested(folder)) if chosen.tested and folder and folder.is_dir() else set()
    texts = dict[str, None]()
    for place, row, by_name in _rows(chosen, folder):
        entry = _read(chosen, place, row)
        if entry is None or not (by_name or row.get(MARK) or entry[0] in keys):
            continue
        keys.add(entry[0])
        texts.update(dict.fromkeys(text for section in entry[1] for text in _texts(section)))
    if not keys:
        raise SourceError(
            f"{folder or f'MEDPIPE_CURATED/{chosen.name}'}: nothing says which items of {chosen.name} belong to its "
            f"official test, so none can be kept out of training. Put the authors' list or test file there"
            f"{f' ({chosen.home})' if chosen.home else ''}."
        )
    prefixes = (chosen.name, *chosen.doors)
    return OfficialTest(
        chosen.name, frozenset(f"{prefix}:{'_'.join(key.split())}" for prefix in prefixes for key in keys), tuple(texts)
    )


def _rows(chosen: CuratedSet, folder: Path | None) -> Iterator[tuple[str, Row, bool]]:
    """Yield (place, row, whether its file is a test file by its name) of every data file."""
    if folder is None or not folder.is_dir():
        return
    read, left_out = files.data_files(folder, chosen.kinds, chosen.leave_out)
    for path in (*read, *left_out):
        by_name = TEST.search(path.relative_to(folder).as_posix()) is not None
        if path.name == chosen.list_of_tested or not (by_name or chosen.tested):
            continue
        for place, row in chosen.rows(path):
            yield place, row, by_name


def _read(chosen: CuratedSet, place: str, row: Row) -> tuple[str, tuple[Section, ...]] | None:
    try:
        if isinstance(row, BadRow):
            raise row
        entry = chosen.read({name: value for name, value in row.items() if name != MARK}).entry
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SourceError(
            f"{place}: cannot be read ({type(error).__name__}), so it cannot be kept out of training; correct it."
        ) from error
    return (entry.key, entry.sections) if entry else None


def _texts(section: Section) -> Iterator[str]:
    yield section.heading
    if section.choices and frozenset(map(str.casefold, section.choices)) not in LABELS:
        yield with_options(section.heading, section.choices)
    yield from (text for text in (section.text, section.context) if len(text.split()) >= SHORTEST)
