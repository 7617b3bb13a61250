"""A watermark says what entered, whatever the order in which it came, and never goes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.watermark import (
    Delivered,
    Listing,
    PostedFile,
    Watermark,
    advanced,
    asked_for,
    gaps,
    highest,
    unknown_ends,
)

DAY = date(2026, 3, 3)


def _file(number: int, series: str = "26", day: date = DAY, mark: str = "", baseline: bool = False) -> PostedFile:
    return PostedFile(f"pubmed{series}n{number:04}.xml.gz", day, series, number, mark, baseline)


def _files(*numbers: int, start: date = DAY) -> Delivered:
    return Delivered("pubmed", start, 0, [_file(number) for number in numbers], whole=False)


def _pull(source: str, start: int, newest: int, whole: bool) -> Delivered:
    return Delivered(source, date(2026, 3, start), 20260300 + newest, (), whole)


DELIVERIES = st.lists(
    st.one_of(
        st.builds(lambda numbers: _files(*numbers), st.sets(st.integers(1, 60), max_size=8)),
        st.builds(lambda newest: _pull("medlineplus", 1, newest, whole=True), st.integers(1, 31)),
    ),
    max_size=8,
)


@given(st.data(), DELIVERIES)
def test_the_order_of_deliveries_and_how_they_are_split_into_runs_do_not_matter(
    data: st.DataObject, deliveries: list[Delivered]
) -> None:
    at_once = advanced({}, deliveries)
    assert advanced({}, data.draw(st.permutations(deliveries))) == at_once
    split = data.draw(st.integers(0, len(deliveries)))
    assert advanced(advanced({}, deliveries[:split]), deliveries[split:]) == at_once
    assert advanced(at_once, deliveries) == at_once, "a delivery that comes twice changes nothing"


@given(DELIVERIES, st.sets(st.integers(1, 60)))
def test_a_run_takes_all_that_is_posted_above_the_watermark_and_nothing_twice(
    deliveries: list[Delivered], posted: set[int]
) -> None:
    mark = advanced({}, deliveries).get("pubmed", Watermark())
    taken = {file.number for delivery in deliveries for file in delivery.files}
    later = DAY + timedelta(days=7)
    asked = asked_for(mark, [_file(number) for number in posted], later, baseline=False)
    assert {file.number for file in asked if not mark.has(file)} == {
        number for number in posted - taken if taken and number > min(taken)
    }


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60), min_size=1))
def test_every_number_that_is_missing_between_files_is_named_once(taken: set[int], posted: set[int]) -> None:
    mark = advanced({}, [_files(*taken)]).get("pubmed", Watermark())
    below = [number for number in taken if number < min(posted)]
    lowest = max(below, default=min(posted))
    missing = set(range(lowest, max(posted))) - taken - posted
    named = gaps(mark, [_file(number) for number in posted])
    assert [name for name, _ in named] == [f"26n{number:04}" for number in sorted(missing)]
    assert all(file.number == min(n for n in posted if n > int(name[-4:])) for name, file in named)


def test_the_numbers_between_a_baseline_and_the_first_update_file_are_no_gap() -> None:
    mark = advanced({}, [_files(1, 2)])["pubmed"]
    assert gaps(mark, [_file(1, baseline=True), _file(2, baseline=True), _file(5), _file(7)]) == [("26n0006", _file(7))]


def test_changes_of_a_source_without_files_that_begin_after_a_pause_leave_its_watermark() -> None:
    first = advanced({}, [_pull("eutils", 3, 3, whole=False)])
    assert first["eutils"].day == DAY
    assert advanced(first, [_pull("eutils", 4, 6, whole=False)])["eutils"].day == date(2026, 3, 6)
    assert advanced(first, [_pull("eutils", 5, 6, whole=False)])["eutils"].day == DAY
    assert advanced(first, [_pull("eutils", 5, 6, whole=True)])["eutils"].day == date(2026, 3, 6)


def test_a_new_year_goes_on_without_its_baseline_and_an_ordered_one_is_asked_for() -> None:
    mark = advanced({}, [_files(1700, 1701)])["pubmed"]
    posted = [_file(1, "27", baseline=True), _file(1335, "27"), _file(1702)]
    later = DAY + timedelta(days=30)
    assert asked_for(mark, posted, later, baseline=False) == [_file(1702), _file(1335, "27")]
    assert asked_for(mark, posted, later, baseline=True)[1] == _file(1, "27", baseline=True)


NEW_YEAR = [_file(number, "27", baseline=number < 3) for number in (1, 2, 3, 4)]


def _seen(number: int, day: date) -> Delivered:
    """A pull of nothing, by a run that saw the files of 2026 up to a number."""
    return Delivered("pubmed", day, 0, (), whole=False, listed={"26": Listing(day, number)})


def _end(mark: Watermark, posted: Sequence[PostedFile] = NEW_YEAR, never_posted: Sequence[str] = ()) -> object:
    return unknown_ends(mark, posted, 3, never_posted)


def test_a_series_that_no_run_saw_before_it_ended_has_an_unknown_end_until_the_next_baseline_entered() -> None:
    old = _files(1699, 1700)
    followed = advanced({}, [old, Delivered("pubmed", DAY, 0, NEW_YEAR[2:], whole=False)])["pubmed"]
    half_loaded = advanced({"pubmed": followed}, [Delivered("pubmed", DAY, 0, NEW_YEAR[:1], whole=False)])["pubmed"]
    loaded = advanced({"pubmed": followed}, [Delivered("pubmed", DAY, 0, NEW_YEAR[:2], whole=False)])["pubmed"]
    for mark in (advanced({}, [old])["pubmed"], followed, half_loaded):
        assert _end(mark) == [("26n1701", NEW_YEAR[0])]
        assert _end(mark, NEW_YEAR[2:]) == [("26n1701", NEW_YEAR[2])], "a mirror without baselines"
        assert _end(mark, [_file(1700), *NEW_YEAR]) == []
        assert _end(mark, [_file(1, baseline=True), *NEW_YEAR]) == [("26n1701", NEW_YEAR[0])]
        assert _end(mark, never_posted=("26n1701",)) == [], "a person says so"
    assert _end(loaded) == []
    assert _end(loaded, NEW_YEAR[2:]) == [], "a baseline that entered and is no longer listed"
    assert _end(loaded, [_file(1, "28")]) == [("27n0005", _file(1, "28"))], "each turn of the year"


@given(st.data(), st.sets(st.integers(1600, 1620), min_size=1), st.lists(st.integers(-9, 0), min_size=1, max_size=9))
def test_a_turn_of_the_year_asks_for_a_person_only_where_a_run_saw_a_file_that_did_not_enter_or_no_run_looked(
    data: st.DataObject, taken: set[int], days: list[int]
) -> None:
    """`days`: when runs looked, before the next year's first file. Each saw the files up to one that is posted."""
    looks = [_seen(data.draw(st.integers(1600, 1620)), DAY + timedelta(days=day)) for day in days]
    mark = advanced({}, data.draw(st.permutations([_files(*taken), *looks])))["pubmed"]
    seen = max(look.listed["26"].number for look in looks)
    lost = sorted(set(range(min(taken), seen + 1)) - taken)
    late = [max(seen, *taken) + 1] if max(days) < -3 else []
    named = [f"26n{number}" for number in lost + late]
    assert _end(mark) == [(name, NEW_YEAR[0]) for name in named]
    assert _end(mark, never_posted=named) == []


