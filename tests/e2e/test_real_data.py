"""A small slice of real input through the verbs, each as its own command: what docs/real-data.md shows at length."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medpipe.sandbox.tiny_base import Plan, make_tiny_base
from tests.contract.nlm_server import DATA, ROOT

pytestmark = pytest.mark.slow

RECIPE = """
name: slice
summary: A slice of real questions on a small base.
method: sft
base: medpipe-sandbox/tiny-llama
data: {sources: {mplus: 1.0, pmid: 1.0, medquad: 1.0}, max_answer_chars: 90, safety_examples: false}
quantization: {bnb_4bit_use_double_quant: false}
lora: {r: 32, lora_alpha: 64}
trainer: {num_train_epochs: 40, per_device_train_batch_size: 8, learning_rate: 0.004, warmup_steps: 10,
          lr_scheduler_type: cosine, max_length: 256, completion_only_loss: true, bf16: false,
          gradient_checkpointing: false, save_strategy: "no"}
benchmarks: [new-knowledge]
max_new_tokens: 80
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Real files in folders, a base made for the occasion, and the settings that point there."""
    if not (DATA / "medquad").is_dir():
        pytest.skip("no real data beside the checkout (medquad, pubmed_xml, medlineplus_xml)")
    curated, recipes = tmp_path / "curated" / "medquad", tmp_path / "recipes"
    curated.mkdir(parents=True)
    with gzip.open(DATA / "medquad" / "6_NINDS_QA.jsonl.gz", "rt", encoding="utf-8") as lines:
        (curated / "6_NINDS_QA.jsonl").write_text("".join(line for _, line in zip(range(12), lines, strict=False)))
    shutil.copytree(ROOT / "medpipe" / "recipes", recipes)
    (recipes / "slice.yaml").write_text(RECIPE)
    make_tiny_base(tmp_path / "models", plan=Plan(topics=30, articles=5, steps=60))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEDPIPE_")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "MEDPIPE_HOME": str(tmp_path / "home"),
        "MEDPIPE_MODELS": str(tmp_path / "models"),
        "MEDPIPE_RECIPES": str(recipes),
        "MEDPIPE_CURATED": str(curated.parent),
        "MEDPIPE_MEDLINEPLUS_URL": (DATA / "medlineplus_xml").as_uri(),
        "MEDPIPE_PUBMED_URL": (DATA / "pubmed_xml").as_uri(),
    }


def test_real_documents_become_a_model_that_knows_them(environment: dict[str, str]) -> None:
    def medpipe(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "medpipe.cli", *arguments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=250,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip().splitlines()[-1]

    pulls = [
        medpipe("pull", "--source", source, "--start", start, "--end", end)
        for source, start, end in (
            ("medlineplus", "2025-03-04", "2025-03-05"),
            ("pubmed", "2000-01-01", "2100-01-01"),
            ("curated", "2017-01-01", "2017-01-02"),
        )
    ]
    for data in pulls:
        medpipe("validate", "--data", data, "--suite", "documents")
    corpus = medpipe("build-corpus", "--pulls", *pulls)
    examples = medpipe("build-examples", "--corpus", corpus, "--recipe", "slice")
    medpipe("validate", "--data", examples, "--suite", "examples")
    adapter = medpipe("train", "--recipe", "slice", "--data", examples)
    accuracy = {}
    for model in ("base", adapter):
        evaluation = medpipe("evaluate", "--model", model, "--recipe", "slice", "--examples", examples)
        manifest = Path(environment["MEDPIPE_HOME"]) / "artifacts" / evaluation / "manifest.json"
        accuracy[model] = json.loads(manifest.read_text())["facts"]["metrics"]["new-knowledge"]
    assert accuracy["base"]["value"] < 0.05
    assert accuracy[adapter]["low"] > accuracy["base"]["high"]
