"""Judge triage by what a model must beat, and by models: `make bench-triage`.

    python -m bench.triage [--model REF …] [--recipe NAME] [--cases N] [--quick]

The held-out cases of the benchmark `triage` are asked in their 48 wordings. Two baselines answer: the red flags alone,
and letters, a logistic regression on runs of one to five characters that was trained on the texts of the cases that
may be taught. `--model` adds `base`, adapters or versions, asked as they would serve. Results go to
bench/results/triage.json and into docs/triage.md. A row of a model stays until it is measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.measuring import machine, replace_between
from bench.triage_table import figures_of, table
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample, Score
from medpipe.core.teaching import questions
from medpipe.core.teaching.phrasings import TRIAGE
from medpipe.core.teaching.triage_samples import triage_samples
from medpipe.core.triage.case import LANGUAGES, Case
from medpipe.core.triage.labels import IMMEDIATE, LABELS, MEDIUM
from medpipe.ports import Ports
from medpipe.settings import Settings
from medpipe.sources.curated import triage as shipped
from medpipe.steps.contract import contract_of
from medpipe.steps.evaluation import answers_to, score_of
from medpipe.steps.models import adapter_of
from medpipe.wiring import Wiring

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "triage.json"
PAGE, BEGIN, END = (
    ROOT / "docs" / "triage.md",
    "<!-- figures: written by make bench-triage -->",
    "<!-- end of figures -->",
)
TAUGHT = ROOT / "medpipe" / "recipes" / "data" / "triage.yaml"
SEEN = 32
"""The highest number of a case that was in view when the first red flags were written; for vital signs, all were."""
BASELINES = ("red flags alone", "letters")

Answers = list[str]


def main() -> int:
    """Judge the baselines and the models that were named, record the figures and print the table."""
    options = _options()
    ports = Wiring(Settings())
    benchmark = ports.benchmark("triage")
    cases = chosen(benchmark.cases, options.cases or (2 if options.quick else None))
    samples = list(triage_samples(benchmark.name, cases, ports.guardrails.red_flags))
    answered: dict[str, Callable[[], Answers]] = {
        BASELINES[0]: lambda: by_red_flags(samples, ports),
        BASELINES[1]: lambda: by_letters(samples, taught()),
        **{model: partial(by_model, model, samples, options.recipe, ports) for model in options.model},
    }
    scores = {}
    for name, answer in answered.items():
        _report(f"{name}: {len(samples)} texts")
        scores[name] = scored(benchmark, samples, answer(), ports, alone=name in BASELINES)
    figures = dict(_figures(scores, whole=len(cases) == len(benchmark.cases)))
    if not options.quick and not options.cases:
        figures = record(figures)
        replace_between(PAGE, BEGIN, END, table(figures))
    print(table(figures))
    return 0


def chosen(cases: Sequence[Case], each: int | None) -> list[Case]:
    """Return the first `each` cases of every label; all of them for None."""
    return [case for label in LABELS for case in [case for case in cases if case.label == label][:each]]


def taught() -> list[tuple[str, str]]:
    """Return (question, label) of every case that may be taught, in each language, asked as held-out cases are."""
    rows = [row for _, row in shipped.shipped(TAUGHT)[1]]
    return [(questions.held_out(TRIAGE, row["question"], row["language"])[0], row["label"]) for row in rows]


def by_red_flags(samples: Sequence[Sample], ports: Ports) -> Answers:
    """Return `immediate` where an account has a red flag, and `medium` where it has none."""
    red_flags = ports.guardrails.red_flags
    return [IMMEDIATE if red_flags and red_flags.found(sample.question) else MEDIUM for sample in samples]


def by_letters(samples: Sequence[Sample], examples: Sequence[tuple[str, str]]) -> Answers:
    """Return what a logistic regression on runs of letters says, trained on (question, label)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True),
        LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000),
    )
    model.fit([question for question, _ in examples], [label for _, label in examples])
    return [str(label) for label in model.predict([sample.question for sample in samples])]


def by_model(model: str, samples: Sequence[Sample], recipe: str, ports: Ports) -> Answers:
    """Return what a version chooses as it serves; `base` or an adapter, as a recipe asks it."""
    contract = contract_of(ports, model, ports.recipe(recipe))
    return answers_to(samples, ports, ports.generator, contract, adapter_of(ports, model))


def scored(benchmark: Benchmark, samples: Sequence[Sample], answers: Answers, ports: Ports, alone: bool) -> list[Score]:
    """Return the scores of the answers, as served, or of the answers `alone`, without guardrails and red flags."""
    asked = benchmark.model_copy(update={"through": "model"}) if alone else benchmark
    return [score_of(asked, sample, answer, ports) for sample, answer in zip(samples, answers, strict=True)]


def _figures(scores: Mapping[str, Sequence[Score]], whole: bool) -> Iterator[tuple[str, Any]]:
    """Yield the name and the figures of each row; the red flags have a second one, on the later cases."""
    baselines = [scores[name] for name in BASELINES]
    for name, given in scores.items():
        yield name, figures_of(given, [] if name in BASELINES else baselines)
    if whole:
        later = [score for score in scores[BASELINES[0]] if int(score.cluster[1:]) > SEEN]
        yield "red flags alone, the later 164 cases", figures_of(later, [])


def record(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Write the figures beside those of models that were not measured now, and return all of them."""
    known = json.loads(RESULT.read_text(encoding="utf-8"))["rows"] if RESULT.is_file() else {}
    rows = {**known, **figures}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    whole = {"machine": machine(), "languages": list(LANGUAGES), "rows": rows}
    RESULT.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    return rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.triage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", default=[], metavar="REF", help="base, adapter/… or version/…")
    parser.add_argument("--recipe", default="smollm2-medquad", help="how `base` and bare adapters are asked")
    parser.add_argument("--cases", type=int, help="so many cases of each label only; nothing is recorded")
    parser.add_argument("--quick", action="store_true", help="two cases of each label; nothing is recorded")
    return parser.parse_args()


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