def test_after_years_away_each_year_that_may_be_lost_is_named() -> None:
    newest = [_file(1335, "28"), _file(1336, "28")]
    old = advanced({}, [_files(1699, 1701), _seen(1701, DAY - timedelta(days=99))])["pubmed"]
    assert _end(old, newest) == [(name, newest[0]) for name in ("26n1700", "26n1702", "27n0001")]
    assert _end(old, newest, never_posted=("26n1700", "27n0001")) == [("26n1702", newest[0])]
    went_on = advanced({"pubmed": old}, [Delivered("pubmed", DAY, 0, [_file(1400, "27")], whole=False)])["pubmed"]
    assert _end(went_on, newest) == [("26n1700", newest[0]), ("27n1401", newest[0])], (
        "what no run saw then, it named then"
    )
    loaded = advanced({"pubmed": old}, [Delivered("pubmed", DAY, 0, [_file(1, "27")], whole=False)])["pubmed"]
    assert _end(loaded, newest) == [("27n0002", newest[0])], "a baseline has what the years before it had"


def test_a_corpus_without_older_files_has_no_unknown_end() -> None:
    assert _end(Watermark()) == []
    assert _end(advanced({}, [_files(1700)])["pubmed"], []) == []
    assert _end(advanced({}, [_files(1700)])["pubmed"], [_file(1701)]) == []
    assert _end(advanced({}, [_files(1700)])["pubmed"], [_file(9, "25")]) == []


def test_what_a_run_saw_is_its_highest_update_file() -> None:
    assert highest([_file(7), _file(5), _file(9, baseline=True), _file(3, "25")]) == {"25": 3, "26": 7}


def test_a_file_that_was_posted_again_has_not_entered() -> None:
    mark = advanced({}, [Delivered("pubmed", DAY, 0, [_file(1, mark="14:05 1K")], whole=False)])["pubmed"]
    assert mark.has(_file(1, mark="14:05 1K")) and not mark.has(_file(1, mark="16:40 1K"))


def test_a_watermark_stays_small_over_a_year_of_files() -> None:
    mark = advanced({}, [_files(*range(1, 1800))])["pubmed"]
    assert mark.numbers == {"26": ((1, 1799),)} and len(mark.marks) == 40


def test_a_number_that_a_person_gave_up_or_that_a_later_baseline_covers_is_not_missing() -> None:
    hole = ((1335, 1335), (1338, 1338))
    assert Watermark(numbers={"26": hole}).missing(("26n1336",)) == ["26n1337"]
    later = Watermark(numbers={"26": hole, "27": ((1335, 1335), (1337, 1337))})
    assert later.missing() == ["26n1336", "26n1337", "27n1336"], "update files of the next year cover nothing"
    assert Watermark(numbers={"26": hole, "27": ((1, 3), (5, 5))}).missing() == ["27n0004"]
