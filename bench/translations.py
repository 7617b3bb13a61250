"""How many planted translations of benchmark questions an embedding finds, and how many other questions it takes.

    python -m bench.translations        needs the extra `embed`

`translations.txt` has questions of the benchmarks and their translations; the triage items have French twins.
`translations_held_out.txt` has 150 others in three languages, on which no threshold may be tuned. French
examination questions, where they are at hand, translate none of them; they are compared with each set of questions.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from medpipe.backends.e5_embedder import E5Embedder
from medpipe.core.teaching.interrogatives import Asked, asked
from medpipe.core.teaching.translations import agree
from medpipe.settings import Settings

HERE = Path(__file__).resolve().parent
EXAMS = HERE.parents[1] / "shared" / "data" / "frenchmedmcqa" / "dev.jsonl.gz"
THRESHOLDS = (0.85, 0.86, 0.87)


def _lines(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" | ") for line in lines if line and line[0] != "#"]


def _exams() -> list[str]:
    if not EXAMS.is_file():
        return []
    with gzip.open(EXAMS, "rt", encoding="utf-8") as stream:
        return [json.loads(line)["question"] for line in stream]


def _shares(texts: Sequence[str], cosines: NDArray[np.float32], benchmark: Sequence[Asked]) -> str:
    said = [asked(text) for text in texts]
    shares = []
    for threshold in THRESHOLDS:
        near = (cosines.max(axis=1) >= threshold).mean()
        joined = sum(
            any(agree(float(cosine), threshold, one, other) for cosine, other in zip(row, benchmark, strict=True))
            for one, row in zip(said, cosines, strict=True)
        )
        shares.append(f"{near:.3f} near and {joined / len(texts):.3f} joined at {threshold}")
    return ", ".join(shares)


def main() -> None:
    """Print the share of texts that are near (a cosine), or that join a question (`translations.agree`)."""
    embed = E5Embedder().embed
    planted = _lines("translations.txt")
    items = yaml.safe_load((Settings().recipes / "data" / "triage.yaml").read_text(encoding="utf-8"))["items"]
    cases = {item["id"]: item["question"] for item in items}
    english = [item for item in items if item["language"] == "en" and "counterpart" in item]
    twins = [(item["question"], cases[item["counterpart"]]) for item in english]
    held_out = _lines("translations_held_out.txt")
    for name, benchmark, groups in (
        (
            "development",
            [question for _, question, _ in planted] + [case for _, case in twins],
            {
                "short questions": [text for *_, text in planted],
                "triage cases": [twin for twin, _ in twins],
                "French examinations": _exams(),
            },
        ),
        (
            "held out",
            [question for question, *_ in held_out],
            {
                "French": [french for _, french, _ in held_out],
                "Spanish": [spanish for *_, spanish in held_out],
                "French examinations": _exams(),
            },
        ),
    ):
        asked_for, vectors = [asked(question) for question in benchmark], embed(benchmark)
        for group, texts in groups.items():
            if texts:
                print(f"{name}, {group}: {len(texts)} texts; {_shares(texts, embed(texts) @ vectors.T, asked_for)}")


if __name__ == "__main__":
    main()
