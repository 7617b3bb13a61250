"""NLM's release days as Airflow data intervals."""

from __future__ import annotations

import itertools

import pendulum
import pytest

from tests.dags import conftest


@pytest.fixture
def timetable(airflow_home):
    import sys

    sys.path.insert(0, str(conftest.ROOT / "plugins"))
    from medpipe_airflow.calendar import NlmReleaseTimetable

    return NlmReleaseTimetable(20)


def runs(timetable, first: pendulum.DateTime, count: int):
    from airflow.timetables.base import TimeRestriction

    restriction = TimeRestriction(earliest=first, latest=None, catchup=True)
    info, found = None, []
    for _ in range(count):
        last = info and info.data_interval
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        found.append(info)
    return found


def test_there_is_a_run_on_each_release_day_and_on_no_other(timetable):
    found = runs(timetable, pendulum.datetime(2026, 3, 1), 10)  # a Sunday
    days = [info.run_after.format("ddd D") for info in found]
    assert days == ["Tue 3", "Wed 4", "Thu 5", "Fri 6", "Sat 7", "Tue 10", "Wed 11", "Thu 12", "Fri 13", "Sat 14"]


def test_tuesdays_window_covers_sunday_to_tuesday(timetable):
    tuesday = runs(timetable, pendulum.datetime(2026, 3, 1), 1)[0]
    assert tuesday.data_interval.start == pendulum.datetime(2026, 3, 1)
    assert tuesday.data_interval.end == pendulum.datetime(2026, 3, 4)


def test_windows_lie_side_by_side_over_a_year_and_a_leap_day(timetable):
    found = runs(timetable, pendulum.datetime(2027, 12, 28), 300)
    for before, after in itertools.pairwise(found):
        assert before.data_interval.end == after.data_interval.start


def test_without_catchup_only_the_latest_release_is_run(timetable):
    from airflow.timetables.base import TimeRestriction

    restriction = TimeRestriction(earliest=pendulum.datetime(2020, 1, 1), latest=None, catchup=False)
    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert (pendulum.now("UTC") - info.run_after).total_hours() < 24 * 4


def test_a_dag_without_a_start_date_begins_with_the_latest_release(timetable):
    from airflow.timetables.base import TimeRestriction

    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=TimeRestriction(None, None, False))
    assert info.run_after <= pendulum.now("UTC")
    assert (pendulum.now("UTC") - info.run_after).total_hours() < 24 * 4


def test_after_weeks_of_downtime_the_next_window_begins_where_the_last_one_ended(timetable):
    from airflow.timetables.base import DataInterval, TimeRestriction

    last = DataInterval(pendulum.datetime(2026, 3, 3), pendulum.datetime(2026, 3, 4))
    info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=TimeRestriction(None, None, False))
    assert info.data_interval.start == last.end
    assert (pendulum.now("UTC") - info.run_after).total_hours() < 24 * 4


def test_a_run_by_hand_takes_the_latest_window_that_is_out(timetable):
    sunday = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 3, 8, 12))
    assert sunday.end == pendulum.datetime(2026, 3, 8)
    early_tuesday = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 3, 10, 5))
    assert early_tuesday.end == pendulum.datetime(2026, 3, 8)
