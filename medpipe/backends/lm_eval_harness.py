"""EleutherAI's lm-eval on local task files (Biderman et al. 2024, arXiv:2405.14782)."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from medpipe.base_models import Prepared, locate, nowhere, pretrained
from medpipe.ports import Choosing, Harnessed, Progress

_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"}


class LmEvalHarness:
    """Implements `ports.Harness` with lm-eval's `hf` model and its output type `multiple_choice`.

    It compares the likelihoods of whole choices, without a correction for their length (its metric `acc`).
    """

    def __init__(
        self, models: Path, threads: int = 1, offline: bool = True, batch: int = 8, prepared: Prepared = nowhere
    ) -> None:
        """Prepare; nothing is loaded yet. Arguments as of `TransformersGenerator`."""
        self._models, self._threads, self._offline, self._batch = models, threads, offline, batch
        self._prepared = prepared

    @property
    def version(self) -> str:
        """`lm-eval` and its version."""
        return f"lm-eval {metadata.version('lm-eval')}"

    def run(
        self, base: str, adapter: Path | None, tasks: Mapping[str, Sequence[Choosing]], progress: Progress
    ) -> dict[str, Harnessed]:
        """Run as `ports.Harness` says, with task files in a folder of its own."""
        os.environ.update(_OFFLINE if self._offline else {})  # read when lm-eval and datasets are imported
        import lm_eval
        import torch
        from lm_eval.tasks import TaskManager

        torch.set_num_threads(self._threads)
        place = pretrained(locate(base, self._models, self._offline, self._prepared))
        arguments: dict[str, Any] = {"pretrained": place.pop("pretrained_model_name_or_path"), **place}
        arguments["dtype"] = "float32"
        if adapter is not None:
            arguments["peft"] = str(adapter)
        progress(0.0, f"{self.version}: {sum(map(len, tasks.values()))} questions of {', '.join(tasks)}")
        with TemporaryDirectory() as folder:
            for name, questions in tasks.items():
                _write_task(Path(folder), name, questions)
            results = lm_eval.simple_evaluate(
                "hf",
                model_args=arguments,
                tasks=[_task(name) for name in tasks],
                task_manager=TaskManager(include_path=folder, include_defaults=False),
                batch_size=self._batch,
                device="cuda:0" if torch.cuda.is_available() else "cpu",
            )
        return {name: _harnessed(results, _task(name)) for name in tasks}


def _task(name: str) -> str:
    return f"medpipe_{name.replace('-', '_')}"


def _write_task(folder: Path, name: str, questions: Sequence[Choosing]) -> None:
    """Write the questions of a task as JSON lines, and the file that says how lm-eval asks them."""
    data, task = folder / f"{_task(name)}.jsonl", folder / f"{_task(name)}.yaml"
    data.write_text("".join(f"{json.dumps(question._asdict())}\n" for question in questions), encoding="utf-8")
    content = {
        "task": _task(name),
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(data)}, "cache_dir": str(folder / "cache")},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "prompt",
        "doc_to_choice": "choices",
        "doc_to_target": "right",
        "target_delimiter": "",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    task.write_text(yaml.safe_dump(content), encoding="utf-8")


def _harnessed(results: Mapping[str, Any], task: str) -> Harnessed:
    figures, samples = results["results"][task], sorted(results["samples"][task], key=lambda row: row["doc_id"])
    likelihoods = ([float(answer[0]) for answer in sample["filtered_resps"]] for sample in samples)
    chosen = tuple(max(range(len(given)), key=given.__getitem__) for given in likelihoods)
    return Harnessed(float(figures["acc,none"]), _stderr(figures["acc_stderr,none"]), chosen)


def _stderr(figure: Any) -> float | None:
    """Return a standard error; None for "N/A", which lm-eval writes where it computes none, and for NaN."""
    if isinstance(figure, str):
        return None
    return None if math.isnan(figure) else float(figure)
