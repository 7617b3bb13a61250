"""A fact that changed keeps the answer that was taught before, and an evaluation counts who still says it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import AdapterManifest, EvaluationManifest, MeasurementManifest
from medpipe.core.refs import ref
from medpipe.core.teaching.evidence_twins import evidence_twins
from medpipe.errors import NotFound
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from tests import fakes
from tests.manifests import put
from tests.steps.answering import Answering
from tests.steps.conftest import DAY_1, DAY_2, publish, topic

NEXT_YEAR, LATER = date(2027, 3, 3), date(2027, 3, 4)


class Line:
    """Trainings of one model, each on what the corpus says after some documents came."""

    def __init__(self, ports: fakes.FakePorts) -> None:
        self.ports = ports
        self.corpus: str | None = None
        self.model: str = "base"

    def learn(self, documents: Sequence[Document], start: date, end: date) -> str:
        """The examples of the next training, as the incumbent's own."""
        publish(self.ports, documents)
        pulled = steps.validate(steps.pull("medlineplus", start, end, ports=self.ports), "documents", ports=self.ports)
        self.corpus = steps.build_corpus((pulled,), self.corpus, ports=self.ports)
        built = steps.build_examples(self.corpus, "tiny-sft", since=self.model, knows=self.model, ports=self.ports)
        before, self.model = self.model, ref("adapter", [built])
        put(self.ports.store, self.model, data=built, start_from=before)
        return built


@pytest.fixture
def line(ports: fakes.FakePorts) -> Line:
    """A model that learned six treatments, and causes beside them."""
    line = Line(ports)
    line.learn([topic(number) for number in range(6, 12)], DAY_1, DAY_2)
    return line


def asked(ports: fakes.FakePorts, examples: str, benchmark: str = "new-knowledge") -> list[Sample]:
    return list(records.read(ports.store.folder(examples) / "benchmarks" / f"{benchmark}.jsonl", Sample))


def revised(drug: str, day: date) -> list[Document]:
    return [topic(number, day, drug) for number in range(6, 11)]


def test_a_changed_fact_keeps_the_answer_that_the_incumbent_was_taught(line: Line) -> None:
    samples = asked(line.ports, line.learn(revised("velomab", NEXT_YEAR), NEXT_YEAR, LATER))
    assert {sample.slot for sample in samples} == {"velomab"}, "the causes did not change"
    assert len({sample.stale_slot for sample in samples}) == 5
    assert all(sample.stale_slot.endswith("omib") and sample.stale_slot in sample.stale for sample in samples)
    assert {sample.changed for sample in samples} == {2027}
    assert all("changed 2027" in sample.slices for sample in samples)

    replaced = [twin for twin in evidence_twins(samples) if twin.condition == "replaced"]
    assert {(twin.context, twin.slot, twin.rejected) for twin in replaced} == {
        (sample.stale, sample.stale_slot, "velomab") for sample in samples
    }, "the other passage is what the earlier revision said"


def test_an_evaluation_and_its_measures_count_who_still_gives_the_earlier_answer(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = line.ports
    examples = line.learn(revised("velomab", NEXT_YEAR), NEXT_YEAR, LATER)
    samples = asked(ports, examples)
    recipe = ports.recipe("tiny-sft").model_copy(update={"benchmarks": ("new-knowledge",)})
    monkeypatch.setattr(ports, "recipe", lambda name: recipe, raising=False)
    evaluations = {}
    for model, says in ((line.model, "target"), ("base", "stale")):
        monkeypatch.setattr(
            fakes.FakePorts, "generator", Answering({one.question: getattr(one, says) for one in samples})
        )
        evaluations[says] = steps.evaluate(model, "tiny-sft", examples, ports=ports)
    for says, share in (("target", 0.0), ("stale", 1.0)):
        figures = manifest(ports, evaluations[says], EvaluationManifest).outcome.figures["new-knowledge"]
        for name in ("new-knowledge stale", "new-knowledge stale since 2027"):
            stale = figures[name]
            assert (stale.value, stale.n, stale.clusters) == (share, len(samples), 5)
            assert stale.high > stale.low
        assert scores_of(ports, evaluations[says]).metrics["new-knowledge"].value == 1.0 - share

    measurement = steps.measure(evaluations["target"], evaluations["stale"], False, ports=ports)
    measures = {one.name: one for one in manifest(ports, measurement, MeasurementManifest).outcome.measures}
    for name in ("stale", "stale_since_2027"):
        measure = measures[name]
        assert (measure.better, measure.before.value, measure.after.value) == ("lower", 1.0, 0.0)
        assert (measure.n, measure.clusters) == (len(samples), 5)


def test_old_facts_keep_the_answer_before_their_last_change_with_its_year(line: Line) -> None:
    line.learn(revised("velomab", NEXT_YEAR), NEXT_YEAR, LATER)
    later = [topic(20, date(2028, 1, 1)), *(document for document in revised("velomab", date(2028, 1, 1)))]
    samples = asked(line.ports, line.learn(later, date(2028, 1, 1), date(2028, 1, 2)), "old-knowledge")
    treated = [sample for sample in samples if sample.slot == "velomab"]
    assert treated and all(sample.stale_slot.endswith("omib") for sample in treated)
    assert {sample.changed for sample in treated} == {2027}, "the year in which the answer changed, not the document"
    assert not any(sample.stale for sample in samples if sample not in treated), "what never changed has no other"


def test_what_did_not_change_is_written_as_before(line: Line) -> None:
    examples = line.learn([topic(number, DAY_2) for number in range(12, 15)], DAY_2, NEXT_YEAR)
    for benchmark in ("new-knowledge", "old-knowledge"):
        file = line.ports.store.folder(examples) / "benchmarks" / f"{benchmark}.jsonl"
        assert file.stat().st_size and b"stale" not in file.read_bytes() and b"changed" not in file.read_bytes()


def test_where_the_earlier_examples_were_swept_the_question_is_asked_without(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught = manifest(line.ports, line.model, AdapterManifest).outcome.data
    folder = line.ports.store.folder

    def swept(ref: str) -> Path:
        if ref == taught:
            raise NotFound(f"{ref} was swept")
        return folder(ref)

    monkeypatch.setattr(line.ports.store, "folder", swept)
    examples = line.learn(revised("velomab", NEXT_YEAR), NEXT_YEAR, LATER)
    assert {(sample.slot, sample.stale) for sample in asked(line.ports, examples)} == {("velomab", "")}
