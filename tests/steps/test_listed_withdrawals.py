"""What a list of retractions opens, what a restored corpus cannot lift, and what a person's lift covers."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from medpipe import steps
from medpipe.core.corpus.document import Document, Relation, Status
from medpipe.core.corpus.revision import on_day
from medpipe.core.corpus.standing import LISTED
from medpipe.core.refs import CorpusRef
from medpipe.sources.retraction_watch.list_source import RetractionWatchSource
from medpipe.steps.withdrawals import register
from tests import fakes
from tests.sources.retraction_watch.test_list import EVER, row, table
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, RETRACTED, article, publish
from tests.steps.test_ring import refresh
from tests.steps.test_withdrawals import merged

pytestmark = pytest.mark.integration

DAY_5 = DAY_4 + timedelta(days=1)
FEBRUARY = "2/14/2026 0:00"


def once_taught(ports: fakes.FakePorts) -> str:
    """A corpus whose article was taught."""
    publish(ports, [article()])
    corpus = refresh(ports, DAY_1, DAY_2)
    steps.build_examples(corpus, "tiny-sft", ports=ports)
    return corpus


def posted(status: Status, day: date) -> Document:
    """The article as a file of PubMed has it."""
    return article(status, day).model_copy(update={"revision": on_day(day, 260001)})


def listed(folder: Path, day: date, said: str = FEBRUARY, nature: str = "Retraction", number: str = "1") -> Document:
    """The row about the article, in a file that was posted on a day. `said`: the day in the row."""
    pmid = RETRACTED.removeprefix("pmid:")
    rows = row(number, OriginalPaperPubMedID=pmid, OriginalPaperDOI="", RetractionDate=said, RetractionNature=nature)
    file = folder / f"{day} {number}" / "retraction_watch.csv"
    file.parent.mkdir()
    file.write_text(table(rows), encoding="utf-8")
    os.utime(file, (datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp(),) * 2)
    (document,) = RetractionWatchSource(str(file.parent), folder / "cache").pull(*EVER)
    assert isinstance(document, Document)
    return document


def test_a_list_opens_a_withdrawal_with_its_reason_and_a_corpus_from_before_the_list_lifts_nothing(
    ports: fakes.FakePorts, tmp_path: Path
) -> None:
    first = once_taught(ports)
    before = merged(ports, first, DAY_2, posted(Status.CURRENT, DAY_2))
    after = merged(ports, before, DAY_3, listed(tmp_path, DAY_3))
    assert steps.open_withdrawals(after, ports=ports).opened == (RETRACTED,)
    assert register(ports)[0].reason == "listed as retracted (rw:1)"
    later = merged(ports, after, DAY_4, posted(Status.CURRENT, DAY_4))
    for corpus in (before, later):
        assert steps.open_withdrawals(corpus, ports=ports).lifted == ()


def test_a_cause_that_the_policy_names_opens_although_one_of_the_same_rank_hides_it(
    ports: fakes.FakePorts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = once_taught(ports)
    only_listed = ports.withdrawal_policy.model_copy(update={"open_on": ("listed",)})
    monkeypatch.setattr(type(ports), "withdrawal_policy", only_listed)
    second = merged(ports, first, DAY_2, posted(Status.CONCERN, DAY_2), listed(tmp_path, DAY_2))
    assert steps.open_withdrawals(second, ports=ports).opened == (RETRACTED,)
    assert register(ports)[0].events[0].evidence == "rw:1"


def test_a_reinstatement_in_a_later_list_lifts_what_the_list_opened(ports: fakes.FakePorts, tmp_path: Path) -> None:
    first = once_taught(ports)
    second = merged(ports, first, DAY_2, listed(tmp_path, DAY_2))
    steps.open_withdrawals(second, ports=ports)
    back = listed(tmp_path, DAY_3, "3/1/2026 0:00", "Reinstatement", "2")
    third = merged(ports, second, DAY_3, listed(tmp_path, DAY_3), back)
    assert steps.open_withdrawals(third, ports=ports).lifted == (RETRACTED,)


def test_a_row_that_lists_no_longer_have_lifts_what_it_opened(ports: fakes.FakePorts, tmp_path: Path) -> None:
    def delivered(day: date, previous: str, has_it: bool) -> CorpusRef:
        """A corpus after a whole list. The row 1 is about the article that was taught."""
        row = listed(tmp_path, day)
        others = [
            row.model_copy(
                update={"id": f"rw:{number}", "relations": (Relation(kind=LISTED, target=f"pmid:{number}"),)}
            )
            for number in range(2, 7)
        ]
        publish(ports, [*others, *([row] if has_it else [])], "retraction-watch")
        pulled = steps.pull("retraction-watch", day, day + timedelta(days=1), ports=ports)
        return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), CorpusRef(previous), ports=ports)

    second = delivered(DAY_2, once_taught(ports), True)
    assert steps.open_withdrawals(second, ports=ports).opened == (RETRACTED,)
    third = delivered(DAY_3, second, False)
    assert "rw:1: missing from retraction-watch for 1 days; says nothing any more after 7" in steps.standings(
        third, ports=ports
    )
    assert steps.open_withdrawals(third, ports=ports).lifted == ()
    fourth = delivered(DAY_2 + timedelta(days=7), third, False)
    assert steps.open_withdrawals(fourth, ports=ports).lifted == (RETRACTED,)


def test_a_list_that_names_an_article_after_a_person_lifted_its_retraction_opens_the_withdrawal(
    ports: fakes.FakePorts, tmp_path: Path
) -> None:
    first = once_taught(ports)
    second = merged(ports, first, DAY_2, posted(Status.RETRACTED, DAY_2))
    steps.open_withdrawals(second, ports=ports)
    steps.lift(RETRACTED, "reinstated", "Dr. A", ports=ports)
    third = merged(ports, second, DAY_3, posted(Status.CURRENT, DAY_3))
    assert steps.open_withdrawals(third, ports=ports).opened == ()
    fourth = merged(ports, third, DAY_4, listed(tmp_path, DAY_4))
    assert steps.open_withdrawals(fourth, ports=ports).opened == (RETRACTED,)


def test_a_persons_lift_of_what_is_listed_stands_when_the_list_is_posted_again_until_its_row_has_a_later_day(
    ports: fakes.FakePorts, tmp_path: Path
) -> None:
    first = once_taught(ports)
    corpus = merged(ports, first, DAY_2, listed(tmp_path, DAY_2))
    steps.open_withdrawals(corpus, ports=ports)
    steps.lift(RETRACTED, "not the same article", "Dr. A", ports=ports)
    for day in (DAY_3, DAY_4):
        corpus = merged(ports, corpus, day, listed(tmp_path, day))
        assert steps.open_withdrawals(corpus, ports=ports).opened == ()
    corpus = merged(ports, corpus, DAY_5, listed(tmp_path, DAY_5, "3/7/2026 0:00"))
    assert steps.open_withdrawals(corpus, ports=ports).opened == (RETRACTED,)
