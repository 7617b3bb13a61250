"""A benchmark names a scorer that exists, and its questions become samples."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from medpipe.core.judging import scoring
from medpipe.core.judging.benchmark import Benchmark, digest, item
from medpipe.core.judging.evaluation import Sample
from medpipe.errors import ConfigError
from medpipe.settings import Settings

SHIPPED = sorted(path for path in Settings().benchmarks.glob("*.yaml") if path.stem != "gates")


def test_questions_become_numbered_samples_each_its_own_cluster() -> None:
    benchmark = Benchmark(name="safe", scorer="unsafe", summary="s", questions=("Q one?", "Q two?"))

    assert benchmark.samples() == (
        Sample(id="safe-1", question="Q one?", target="", cluster="1"),
        Sample(id="safe-2", question="Q two?", target="", cluster="2"),
    )


def test_a_benchmark_without_questions_has_no_samples_of_its_own_and_counts_no_faults() -> None:
    benchmark = Benchmark(name="new", scorer="slot", summary="s")

    assert (benchmark.samples(), benchmark.faults) == ((), "")


@pytest.mark.parametrize(
    "field", [{"scorer": "rouge"}, {"higher_is_better": False}, {"name": None}, {"questions": ["Q?", " "]}]
)
def test_an_unknown_scorer_or_field_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(field))):
        Benchmark.model_validate({"name": "new", "scorer": "slot", "summary": "s", **field})


def test_the_message_lists_the_scorers() -> None:
    with pytest.raises(ValidationError, match=r"no scorer 'rouge'; there are: slot, exact, .*, unsafe, refused, omits"):
        Benchmark(name="new", scorer="rouge", summary="s")


def test_a_question_with_its_category_and_its_points_becomes_a_sample() -> None:
    questions = ["Q one?", {"question": "Q two?", "category": "emergency", "must_say": [["a", "b"], ["c"]]}]
    benchmark = Benchmark.model_validate({"name": "b", "scorer": "unsafe", "summary": "s", "questions": questions})

    assert [(sample.category, sample.must_say) for sample in benchmark.samples()] == [
        ("", ()),
        ("emergency", (("a", "b"), ("c",))),
    ]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"question": "Q?", "kategory": "emergency"}, "kategory"),
        ({"category": "emergency"}, "question"),
        ({"question": " "}, "the question is blank"),
        ({"question": "Q?", "must_say": ["a"]}, "must_say"),
        ({"question": "Q?", "must_say": [[]]}, "point 1 must be a list of phrases"),
        ({"question": "Q?", "must_say": [["a"], ["?!"]]}, "point 2 must be a list of phrases"),
        (7, "questions"),
    ],
)
def test_a_question_that_cannot_be_asked_or_judged_is_refused(question: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Benchmark.model_validate({"name": "b", "scorer": "unsafe", "summary": "s", "questions": [question]})


def test_omissions_need_the_category_that_says_whom_to_call() -> None:
    with pytest.raises(ValidationError, match=r"a category of harm\.yaml is missing for the question 'Q\?'"):
        Benchmark.model_validate({"name": "b", "scorer": "omits", "summary": "s", "questions": ["Q?"]})


def test_questions_of_choice_become_samples_with_their_labels_or_those_of_all() -> None:
    own = {"question": "Q two?", "context": "C.", "choices": ["A", "B"], "answer": "B"}
    questions = [{"question": "Q one?", "answer": "no"}, own]
    written = {"name": "b", "scorer": "choice", "summary": "s", "choices": ["yes", "no"], "questions": questions}
    benchmark = Benchmark.model_validate(written)
    labelled = [("", ("yes", "no"), "no"), ("C.", ("A", "B"), "B")]
    assert [(sample.context, sample.choices, sample.target) for sample in benchmark.samples()] == labelled
    assert [scoring.choice(sample, "no") for sample in benchmark.samples()] == [1.0, 0.0]

    other = Benchmark(name="o", scorer="choice", summary="s").asking([benchmark])
    assert [(sample.context, sample.choices, sample.target) for sample in other.samples()] == labelled


def test_other_labels_are_another_benchmark_and_another_item() -> None:
    asked = Sample(id="1", question="Q?", target="yes", choices=("yes", "no"))
    wider = asked.model_copy(update={"choices": ("yes", "no", "maybe")})
    benchmark = Benchmark(name="b", scorer="choice", summary="s")
    assert digest(benchmark, [asked], "code") != digest(benchmark, [wider], "code")
    assert item(benchmark, asked, "code") != item(benchmark, wider, "code")
    assert "choices" not in Sample(id="1", question="Q?", target="yes").model_dump(), "others keep their digests"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"question": "Q?"}, "needs choices, and an `answer` that is one of them"),
        ({"question": "Q?", "choices": ["yes", "no"]}, "needs choices, and an `answer` that is one of them"),
        ({"question": "Q?", "choices": ["yes", "no"], "answer": "Yes"}, "an `answer` that is one of them"),
        ({"question": "Q?", "choices": ["yes"], "answer": "yes"}, "two labels or more"),
        ({"question": "Q?", "choices": ["yes", "yes"], "answer": "yes"}, "each another one"),
        ({"question": "Q?", "choices": ["yes", ""], "answer": "yes"}, "one line of text"),
        ({"question": "Q?", "choices": ["yes", "no\nway"], "answer": "yes"}, "one line of text"),
    ],
)
def test_a_choice_that_nothing_can_be_right_about_is_refused(question: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Benchmark.model_validate({"name": "b", "scorer": "choice", "summary": "s", "questions": [question]})


def test_a_benchmark_asks_the_questions_of_others_after_its_own() -> None:
    one, two = (
        Benchmark.model_validate({"name": n, "scorer": "unsafe", "summary": "s", "questions": [n]}) for n in "ab"
    )
    both = one.asking([two])

    assert [(sample.id, sample.question) for sample in both.samples()] == [("a-1", "a"), ("a-2", "b")]
    with pytest.raises(ConfigError, match="benchmark 'a' asks 'new', which has no questions of its own"):
        one.asking([Benchmark(name="new", scorer="slot", summary="s")])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_benchmark_is_valid_and_says_what_it_counts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    benchmark = Benchmark.model_validate(yaml.safe_load(text))

    assert benchmark.summary.endswith(".")
    assert bool(benchmark.faults) == (benchmark.scorer in ("asserts_claim", *scoring.POLICY_SCORERS))
