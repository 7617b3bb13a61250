"""Published benchmarks from the folder that MEDPIPE_BENCHMARKS_DATA names, one folder each.

Where a folder has files that are a test by their name, only these are asked; else all of its files are. Of PubMedQA,
the authors' list or a column says which questions are the test's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.published import Published
from medpipe.errors import NotFound, SourceError
from medpipe.sources.curated import asked, files
from medpipe.sources.curated.asked import Item
from medpipe.sources.curated.entry import BadRow, Row
from medpipe.sources.curated.sets import MARK, SETS, TEST

_FAULTS = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What a reader raises for a row that is not a record of its format."""


class Format(NamedTuple):
    """How the files of one benchmark are read.

    Attributes:
        name: the benchmark's name and that of its folder.
        home: the address where it is published; "" where it has none.
        read: turns a row into a question.
        rows: reads the rows of one file.
        doors: prefixes of the sources that may deliver the same records under the same key.
        tested: reads the keys of the official test from the authors' list. A format that has this asks no other row.
        list_of_tested: the name of that list.
    """

    name: str
    home: str
    read: Callable[[Row], Item]
    rows: Callable[[Path], Iterator[files.Placed]] = files.rows
    doors: tuple[str, ...] = ()
    tested: Callable[[Path], frozenset[str]] | None = None
    list_of_tested: str = ""


def _curated(name: str) -> Format:
    """Return the format of a curated set that has choices."""
    chosen = SETS[name]

    def read(row: Row) -> Item:
        return asked.of_reading(chosen.read({column: cell for column, cell in row.items() if column != MARK}))

    return Format(name, chosen.home, read, chosen.rows, (name, *chosen.doors), chosen.tested, chosen.list_of_tested)


_TABLE = (
    *map(_curated, ("medqa", "medmcqa", "pubmedqa", "frenchmedmcqa")),
    Format("mmlu-medical", "https://github.com/hendrycks/test", asked.mmlu, asked.mmlu_rows),
    Format("headqa", "https://github.com/aghie/head-qa", asked.headqa, asked.headqa_rows),
    Format("bioasq", "http://participants-area.bioasq.org", asked.bioasq, asked.bioasq_rows),
    Format("medsafetybench", "https://github.com/AI4LIFE-GROUP/med-safety-bench", asked.medsafetybench),
    Format("healthbench", "https://github.com/openai/simple-evals", asked.healthbench),
    Format("noharm", "https://arxiv.org/abs/2512.01241", asked.points),
    Format("keystone", "", asked.points),
)
FORMATS = {entry.name: entry for entry in _TABLE}
"""Every format by its name."""


def published(name: str, folder: Path | None) -> Published:
    """Return the questions of a benchmark from `folder/<name>`.

    Raises NotFound for a format that does not exist, and SourceError when the folder has no questions, or a record that
    cannot be read: a benchmark is asked whole.
    """
    if name not in FORMATS:
        raise NotFound(f"there is no format {name!r} of benchmarks; there are: {', '.join(FORMATS)}")
    chosen, left_out, samples = FORMATS[name], Counter[str](), dict[str, Sample]()
    place = folder / name if folder else None
    for item in _items(chosen, place):
        if item.left_out:
            left_out[item.left_out] += 1
            continue
        sample = _sample(name, item)
        if sample.id in samples:
            left_out["questions that were given twice were left out"] += 1
            continue
        samples[sample.id] = sample
    if not samples:
        why = "; ".join(f"{reason} ({number})" for reason, number in left_out.items())
        raise SourceError(
            f"{place or f'MEDPIPE_BENCHMARKS_DATA/{name}'}: no question to ask{f': {why}' if why else ''}. Put the "
            f"files of {name} there{f' ({chosen.home})' if chosen.home else ''}, or take {name} out of the recipe's "
            "benchmarks."
        )
    keys = (identity.removeprefix(f"{name}:") for identity in samples)
    documents = frozenset(f"{door}:{'_'.join(key.split())}" for key in keys for door in chosen.doors)
    return Published(name, tuple(samples.values()), documents, dict(left_out))


def _items(chosen: Format, folder: Path | None) -> Iterator[Item]:
    if folder is None or not folder.is_dir():
        return
    keys = chosen.tested(folder) if chosen.tested else frozenset()
    paths, _ = files.data_files(folder, files.KINDS, None)
    tests = [path for path in paths if TEST.search(path.relative_to(folder).as_posix())]
    for path in paths if chosen.tested else tests or paths:
        if path.name == chosen.list_of_tested:
            continue
        for place, row in chosen.rows(path):
            item = _read(chosen, place, row)
            if not chosen.tested or path in tests or item.key in keys or row.get(MARK):
                yield item


def _read(chosen: Format, place: str, row: Row | BadRow) -> Item:
    try:
        if isinstance(row, BadRow):
            raise row
        return chosen.read(row)
    except _FAULTS as error:
        reason = str(error) if isinstance(error, BadRow) else f"{type(error).__name__}: {_column(error)}"
        raise SourceError(f"{place}: not a record of {chosen.name} ({reason}); correct or remove it.") from error


def _column(error: Exception) -> str:
    """Return what is wrong with a record without its texts, which most messages repeat."""
    return f"no {error.args[0]}" if isinstance(error, KeyError) else "its columns have the wrong form"


def _sample(name: str, item: Item) -> Sample:
    return Sample(
        id=f"{name}:{item.key}",
        question=item.question,
        target=item.target,
        cluster=item.key,
        context=item.context,
        choices=item.choices,
        rubric=item.rubric,
    )
