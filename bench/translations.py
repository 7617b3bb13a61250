"""How many planted translations of benchmark questions an embedding finds, and how many other questions it takes.

    python -m bench.translations        needs the extra `embed`

`translations.txt` has questions of the benchmarks and their translations; the triage items have French twins.
`translations_held_out.txt` has 150 others in three languages, on which no threshold may be tuned. French
examination questions, where they are at hand, translate none of them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from medpipe.backends.e5_embedder import E5Embedder
from medpipe.settings import Settings

HERE = Path(__file__).resolve().parent
EXAMS = HERE.parents[1] / "shared" / "data" / "frenchmedmcqa" / "dev.jsonl.gz"
THRESHOLDS = (0.84, 0.85, 0.86, 0.87)


def main() -> None:
    """Print the share of texts with a cosine of at least each threshold to a question of the other language."""
    embed = E5Embedder().embed
    lines = [line for line in (HERE / "translations.txt").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    planted = [line.split(" | ") for line in lines if line]
    items = yaml.safe_load((Settings().recipes / "data" / "triage.yaml").read_text(encoding="utf-8"))["items"]
    cases = {item["id"]: item["question"] for item in items}
    twins = [(item["question"], cases[item["counterpart"]]) for item in items if item["language"] == "en"]
    asked = embed([question for _, question, _ in planted] + [case for case, _ in twins])
    groups: dict[str, Sequence[str]] = {
        language: [text for other, _, text in planted if other == language] for language in ("fr", "es")
    }
    lines = (HERE / "translations_held_out.txt").read_text(encoding="utf-8").splitlines()
    held_out = [line.split(" | ") for line in lines if line[:1] != "#"]
    asked = np.concatenate([asked, embed([question for question, *_ in held_out])])
    groups["held out, French"] = [french for _, french, _ in held_out]
    groups["held out, Spanish"] = [spanish for *_, spanish in held_out]
    groups["triage cases"] = [twin for _, twin in twins]
    if EXAMS.is_file():
        with gzip.open(EXAMS, "rt", encoding="utf-8") as stream:
            groups["French examinations (none is one)"] = [json.loads(line)["question"] for line in stream]
    for name, texts in groups.items():
        nearest = (embed(texts) @ asked.T).max(axis=1)
        shares = ", ".join(f"{(nearest >= threshold).mean():.3f} at {threshold}" for threshold in THRESHOLDS)
        print(f"{name}: {len(texts)} texts; {shares}")


if __name__ == "__main__":
    main()
