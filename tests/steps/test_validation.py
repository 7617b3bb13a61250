"""validate: the validator's arguments, the stored result, and the delivery that a delivery is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pytest

from medpipe import errors, records, steps
from medpipe.core.manifests import ValidationManifest
from medpipe.core.refs import CorpusRef
from medpipe.ports import Delivery, Validation
from medpipe.steps import validation
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, publish, topic


class Recording:
    """A validator that records its arguments and returns a fixed result."""

    def __init__(self, says: Validation) -> None:
        self.says = says
        self.calls: list[tuple[int, str, str, Delivery]] = []

    def validate(
        self, rows: Iterable[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = Delivery()
    ) -> Validation:
        self.calls.append((len(list(rows)), suite, name, delivery))
        return self.says


def recording(monkeypatch: pytest.MonkeyPatch, says: Validation) -> Recording:
    validator = Recording(says)
    monkeypatch.setattr(fakes.FakePorts, "validator", property(lambda ports: validator))
    return validator


def judged(ports: fakes.FakePorts) -> ValidationManifest:
    return list(ports.store.manifests(ValidationManifest))[-1]


def pulled(ports: fakes.FakePorts, start: date, end: date, source: str = "medlineplus", count: int = 3) -> str:
    publish(ports, [topic(n, start) for n in range(count)], source)
    return steps.pull(source, start, end, ports=ports)


def test_the_judgement_is_kept_with_the_quarantined_rows(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = Validation(True, (), {2: ("no title",), 0: ("no text", "no date")}, "report.html", ("few rows",))
    validator = recording(monkeypatch, says)
    data = pulled(ports, DAY_1, DAY_2)
    assert steps.validate(data, "documents", ports=ports) == data
    assert steps.validate(data, "documents", ports=ports) == data
    (call,) = validator.calls
    assert call[:3] == (3, "documents", data.replace("/", "-"))
    assert call[3] == Delivery({"days_since_delivery": 1}, DAY_2)
    outcome = judged(ports).outcome
    assert (outcome.rows, outcome.accepted, outcome.reasons, outcome.remarks) == (3, True, (), ("few rows",))
    assert (outcome.quarantined_rows, outcome.report) == ((0, 2), "report.html")
    assert outcome.delivery == {"days_since_delivery": 1}
    rows = list(records.read_rows(ports.store.folder(judged(ports).ref) / "quarantine.jsonl"))
    assert [(row["index"], row["id"], row["source"], row["reasons"]) for row in rows] == [
        (0, topic(0).id, "medlineplus", ["no text", "no date"]),
        (2, topic(2).id, "medlineplus", ["no title"]),
    ]
    assert rows[0]["row"]["title"] == topic(0).title


def test_progress_says_how_many_rows_were_measured(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_REPORTED", 2)
    said: list[tuple[float, str]] = []
    monkeypatch.setattr(fakes.FakePorts, "progress", lambda ports, share, text: said.append((share, text)))
    data = pulled(ports, DAY_1, DAY_2, count=5)
    steps.validate(data, "documents", ports=ports)
    assert said == [(share, f"{data}: {rows} of 5 rows measured") for share, rows in ((0.4, 2), (0.8, 4))]


def test_a_stopped_batch_is_named_with_suite_reasons_and_page(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording(monkeypatch, Validation(False, ("too few rows", "no dates"), {}, "report.html"))
    data = pulled(ports, DAY_1, DAY_2)
    says = f"{data} was stopped by the suite 'documents': too few rows; no dates. See report.html; nothing of it"
    for _ in range(2):
        with pytest.raises(errors.BatchRejected, match=says):
            steps.validate(data, "documents", ports=ports)
    assert judged(ports).outcome.reasons == ("too few rows", "no dates")


def test_a_window_without_documents_passes_without_the_validator(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = recording(monkeypatch, Validation(False, ("never",), {}, ""))
    data = pulled(ports, DAY_1, DAY_2, count=0)
    assert steps.validate(data, "documents", ports=ports) == data
    assert validator.calls == []
    assert (judged(ports).outcome.rows, judged(ports).outcome.accepted) == (0, True)


def test_a_pull_of_some_ids_has_a_day_but_no_measures_of_a_delivery(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = recording(monkeypatch, Validation(True, (), {}, ""))
    publish(ports, [topic(1)])
    data = steps.pull("medlineplus", DAY_1, DAY_2, ids=(topic(1).id,), ports=ports)
    steps.validate(data, "documents", ports=ports)
    assert validator.calls[0][3] == Delivery({}, DAY_2)


def test_a_set_without_dates_is_not_judged_by_the_window_that_was_asked_for(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = recording(monkeypatch, Validation(True, (), {}, ""))
    publish(ports, [topic(1)], "pubmedqa")
    steps.validate(steps.pull("pubmedqa", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    assert validator.calls[0][3] == Delivery()


def corpus(ports: fakes.FakePorts, *pulls: str, previous: str | None = None) -> CorpusRef:
    for data in pulls:
        steps.validate(data, "documents", ports=ports)
    return steps.build_corpus(tuple(pulls), previous, ports=ports)


def compared_with(ports: fakes.FakePorts, data: str, previous: str | None) -> str:
    steps.validate(data, "documents", previous, ports=ports)
    return judged(ports).inputs.compared_with


def test_a_whole_delivery_is_compared_with_the_last_one_of_its_source(ports: fakes.FakePorts) -> None:
    older, newer = pulled(ports, DAY_1, DAY_2), pulled(ports, DAY_2, DAY_3)
    other = pulled(ports, DAY_2, DAY_3, "genetics")
    first = corpus(ports, older, newer, other)
    today = pulled(ports, DAY_3, DAY_4)
    assert compared_with(ports, today, first) == newer
    assert validation._run_name(today, None) == today.replace("/", "-")
    second = corpus(ports, pulled(ports, DAY_3, DAY_4, "pubmed"), previous=first)
    assert compared_with(ports, pulled(ports, DAY_3, date(2026, 3, 7)), second) == newer, "an earlier corpus has it"


def test_the_page_of_a_compared_delivery_has_the_name_of_both(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pulled(ports, DAY_1, DAY_2)
    first = corpus(ports, before)
    validator = recording(monkeypatch, Validation(True, (), {}, ""))
    today = pulled(ports, DAY_2, DAY_3)
    steps.validate(today, "documents", first, ports=ports)
    assert validator.calls[0][2] == f"{today.replace('/', '-')}-after-{before.split('/')[1]}"


def test_a_delivery_is_compared_with_nothing_where_there_is_nothing_alike(ports: fakes.FakePorts) -> None:
    empty = pulled(ports, DAY_1, DAY_2, count=0)
    first = corpus(ports, empty)
    today = pulled(ports, DAY_2, DAY_3)
    assert compared_with(ports, today, None) == ""
    assert compared_with(ports, today, first) == "", "an empty delivery says nothing"
    articles = corpus(ports, pulled(ports, DAY_1, DAY_2, "pubmed"))
    assert compared_with(ports, pulled(ports, DAY_2, DAY_3, "pubmed"), articles) == "", "PubMed posts increments"
    own = corpus(ports, today)
    assert compared_with(ports, today, own) == "", "never with itself"


def test_the_search_for_an_earlier_delivery_ends_after_thirty_corpora(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert validation.GENERATIONS == 30
    monkeypatch.setattr(validation, "GENERATIONS", 2)
    delivered = pulled(ports, DAY_1, DAY_2)
    first = corpus(ports, delivered)
    second = corpus(ports, pulled(ports, DAY_1, DAY_2, "pubmed"), previous=first)
    third = corpus(ports, pulled(ports, DAY_2, DAY_3, "pubmed"), previous=second)
    today = pulled(ports, DAY_3, DAY_4)
    assert compared_with(ports, today, second) == delivered
    assert compared_with(ports, pulled(ports, DAY_3, date(2026, 3, 7)), third) == ""


def test_data_that_does_not_exist_or_is_of_another_kind_is_refused(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.NotFound, match="documents/0123456789abcdef does not exist"):
        steps.validate("documents/0123456789abcdef", "documents", ports=ports)
    with pytest.raises(errors.UsageError, match="the suite 'documents' validates documents/… refs"):
        steps.validate("examples/0123456789abcdef", "documents", ports=ports)
    data = pulled(ports, DAY_1, DAY_2)
    with pytest.raises(errors.UsageError, match=f"expected a corpus/… ref, got {data}"):
        steps.validate(data, "documents", data, ports=ports)
