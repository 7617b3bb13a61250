"""build_rated_pairs: what ratings teach, what it keeps of other pairs, and what is gone again."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import steps
from medpipe.core.judging.gates import Gate, Plan
from medpipe.core.manifests import EvaluationManifest, ExamplesManifest, PairsManifest
from medpipe.core.refs import CorpusRef, PairsRef, RatingsRef
from medpipe.errors import UsageError
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.feedback import END, every, rows
from tests.steps.rating import by_accuracy, evaluations_of, rated, raters

ABSENT = Gate.model_validate({"kind": "absent", "benchmark": "withdrawn", "upper": 0.3, "min_samples": 1})


@pytest.fixture
def corpus_and_ratings(
    ports: fakes.FakePorts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[CorpusRef, RatingsRef, list[str]]:
    evaluations = evaluations_of(ports)
    sheet = steps.sample_answers(evaluations, ("new-knowledge",), size=30, controls=4, seed=1, ports=ports)
    holders = raters(ports, monkeypatch)
    ratings = rated(ports, sheet, holders, tmp_path / "files", by_accuracy, by_accuracy)
    examples = manifest(ports, evaluations[0], EvaluationManifest).inputs.examples
    return CorpusRef(manifest(ports, examples, ExamplesManifest).inputs.corpus), ratings, holders


def test_questions_that_gates_ask_never_teach(
    ports: fakes.FakePorts, corpus_and_ratings: tuple[CorpusRef, RatingsRef, list[str]]
) -> None:
    corpus, ratings, _ = corpus_and_ratings
    assert steps.build_rated_pairs((ratings,), corpus, ports=ports) is None, "the shipped plans ask new-knowledge"
    with pytest.raises(UsageError, match="name the ratings"):
        steps.build_rated_pairs((), corpus, ports=ports)


def test_pairs_of_raters_teach_stay_beside_users_pairs_and_go_with_their_rater(
    ports: fakes.FakePorts,
    corpus_and_ratings: tuple[CorpusRef, RatingsRef, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus, ratings, holders = corpus_and_ratings
    monkeypatch.setattr(fakes.FakePorts, "plan", lambda ports: Plan(plans={"first": (ABSENT,)}))
    pairs = steps.build_rated_pairs((ratings,), corpus, ports=ports)
    built = every(ports, pairs)
    assert len(built) > 5
    assert {pair.identity for pair in built} == {holders[0]}
    assert all(pair.document_ids for pair in built)
    assert not {pair.question for pair in rows(ports, pairs, "train")} & {
        pair.question for pair in rows(ports, pairs, "heldout")
    }
    steps.validate(pairs, "pairs", ports=ports)
    assert steps.build_rated_pairs((ratings,), corpus, ports=ports) == pairs

    feedback = steps.collect_feedback(END, ports=ports)
    steps.validate(feedback, "feedback", ports=ports)
    assert steps.build_pairs(feedback, corpus, pairs, ports=ports) is None, "users said nothing, so nothing changed"

    again = steps.build_rated_pairs((ratings,), corpus, pairs, ports=ports)
    assert every(ports, again) == built, "they replace those that were there"
    erasure = steps.erase("a request", "Dr. A", identity=holders[0], ports=ports)
    assert set(erasure.pairs) == {pairs, again}
    later = steps.build_rated_pairs((ratings,), corpus, PairsRef(str(again)), ports=ports)
    assert later is None, "one rater alone makes no consensus"
    assert manifest(ports, PairsRef(str(pairs)), PairsManifest).outcome.train > 0
    steps.verify(ports=ports)
