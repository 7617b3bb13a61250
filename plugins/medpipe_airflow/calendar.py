"""Schedules of the DAGs: NLM's release days for the corpus, and every hour for feedback."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronDataIntervalTimetable, CronTriggerTimetable
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from pendulum import UTC, DateTime

from medpipe.core import sources
from medpipe.settings import Settings

RELEASE_DAYS = sources.named("medlineplus").posting_days
"""Tuesday to Saturday, when MedlinePlus posts its topics (`datetime.weekday`: Monday is 0)."""
POSTED = list(sources.posted())
"""Sources that post several times a week: what the corpus DAG pulls unless its form says otherwise."""

_MORNING = "0 6 * * *"
"""Cron expression: six o'clock UTC, after the night's releases and before European and American working hours."""
_SUNDAY = "0 4 * * 0"


class NlmReleaseTimetable(Timetable):
    """Runs on each release day at `hour` UTC, for the whole days since the last release day.

    Wednesday's run covers Wednesday; Tuesday's covers Sunday, Monday and Tuesday. Windows are [start, end) from
    midnight to midnight UTC without gaps or overlaps: no day is pulled twice or left out. After a pause, however long,
    the next window begins where the last one ended.
    """

    description = "NLM's release days, Tuesday to Saturday"

    def __init__(self, hour: int = 20) -> None:
        self.hour = hour

    @property
    def summary(self) -> str:
        return f"Tue–Sat {self.hour:02d}:00 UTC"

    def serialize(self) -> dict[str, Any]:
        return {"hour": self.hour}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> NlmReleaseTimetable:
        return cls(data["hour"])

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """Return the latest window whose release has been published."""
        return self._window(self._last_release(run_after))

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        newest = self._last_release(DateTime.now(UTC))
        if last_automated_data_interval is not None:
            release = last_automated_data_interval.end
        elif restriction.earliest is not None:
            release = restriction.earliest.in_timezone(UTC).start_of("day")
        else:  # a DAG without a start date begins with the latest release
            release = newest
        if not restriction.catchup:
            release = max(release, newest)
        while release.weekday() not in RELEASE_DAYS:
            release = release.add(days=1)
        if restriction.latest is not None and release > restriction.latest:
            return None
        window = self._window(release)
        if last_automated_data_interval is not None:
            window = DataInterval(start=last_automated_data_interval.end, end=window.end)
        return DagRunInfo(run_after=release.add(hours=self.hour), data_interval=window)

    def _last_release(self, now: DateTime) -> DateTime:
        """Return midnight of the last release day whose hour has passed."""
        day = (now.in_timezone(UTC) - timedelta(hours=self.hour)).start_of("day")
        while day.weekday() not in RELEASE_DAYS:
            day = day.subtract(days=1)
        return day

    def _window(self, release: DateTime) -> DataInterval:
        since = 3 if release.weekday() == min(RELEASE_DAYS) else 1
        end = release.add(days=1)
        return DataInterval(start=end.subtract(days=since), end=end)


def nlm_releases() -> Any:
    """Return the corpus DAG's schedule; None with MEDPIPE_CALENDAR=off, as the sandbox's days are invented."""
    return None if _off() else NlmReleaseTimetable()


def hourly() -> Any:
    """Return the feedback DAG's schedule: whole hours as data intervals."""
    return None if _off() else CronDataIntervalTimetable("0 * * * *", timezone="UTC")


def weekly() -> Any:
    """Return a schedule for every Sunday morning, when neither publisher posts; None with MEDPIPE_CALENDAR=off."""
    return None if _off() else CronTriggerTimetable(_SUNDAY, timezone="UTC")


def time_of_run() -> str:
    """Return a template of the time of a DAG run; "" with MEDPIPE_CALENDAR=off, as the sandbox's days are invented."""
    return "" if _off() else "{{ dag_run.run_after.isoformat() }}"


def daily_and_on(assets: Any) -> Any:
    """Return a schedule for every morning and for each event of some assets; only these with MEDPIPE_CALENDAR=off.

    Airflow 3.3 drops asset events for a paused DAG, so a DAG that must not miss news needs a schedule of its own.
    """
    return (
        assets
        if _off()
        else AssetOrTimeSchedule(assets=assets, timetable=CronTriggerTimetable(_MORNING, timezone="UTC"))
    )


def every_ten_minutes_and_on(asset: Asset) -> Any:
    """Return a schedule for every ten minutes and each event of an asset; only the latter with MEDPIPE_CALENDAR=off."""
    if _off():
        return asset
    return AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/10 * * * *", timezone="UTC"), assets=asset)


def _off() -> bool:
    return Settings().calendar == "off"
