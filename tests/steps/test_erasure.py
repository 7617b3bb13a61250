"""What a person asks to be erased: gone from the store and from later pairs, and traced to what carries it."""

from __future__ import annotations

import pytest

from medpipe import errors, steps
from medpipe.core.refs import PairsRef
from tests import fakes
from tests.feedback import collected, every, holder, rate
from tests.manifests import put
from tests.steps.test_feedback import corpus_of
from tests.steps.test_feedback import ports as ports


def test_an_erased_identity_is_in_no_later_pairs_not_even_of_an_older_collection(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports)
    ann, bob = holder(ports, "ann"), holder(ports, "bob")
    rate(ports, ann, "answer-1")
    rate(ports, bob, "answer-2")
    feedback = collected(ports)
    pairs = steps.build_pairs(feedback, corpus, ports=ports)
    assert len(every(ports, pairs)) == 2
    learned = put(ports.store, "adapter/0123456789abcdef", data=pairs)

    erasure = steps.erase("a request", "Dr. A", identity=ann, ports=ports)

    assert (erasure.answers, erasure.feedback) == (0, 1)
    assert (erasure.collected, erasure.pairs, erasure.adapters) == ((feedback,), (pairs,), (learned,))
    for again in (feedback, collected(ports)):
        later = steps.build_pairs(again, corpus, pairs, ports=ports)
        assert [pair.identity for pair in every(ports, later)] == [bob]


def test_an_erased_answer_is_gone_whoever_corrected_it(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports)
    for label in ("ann", "bob"):
        rate(ports, holder(ports, label), "answer-1")
    rate(ports, holder(ports, "cas"), "answer-2")
    pairs = steps.build_pairs(collected(ports), corpus, ports=ports)
    assert steps.erase("a request", "Dr. A", answer_id="answer-1", ports=ports).feedback == 2
    later = steps.build_pairs(collected(ports), corpus, pairs, ports=ports)
    assert [pair.answer_id for pair in every(ports, later)] == ["answer-2"]
    assert steps.erase("a request", "Dr. A", answer_id="answer-2", ports=ports).versions == ()
    assert every(ports, steps.build_pairs(collected(ports), corpus, PairsRef(str(later)), ports=ports)) == []


def test_an_erasure_needs_a_reason_a_name_and_one_target(ports: fakes.FakePorts) -> None:
    for reason, by in ((" ", "Dr. A"), ("a request", "")):
        with pytest.raises(errors.UsageError, match="say why"):
            steps.erase(reason, by, answer_id="answer-1", ports=ports)
    for names in ({}, {"answer_id": "a", "identity": "b"}):
        with pytest.raises(errors.UsageError, match="either an answer_id or an identity"):
            steps.erase("a request", "Dr. A", **names, ports=ports)
    with pytest.raises(errors.NotFound, match="nothing was erased"):
        steps.erase("a request", "Dr. A", answer_id="answer-1", ports=ports)
