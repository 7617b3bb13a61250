"""What a publisher's whole deliveries no longer have is on hold after some days, until one has it again."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.revision import on_day
from medpipe.core.corpus.vanished import ended, missing_days, record
from tests.core.corpus.test_merge import after, article, corpus, here, says

DAY_1, DAY_20 = 20260301, 20260320


def listed(*revisions: int) -> dict[str, int]:
    return {f"mplus:{number}": revision for number, revision in enumerate(revisions)}


def held(known: dict[str, int], days: int = 14) -> list[str | None]:
    found = record("medlineplus", known, days)
    return [relation.target for relation in found.relations] if found else []


def test_what_the_newest_delivery_lacks_is_held_after_the_days_of_the_policy() -> None:
    known = listed(DAY_1, *[DAY_20] * 9)
    assert missing_days(known) == {"mplus:0": 19}
    assert (held(known, 19), held(known, 20)) == (["mplus:0"], [])


def test_a_part_of_a_delivery_shows_nothing() -> None:
    assert missing_days(listed(*[DAY_1] * 3, *[DAY_20] * 7)) == {}
    assert held(listed(*[DAY_1] * 9, DAY_20)) == [], "one topic was pulled by its id"
    assert held(listed(DAY_1 - 100, *[DAY_1] * 8, DAY_20)) == ["mplus:0"]


def test_a_topic_is_on_hold_since_the_delivery_that_had_it_last_however_often_it_is_missing() -> None:
    def since(newest: int) -> date | None:
        topics = [article(DAY_1, id="mplus:0"), *(article(newest, id=f"mplus:{number}") for number in range(1, 9))]
        found = record("medlineplus", {topic.id: topic.revision for topic in topics}, 14)
        assert found is not None
        return here(corpus(topics, [found]))["mplus:0"][1].day

    assert since(DAY_20) == since(DAY_20 + 5) == date(2026, 3, 1)


def test_a_source_without_documents_or_dates_has_no_record() -> None:
    assert record("medlineplus", {}, 14) is None
    assert record("medlineplus", {"mplus:1": 7}, 14) is None


def test_a_later_record_replaces_an_earlier_one_and_one_that_names_more_replaces_it_too() -> None:
    first, more, later = (
        record("medlineplus", known, 14)
        for known in (
            listed(*[DAY_20] * 9),
            listed(DAY_1, *[DAY_20] * 9),
            listed(*[DAY_20 + 1] * 10),
        )
    )
    assert first is not None and more is not None and later is not None
    assert first.revision < more.revision < later.revision


def row(number: int, revision: int, about: str) -> Document:
    return says(f"rw:{number}", "ListedRetractionOf", about, revision, Status.NOTICE)


@given(st.dictionaries(st.integers(0, 40), st.booleans(), min_size=1, max_size=5), st.data())
def test_a_row_holds_its_article_by_the_days_of_the_lists_in_whatever_order_they_come(
    lists: dict[int, bool], data: st.DataObject
) -> None:
    """`lists`: day of a list → whether it has the row. Each list is followed by what the corpus then knows to end."""
    stored = corpus([article(1)])
    for day in data.draw(st.permutations(sorted(lists))):
        revision = on_day(date(2026, 3, 1) + timedelta(days=day))
        rows = [row(number, revision, f"pmid:{number}") for number in range(2 - lists[day], 7)]
        stored = after(stored, rows)
        known = {id: kept.revision for id, kept in stored.items() if kept.status is Status.NOTICE}
        stored = after(stored, ended("retraction-watch", known, 7))
    last = max((day for day, has in lists.items() if has), default=-99)
    held = here(stored)["pmid:1"][1].status is Status.ON_HOLD
    assert held == (max(lists) - last < 7)


def test_a_list_of_which_most_rows_are_missing_ends_nothing() -> None:
    known = {f"rw:{number}": on_day(date(2026, 3, 1)) for number in range(9)} | {"rw:9": on_day(date(2026, 3, 20))}
    assert ended("retraction-watch", known, 7) == []


def test_a_list_that_was_cut_off_ends_nothing_although_most_rows_are_there() -> None:
    def rows(lacking: int) -> dict[str, int]:
        return {f"rw:{number}": DAY_1 if number < lacking else DAY_20 for number in range(1000)}

    assert len(ended("retraction-watch", rows(10), 7)) == 10
    assert ended("retraction-watch", rows(11), 7) == []
    assert missing_days(rows(11), notices=True) == {}
    assert len(missing_days(rows(11))) == 11, "a page that vanished is held, which is the safe side"
