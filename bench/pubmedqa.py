"""Teach SmolLM2 PubMedQA, and measure before and after what was published of DistilGPT-2: `make bench-pubmedqa`.

    python -m bench.pubmedqa [--data FOLDER] [--var FOLDER] [--resume]

The verbs run as a user runs them: documents, examples, training, evaluations by vLLM of the base and of what was
trained, and `medpipe measure`. The recipe is `smollm2-pubmedqa`, shortened to what two cores train in a quarter of an
hour (`SHORTENED`). The official test is neither taught nor asked, so the folder needs the authors' list of it
(`test_ground_truth.json`); asked are documents that are never taught. Figures are written to
bench/results/pubmedqa.json and docs/recipes/smollm2-pubmedqa.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from rich.console import Console

from bench import pubmedqa_table
from bench.measuring import machine, replace_between
from medpipe import wiring
from medpipe.core.judging.evaluation import Score
from medpipe.core.judging.measures import Measure, of_scores
from medpipe.core.manifests import AdapterManifest, MeasurementManifest
from medpipe.core.refs import EvaluationRef, ExamplesRef
from medpipe.ports import Ports
from medpipe.sandbox.real import data, servers
from medpipe.sandbox.real.verbs import Verbs
from medpipe.sandbox.servers import models
from medpipe.sandbox.smollm2 import make_smollm2
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from medpipe.steps.samples import held_in

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "pubmedqa.json"
PAGE = ROOT / "docs" / "recipes" / "smollm2-pubmedqa.md"
BEGIN, END = "<!-- figures: written by bench/pubmedqa.py -->", "<!-- end of figures -->"
RECIPE = "smollm2-pubmedqa"
SHORTENED: Mapping[str, Mapping[str, Any]] = {
    "data": {"sources": {"pubmedqa": 0.6}, "unseen": {"pubmedqa": 0.3}, "safety_examples": False},
    "trainer": {
        "num_train_epochs": 1,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "train_sampling_strategy": "group_by_length",
        "learning_rate": 1.0e-3,
        "logging_steps": 1,
        "save_steps": 5,
    },
}
"""What differs from the shipped recipe: a part of the documents, taught once by larger steps, grouped by length."""
BASE, TUNED = "base", "fine-tuned"
ASKED = "unseen"
_EVER = ("--start", "2000-01-01", "--end", "2100-01-01")


def main() -> int:
    """Run the verbs, record the figures and write the table."""
    parser = argparse.ArgumentParser(prog="bench.pubmedqa", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="has pubmedqa/")
    parser.add_argument("--var", type=Path, default=ROOT / "var" / "bench-pubmedqa", help="folder for all state")
    parser.add_argument("--resume", action="store_true", help="go on from what an earlier run made")
    options = parser.parse_args()
    var = options.var.resolve()
    if not options.resume:
        shutil.rmtree(var, ignore_errors=True)
    present = data.lay_out(("pubmedqa",), options.data.resolve(), var / "curated")
    if not present.present:
        parser.error(f"PubMedQA is left out: {present.absent['pubmedqa']}")
    console = Console(stderr=True, width=120)
    make_smollm2(models(ROOT), console.print)
    environment = servers.environment(var, models(ROOT), var / "curated", None)
    environment |= {
        "MEDPIPE_RECIPES": str(shortened(var / "recipes")),
        "MEDPIPE_BENCHMARKS": str(Settings.model_fields["benchmarks"].default),
    }
    found = {"machine": machine(), **measure(Verbs(environment, var / "logs", console), var)}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    replace_between(PAGE, BEGIN, END, pubmedqa_table.table(found))
    print(pubmedqa_table.table(found))
    return 0


def shortened(folder: Path) -> Path:
    """Write the recipes into a folder, that of this bench with `SHORTENED`, and return the folder."""
    shutil.copytree(Settings.model_fields["recipes"].default, folder, dirs_exist_ok=True)
    path = folder / f"{RECIPE}.yaml"
    recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    for block, settings in SHORTENED.items():
        recipe[block] |= settings
    recipe["benchmarks"] = [ASKED]
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return folder


def measure(verbs: Verbs, var: Path) -> dict[str, Any]:
    """Run the verbs and return the figures. Raises VerbFailed, and ServerError when the engine does not start."""
    documents = verbs("pull", "pull", "--source", "pubmedqa", *_EVER)
    verbs("validate the documents", "validate", "--data", documents, "--suite", "documents")
    corpus = verbs("corpus", "build-corpus", "--pulls", documents)
    examples = verbs("examples", "build-examples", "--corpus", corpus, "--recipe", RECIPE)
    verbs("validate the examples", "validate", "--data", examples, "--suite", "examples")
    adapter = verbs("train", "train", "--recipe", RECIPE, "--data", examples)
    engine = servers.engine(verbs.environment, var)
    engine.start()
    try:
        engine.wait_ready()
        asked = ("--recipe", RECIPE, "--examples", examples)
        evaluations = {
            title: EvaluationRef(verbs(f"evaluate: {title}", "evaluate", "--model", model, *asked))
            for title, model in ((BASE, BASE), (TUNED, adapter))
        }
    finally:
        engine.stop()
    measurement = verbs("measure", "measure", "--after", evaluations[TUNED], "--before", evaluations[BASE])
    seconds = {title: verbs.seconds[title] for title in ("train", "evaluate: base", "evaluate: fine-tuned", "measure")}
    return {**collected(_ports(verbs), adapter, ExamplesRef(examples), evaluations, measurement), "seconds": seconds}


def _ports(verbs: Verbs) -> Ports:
    prefix = "MEDPIPE_"
    settings = {
        name.removeprefix(prefix).lower(): value for name, value in verbs.environment.items() if name.startswith(prefix)
    }
    return wiring.ports(Settings.model_validate(settings))


def collected(
    ports: Ports, adapter: str, examples: ExamplesRef, evaluations: Mapping[str, EvaluationRef], measurement: str
) -> dict[str, Any]:
    """Return what the artifacts say: the training, every measure before and after, and the lengths of the answers."""
    trained = manifest(ports, adapter, AdapterManifest).outcome
    measured = manifest(ports, measurement, MeasurementManifest).outcome.measures
    scores = {title: scores_of(ports, ref).scores[ASKED] for title, ref in evaluations.items()}
    samples = {sample.id: sample for sample in held_in(ports, examples, ASKED) if not sample.choices}
    return {
        "training": {"rows": trained.examples, "steps": round(trained.metrics["steps"])},
        "measures": [
            measure.model_dump(mode="json")
            for measure in (*measured, decisions(scores[BASE], scores[TUNED]))
            if measure.benchmark == ASKED
        ],
        "words": {
            "right answers": median(len(sample.target.split()) for sample in samples.values()),
            **{
                title: median(len(score.answer.split()) for score in given if score.sample_id in samples)
                for title, given in scores.items()
            },
        },
    }


def decisions(before: Sequence[Score], after: Sequence[Score]) -> Measure:
    """Return how many of the questions that ask for a decision (yes, no, maybe) two models decide rightly."""
    asked = [(old, new) for old, new in zip(before, after, strict=True) if old.target]
    old, new = ([float(score.answer == score.target) for score in side] for side in zip(*asked, strict=True))
    return of_scores(ASKED, "decisions", old, new, [score.cluster for score, _ in asked])


if __name__ == "__main__":
    sys.exit(main())
