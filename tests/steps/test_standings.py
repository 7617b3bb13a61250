"""standings: what each document counts as, with reason and date, and no text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from medpipe import steps
from medpipe.core.corpus.bad_record import LeftOut, Received
from medpipe.core.corpus.document import Document, Relation, Status
from medpipe.core.refs import CorpusRef
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, RETRACTED, article, publish, topic
from tests.steps.test_ring import refresh


def test_what_is_held_is_listed_with_its_reason_and_day_and_no_text(ports: fakes.FakePorts) -> None:
    notice = article(Status.NOTICE, DAY_2).model_copy(
        update={"id": "pmid:99", "relations": (Relation(kind="RetractionOf", target=RETRACTED),)}
    )
    publish(ports, [topic(1), article(), notice])
    corpus = refresh(ports, DAY_1, DAY_3)
    assert steps.standings(corpus, ports=ports) == (
        f"{RETRACTED}: on hold since 2026-03-04: pmid:99 says that it was retracted"
    )
    assert steps.standings(corpus, (topic(1).id, "pmid:7"), ports=ports).splitlines() == [
        f"{topic(1).id}: current",
        "pmid:7: not in the corpus",
    ]


def test_what_a_person_withdrew_is_taken_down(ports: fakes.FakePorts) -> None:
    publish(ports, [topic(1), article()])
    corpus = refresh(ports, DAY_1, DAY_2)
    assert steps.standings(corpus, ports=ports) == "Nothing is on hold."
    steps.withdraw((topic(1).id,), "names a patient", "Dr. A", ports=ports)
    (line,) = steps.standings(corpus, ports=ports).splitlines()
    assert line.startswith(f"{topic(1).id}: taken down since ") and line.endswith(": names a patient")


def test_only_what_is_listed_is_read(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    held = article(Status.CONCERN)
    publish(ports, [topic(1), topic(2), topic(3), held])
    corpus = refresh(ports, DAY_1, DAY_2)
    steps.withdraw((topic(1).id,), "names a patient", "Dr. A", ports=ports)
    whole, read = ports.corpus.read, list[str]()

    def recorded(*arguments: Any) -> Iterator[Document]:
        for document in whole(*arguments):
            read.append(document.id)
            yield document

    monkeypatch.setattr(ports.corpus, "read", recorded)
    steps.standings(corpus, ports=ports)
    steps.standings(corpus, (topic(2).id,), ports=ports)
    assert read == [topic(1).id, held.id, topic(2).id]


def test_a_topic_whose_text_is_gone_is_said_to_be_listed_before_and_after_it_is_held(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def day(after: int, delivered: list[Received], previous: CorpusRef | None = None) -> CorpusRef:
        when = DAY_1 + timedelta(days=after)
        monkeypatch.setattr(fakes.FileSource, "pull", lambda source, start, end, ids=(): iter(delivered))
        return refresh(ports, when, when + timedelta(days=1), previous)

    gone = topic(8).id
    publish(ports, [])
    first = day(0, [topic(number) for number in range(9)])
    others = {after: [topic(number, DAY_1 + timedelta(days=after)) for number in range(8)] for after in (3, 14)}
    third = day(3, [*others[3], LeftOut(id=gone)], first)
    assert steps.standings(third, ports=ports) == f"{gone}: without a text in medlineplus for 3 days; on hold after 14"
    last = day(14, [*others[14], LeftOut(id=gone)], third)
    held = f"{gone}: on hold since {DAY_1}: its publisher lists it without a text that may be used"
    assert steps.standings(last, ports=ports).splitlines()[0] == held


def test_a_topic_that_is_missing_is_listed_before_it_is_held(ports: fakes.FakePorts) -> None:
    later = DAY_1 + timedelta(days=3)
    publish(ports, [topic(number) for number in range(9)])
    first = refresh(ports, DAY_1, DAY_2)
    publish(ports, [topic(number, later) for number in range(8)])
    second = refresh(ports, later, later + timedelta(days=1), first)
    assert steps.standings(second, ports=ports) == (
        f"{topic(8).id}: missing from medlineplus for 3 days; on hold after 14"
    )
