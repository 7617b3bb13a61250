"""A small part of the real data through the verbs, as commands. docs/real-data.md shows the whole of it."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
from pathlib import Path

import pytest

from medpipe.cli import main
from medpipe.sandbox.tiny_base import Pretraining, make_tiny_base
from tests.places import DATA, ROOT

pytestmark = pytest.mark.slow

RECIPE = """
name: slice
summary: A slice of real questions on a small base.
method: sft
base: medpipe-sandbox/tiny-llama
data: {sources: {mplus: 1.0, pmid: 1.0, medquad: 1.0}, max_answer_chars: 90, safety_examples: false}
quantization: {bnb_4bit_use_double_quant: false}
lora: {r: 32, lora_alpha: 64}
trainer: {num_train_epochs: 30, per_device_train_batch_size: 8, learning_rate: 0.004, warmup_steps: 10,
          lr_scheduler_type: cosine, max_length: 256, completion_only_loss: true, bf16: false,
          gradient_checkpointing: false, save_strategy: "no"}
benchmarks: [new-knowledge]
max_new_tokens: 80
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Real files in folders, a small base, and settings that point to them."""
    if not (DATA / "medquad").is_dir():
        pytest.skip("no real data beside the checkout (medquad, pubmed_xml, medlineplus_xml)")
    curated, recipes = tmp_path / "curated" / "medquad", tmp_path / "recipes"
    curated.mkdir(parents=True)
    with gzip.open(DATA / "medquad" / "6_NINDS_QA.jsonl.gz", "rt", encoding="utf-8") as lines:
        (curated / "6_NINDS_QA.jsonl").write_text("".join(itertools.islice(lines, 8)))
    shutil.copytree(ROOT / "medpipe" / "recipes", recipes)
    (recipes / "slice.yaml").write_text(RECIPE)
    make_tiny_base(tmp_path / "models", pretraining=Pretraining(topics=30, articles=5, steps=60))
    for name, value in {
        "HOME": tmp_path / "home",
        "MODELS": tmp_path / "models",
        "RECIPES": recipes,
        "CURATED": curated.parent,
        "MEDLINEPLUS_URL": (DATA / "medlineplus_xml").as_uri(),
        "PUBMED_URL": (DATA / "pubmed_xml").as_uri(),
    }.items():
        monkeypatch.setenv(f"MEDPIPE_{name}", str(value))
    return tmp_path / "home"


@pytest.mark.timeout(600)
def test_real_documents_become_a_model_that_knows_them(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def medpipe(*arguments: str) -> str:
        status = main(arguments)
        output = capsys.readouterr()
        assert status == 0, output.err[-2000:]
        return output.out.strip().splitlines()[-1]

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
    known = {}
    for model in ("base", adapter):
        evaluation = medpipe("evaluate", "--model", model, "--recipe", "slice", "--examples", examples)
        manifest = json.loads((home / "artifacts" / evaluation / "manifest.json").read_text())
        known[model] = manifest["outcome"]["metrics"]["new-knowledge"]
    assert known["base"]["value"] < 0.05
    assert known[adapter]["low"] > known["base"]["value"]
