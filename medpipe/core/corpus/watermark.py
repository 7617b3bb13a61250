"""What a corpus has taken of each source, and from where on the next run asks.

A watermark advances by what entered the corpus, and by nothing else. It is kept in the corpus's manifest, so that a
corpus that is restored has the watermark of its own documents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from operator import not_
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.corpus.revision import posted

RECENT = 40
"""Files of which a watermark remembers the mark, the newest by number: about a month of PubMed's update files."""

Span = tuple[int, int]
"""The first and the last of consecutive numbers."""


class PostedFile(NamedTuple):
    """A numbered file that a source publishes, as its listing has it."""

    name: str
    day: date
    """The day on which it was posted."""
    series: str = ""
    """What its number counts in: the year of PubMed's files, in two digits."""
    number: int = 0
    mark: str = ""
    """What the listing says of its posting: a file under the same name with another mark was posted again."""
    baseline: bool = False
    """Whether it is part of a baseline: everything that the source has, posted once a year."""


class Listing(NamedTuple):
    """What a run saw of a series whose update files were posted."""

    day: date
    """The last day on which a run saw them."""
    number: int
    """The highest number."""


class Watermark(BaseModel):
    """What a corpus has taken of one source."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    day: date | None = None
    """The day of the newest revision that entered; None before any did."""
    numbers: dict[str, tuple[Span, ...]] = {}
    """Series → the numbers of the files that entered, as ascending spans."""
    marks: dict[str, str] = {}
    """Name → mark, of the `RECENT` files with the highest numbers."""
    listed: dict[str, Listing] = Field({}, exclude_if=not_)
    """Series → what runs saw of it."""

    def has(self, file: PostedFile) -> bool:
        """Return whether a file entered, in the posting that is listed now."""
        return self.entered(file.series, file.number) and self.marks.get(file.name, file.mark) == file.mark

    def entered(self, series: str, number: int) -> bool:
        """Return whether a file with this number entered, in whatever posting."""
        return any(first <= number <= last for first, last in self.numbers.get(series, ()))

    def missing(self, never_posted: Collection[str] = ()) -> list[str]:
        """Return each number between the first that entered and the last that entered or was seen, as `26n1336`.

        Numbers in `never_posted` are not missing, nor are those of a year before a baseline (its files are numbered
        from 1 on) that has begun to enter: it has what they had.
        """
        begun = max((series for series, spans in self.numbers.items() if spans[0][0] == 1), default="")
        return [
            name
            for series, spans in self.numbers.items()
            if series >= begun
            for number in range(
                spans[0][0], max(spans[-1][1], self.listed.get(series, Listing(date.min, 0)).number) + 1
            )
            if not self.entered(series, number) and (name := _named(series, number)) not in never_posted
        ]

    def asked(self) -> date | None:
        """Return the last day of which it is known what the source had; None before any."""
        days = [*filter(None, [self.day]), *(listing.day for listing in self.listed.values())]
        return max(days, default=None)

    def first(self) -> tuple[str, int]:
        """Return the series and number of the first file that entered; the end of all series before any did."""
        return min(((series, spans[0][0]) for series, spans in self.numbers.items()), default=("~", 0))


class Delivered(NamedTuple):
    """What one pull brought into a corpus."""

    source: str
    start: date
    """The first day that it asked for."""
    newest: int
    """Its highest revision; 0 without documents."""
    files: Sequence[PostedFile]
    whole: bool
    """Whether it has every document of its source, so that what came before it is not missed."""
    listed: Mapping[str, Listing] = {}
    """Series → what the pull saw of it, whether it took that or not."""


def advanced(before: Mapping[str, Watermark], deliveries: Iterable[Delivered]) -> dict[str, Watermark]:
    """Return the watermarks of a corpus that has taken these deliveries too, in whatever order they came.

    A delivery of changes without files that begins after its source's watermark leaves it where it is: what was
    published in between is still to be asked for.
    """
    marks = dict(before)
    for delivery in sorted(deliveries, key=lambda delivery: (delivery.start, delivery.newest)):
        mark = marks.get(delivery.source, Watermark())
        marks[delivery.source] = Watermark(
            day=_day(mark.day, delivery),
            numbers=_numbers(mark.numbers, delivery.files),
            marks=_marks(mark.marks, delivery.files),
            listed=_listed(mark.listed, delivery.listed),
        )
    return marks


def asked_for(mark: Watermark, posted: Sequence[PostedFile], start: date, baseline: bool) -> list[PostedFile]:
    """Return the posted files that a corpus should have, by series and number.

    Without `baseline`, files of a baseline are not among them, nor what was posted before `start` under a number
    below all that entered: nobody asked for it.
    """
    first = mark.first()
    asked = (
        file
        for file in posted
        if baseline or (not file.baseline and (file.day >= start or (file.series, file.number) >= first))
    )
    return sorted(asked, key=lambda file: (file.series, file.number))


def gaps(mark: Watermark, posted: Sequence[PostedFile]) -> list[tuple[str, PostedFile]]:
    """Return each number that is missing among posted update files, as `26n1336`, with the file that follows it.

    A number between the last that entered and the first that is posted is missing too.
    """
    missing = list[tuple[str, PostedFile]]()
    for series in sorted({file.series for file in posted}):
        updates = sorted((file for file in posted if file.series == series and not file.baseline), key=_number)
        basis = max((file.number for file in posted if file.series == series and file.baseline), default=0)
        lowest = updates[0].number if updates else 0
        taken = [min(last, lowest - 1) for first, last in mark.numbers.get(series, ()) if first < lowest]
        numbers = [*(number for number in taken[-1:] if number > basis), *map(_number, updates)]
        following = {file.number: file for file in updates}
        for before, after in pairwise(numbers):
            missing += [
                (_named(series, number), following[after])
                for number in range(before + 1, after)
                if not mark.entered(series, number)
            ]
    return missing


def highest(posted: Iterable[PostedFile]) -> dict[str, int]:
    """Return series → highest number of its posted update files."""
    updates = sorted((file for file in posted if not file.baseline), key=_number)
    return {file.series: file.number for file in updates}


def unknown_ends(
    mark: Watermark, posted: Sequence[PostedFile], days: int, never_posted: Collection[str] = ()
) -> list[tuple[str, PostedFile]]:
    """Return each number of a series that ended and that may be lost, with the first file of the newest series.

    NLM removes a year's update files when it posts the next baseline. Nothing is lost if the corpus has every number
    that a run saw, and a run saw the series at most `days` before the next one began: NLM cuts a baseline weeks before
    it posts it, and the first update files after it repeat what changed since then ("catch-up files" in
    https://www.nlm.nih.gov/bsd/licensee/2015_stats/baseline_doc.html). Otherwise a number is each that was seen and
    did not enter, the one after the last that entered, and the first of a year of which nothing entered. Empty when
    the newest baseline entered, which has what they had. Series before one whose baseline entered, series of which
    update files are posted, and numbers in `never_posted` are left out.
    """
    newest = max((file.series for file in posted), default="")
    ended = [series for series in sorted(mark.numbers) if series < newest]
    if not ended:
        return []
    following = sorted((file for file in posted if file.series == newest), key=_number)
    baseline = max((file.number for file in following if file.baseline), default=following[0].number - 1)
    if all(mark.entered(newest, number) for number in range(1, max(1, baseline) + 1)):
        return []
    first = min(following, key=lambda file: file.day)
    begun = max((series for series in ended if mark.entered(series, 1)), default=ended[0])
    still_posted = {file.series for file in posted if not file.baseline}
    lost = (
        _named(series, number)
        for series in (f"{year:02}" for year in range(int(begun), int(newest)))
        if series not in still_posted
        for number in _lost(mark, series, (series == ended[-1] and first.day - timedelta(days=days)) or date.min)
    )
    return [(name, first) for name in lost if name not in never_posted]


def _lost(mark: Watermark, series: str, looked: date) -> list[int]:
    """Return the numbers of a series that ended which may be lost. `looked`: when a run must have seen it last."""
    spans, seen = mark.numbers.get(series), mark.listed.get(series, Listing(date.min, 0))
    if spans is None:
        return [1]
    missing = [number for number in range(spans[0][0], seen.number + 1) if not mark.entered(series, number)]
    return missing if seen.day >= looked else [*missing, max(seen.number, spans[-1][1]) + 1]


def _named(series: str, number: int) -> str:
    return f"{series}n{number:04}"


def _number(file: PostedFile) -> int:
    return file.number


def _day(before: date | None, delivery: Delivered) -> date | None:
    newest = posted(delivery.newest)
    if newest is None or before is None:
        return before or newest
    missed = not (delivery.whole or delivery.files) and delivery.start > before + timedelta(days=1)
    return before if missed else max(before, newest)


def _listed(before: Mapping[str, Listing], seen: Mapping[str, Listing]) -> dict[str, Listing]:
    known = dict(before)
    for series, listing in seen.items():
        earlier = known.get(series, listing)
        known[series] = Listing(max(earlier.day, listing.day), max(earlier.number, listing.number))
    return dict(sorted(known.items()))


def _numbers(before: Mapping[str, tuple[Span, ...]], files: Iterable[PostedFile]) -> dict[str, tuple[Span, ...]]:
    spans = {series: list(taken) for series, taken in before.items()}
    for file in files:
        spans.setdefault(file.series, []).append((file.number, file.number))
    return {series: _united(taken) for series, taken in sorted(spans.items())}


def _united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans as ascending ones of which no two touch."""
    united = list[Span]()
    for first, last in sorted(spans):
        if united and first <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(last, united[-1][1]))
        else:
            united.append((first, last))
    return tuple(united)


def _marks(before: Mapping[str, str], files: Iterable[PostedFile]) -> dict[str, str]:
    """Return the marks of the newest files. Names of one source sort as their series and numbers do."""
    known = dict(before) | {file.name: file.mark for file in files}
    return {name: known[name] for name in sorted(known)[-RECENT:]}
