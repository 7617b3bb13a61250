"""build_corpus: pulls in any order and any parts, killed or not, end in the same corpus."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Status
from medpipe.core.manifests import CorpusInputs, CorpusManifest
from medpipe.core.refs import ref
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from tests import fakes
from tests.manifests import put
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, RETRACTED, article, publish, topic

DAYS = ((DAY_1, DAY_2), (DAY_2, DAY_3), (DAY_3, DAY_4))


def pulled(ports: fakes.FakePorts) -> list[str]:
    """Three validated days: two topics and an article; its retraction; a topic revised, and another new."""
    days = [
        [topic(1), topic(2), article()],
        [article(Status.RETRACTED, DAY_2)],
        [topic(2, DAY_3, "otheromib"), topic(3, DAY_3)],
    ]
    refs = []
    for (start, end), documents in zip(DAYS, days, strict=True):
        publish(ports, documents)
        refs.append(steps.validate(steps.pull("medlineplus", start, end, ports=ports), "documents", ports=ports))
    return refs


def content(ports: fakes.FakePorts, corpus: str) -> tuple[object, ...]:
    outcome = manifest(ports, corpus, CorpusManifest).outcome
    return (outcome.documents, outcome.cut_off), list(ports.corpus.read(table_version(ports, corpus), tuple(Status)))


def test_backfill_and_incremental_pulls_in_every_order_end_in_the_same_corpus(tmp_path: Path) -> None:
    ends = []
    for number, order in enumerate([None, *permutations(range(3))]):
        ports = fakes.ports(Settings(home=tmp_path / str(number)))
        pulls = pulled(ports)
        corpus = None if order else steps.build_corpus(tuple(pulls), ports=ports)
        for turn in order or ():
            corpus = steps.build_corpus((pulls[turn], pulls[0]), corpus, ports=ports)
        ends.append(content(ports, corpus))
    assert all(end == ends[0] for end in ends)
    assert ends[0][0] == ({"current": 3, "retracted": 1}, DAY_3)


def test_a_pull_in_several_parts_is_the_same_as_in_one(ports, tmp_path, monkeypatch):
    whole = fakes.ports(Settings(home=tmp_path / "whole"))
    one = steps.build_corpus(tuple(pulled(whole)), ports=whole)
    monkeypatch.setattr("medpipe.steps.corpus.PART", 1)
    parts = steps.build_corpus(tuple(pulled(ports)), ports=ports)
    assert content(ports, parts) == content(whole, one)
    assert table_version(ports, parts) == 6


def test_a_run_that_was_killed_goes_on_where_it_stopped(ports, monkeypatch):
    pulls = tuple(pulled(ports))
    merge, merged = ports.corpus.merge, []

    def failing(documents, previous, token):
        if len(merged) == 2:
            raise KeyboardInterrupt
        merged.append(token)
        return merge(documents, previous, token)

    monkeypatch.setattr(ports.corpus, "merge", failing)
    with pytest.raises(KeyboardInterrupt):
        steps.build_corpus(pulls, ports=ports)
    assert list(ports.store.manifests(CorpusManifest)) == []
    monkeypatch.undo()
    corpus = steps.build_corpus(pulls, ports=ports)
    assert table_version(ports, corpus) == 3, "the parts that had been merged were found, not merged again"
    assert manifest(ports, corpus, CorpusManifest).outcome.documents == {"current": 3, "retracted": 1}


def test_nothing_is_merged_when_one_of_the_pulls_was_never_validated(ports):
    pulls = pulled(ports)
    publish(ports, [topic(9, DAY_1)], "other")
    unvalidated = steps.pull("other", DAY_1, DAY_2, ports=ports)
    with pytest.raises(errors.NotValidated, match=unvalidated):
        steps.build_corpus((*pulls, unvalidated), ports=ports)
    assert table_version(ports, steps.build_corpus((pulls[0],), ports=ports)) == 1


def test_a_corpus_of_no_pulls_is_empty(ports):
    assert manifest(ports, steps.build_corpus((), ports=ports), CorpusManifest).outcome.documents == {}


def test_an_older_corpus_is_read_as_it_was(ports):
    pulls = pulled(ports)
    first = steps.build_corpus((pulls[0],), ports=ports)
    second = steps.build_corpus((pulls[1], pulls[2]), first, ports=ports)
    version = table_version(ports, first)
    assert [document.id for document in ports.corpus.read(version)] == ["mplus:900001", "mplus:900002", RETRACTED]
    assert ports.corpus.digests(table_version(ports, second), ("retracted",)).keys() == {RETRACTED}


def test_the_inputs_of_a_corpus_are_sorted_pulls_previous_and_releases(ports):
    pulls = pulled(ports)
    first = steps.build_corpus((pulls[0],), ports=ports)
    second = steps.build_corpus((pulls[2], pulls[1]), first, ports=ports)
    stored = manifest(ports, second, CorpusManifest)
    assert stored.verb == "build_corpus"
    assert stored.inputs == CorpusInputs(
        pulls=tuple(sorted(pulls[1:])), previous=first, history=stored.inputs.history, vanished_days={"medlineplus": 14}
    )
    assert len(stored.inputs.history) == 16
    assert steps.build_corpus((pulls[1], pulls[2]), first, ports=ports) == second
    assert len({first, second, steps.build_corpus((pulls[1], pulls[2]), ports=ports)}) == 3


def test_a_corpus_counts_what_came_in_what_stands_and_its_latest_day(ports):
    pulls = pulled(ports)
    first = manifest(ports, steps.build_corpus((pulls[0],), ports=ports), CorpusManifest).outcome
    assert (first.incoming, first.documents, first.cut_off) == (3, {"current": 3}, DAY_1)
    assert manifest(ports, steps.build_corpus((), ports=ports), CorpusManifest).outcome.incoming == 0


def test_an_older_part_that_was_merged_already_does_not_bring_an_older_table_back(ports):
    pulls = pulled(ports)
    first = steps.build_corpus((pulls[0],), ports=ports)
    second = steps.build_corpus((pulls[1],), first, ports=ports)
    third = steps.build_corpus((pulls[0],), second, ports=ports)
    assert table_version(ports, third) >= table_version(ports, second)


def test_the_table_is_compacted_before_its_version_is_kept(ports, monkeypatch):
    monkeypatch.setattr(ports.corpus, "compact", lambda version: ports.corpus.merge((), version, f"after {version}"))
    pulls = pulled(ports)
    assert table_version(ports, steps.build_corpus((pulls[0],), ports=ports)) == 2


def test_the_newest_artifact_of_a_kind_is_the_latest(ports):
    assert steps.latest("corpus", ports=ports) is None
    pulls = pulled(ports)
    first = steps.build_corpus((pulls[0],), ports=ports)
    assert steps.latest("corpus", ports=ports) == first
    second = steps.build_corpus((pulls[1],), first, ports=ports)
    assert steps.latest("corpus", ports=ports) == second
    assert steps.latest("pairs", ports=ports) is None
    pairs = put(ports.store, ref("pairs", 1))
    assert steps.latest("pairs", ports=ports) == pairs


def test_refs_of_another_kind_are_refused_by_name(ports):
    pulls = pulled(ports)
    corpus = steps.build_corpus((pulls[0],), ports=ports)
    with pytest.raises(errors.UsageError, match=f"expected a corpus/… ref, got {pulls[0]}"):
        steps.build_corpus((pulls[1],), pulls[0], ports=ports)
    with pytest.raises(errors.UsageError, match=f"the suite 'documents' validates documents/… refs, got {corpus}"):
        steps.build_corpus((corpus,), ports=ports)


def test_a_topic_that_vanishes_is_held_after_the_policys_days_until_it_comes_back(ports):
    topics = [topic(number) for number in range(10)]

    def day(after: int, shown, previous):
        when = DAY_1 + timedelta(days=after)
        publish(ports, [one.model_copy(update={"revision": int(when.strftime("%Y%m%d"))}) for one in shown])
        pulled = steps.pull("medlineplus", when, when + timedelta(days=1), ports=ports)
        return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), previous, ports=ports)

    def held(corpus) -> list[str]:
        return list(ports.corpus.revisions(table_version(ports, corpus), ("on hold",)))

    first = day(0, topics, None)
    second = day(13, topics[1:], first)
    third = day(14, topics[1:], second)
    assert (held(first), held(second), held(third)) == ([], [], [topics[0].id])
    assert manifest(ports, third, CorpusManifest).inputs.vanished_days == {"medlineplus": 14}
    assert held(day(15, topics, third)) == []


@pytest.mark.parametrize("quarantined", [True, False])
def test_a_topic_that_is_listed_and_does_not_enter_has_not_vanished(ports, monkeypatch, quarantined):
    topics = [topic(number) for number in range(10)]
    publish(ports, topics)
    later = DAY_1 + timedelta(days=20)
    shown = [topic(number, later) for number in range(10)]
    unreadable = BadRecord(source="medlineplus", file="a.xml", place="topic 1", reason="no date", id=topics[0].id)
    shown[0] = shown[0].model_copy(update={"title": " "}) if quarantined else unreadable

    def day(when, delivered, previous=None):
        monkeypatch.setattr(fakes.FileSource, "pull", lambda source, start, end, ids=(): iter(delivered))
        pulled = steps.pull("medlineplus", when, when + timedelta(days=1), ports=ports)
        validated = steps.validate(pulled, "documents", ports=ports)
        return steps.build_corpus((validated,), previous, ports=ports)

    corpus = day(later, shown, day(DAY_1, topics))
    kept = ports.corpus.revisions(table_version(ports, corpus), ids=[topics[0].id])
    assert kept == {topics[0].id: topics[0].revision}, "the new one did not enter"
    assert steps.standings(corpus, ports=ports) == "Nothing is on hold."
