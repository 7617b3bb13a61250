"""Near-duplicates among 200,000 texts: medpipe's clusters beside datasketch's plain loop, on the same file.

The loop is that of datasketch's documentation (`MinHash.update` for each shingle, `MinHashLSH.query` and
`insert` for each text, what the query finds is a twin), with as many permutations and the same bands, so that
both can find the same twins. Each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.texts import changed, from_template, peak_mb, text, vocabulary

NAME = "near_duplicates"
TEXTS = 200_000
THRESHOLD = 0.8
RECALL = 0.98
PLANTED = 0.05
"""Share of the texts that are a changed copy of another: of these, four in five above the threshold."""


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds, peak memory, recall and precision of both; raises RuntimeError when ours misses twins."""
    count = TEXTS // (100 if options.quick else 1)
    file = options.folder / "texts.json"
    pairs = _write(file, count)
    figures: dict[str, Any] = {"texts": count, "threshold": THRESHOLD, "planted_twins": len(pairs)}
    for which in ("ours", "peer"):
        figures[which] = _run(which, file, pairs)
    figures["times_faster"] = round(figures["peer"]["seconds"] / figures["ours"]["seconds"], 1)
    if figures["ours"]["recall"] < RECALL or figures["ours"]["precision"] < 1:
        raise RuntimeError(f"near-duplicates came out wrong: {figures['ours']}")
    return figures


def rows(figures: dict[str, Any]) -> list[str]:
    ours, peer = figures["ours"], figures["peer"]
    return [
        f"| near-duplicates among {figures['texts']:,} texts | {ours['seconds']} s, "
        f"**{figures['times_faster']} ×** as fast as datasketch's loop ({peer['seconds']} s) |",
        f"| of {figures['planted_twins']:,} planted twins (Jaccard {figures['threshold']} to 0.95) found | "
        f"{ours['recall']:.2%}, none wrongly joined (datasketch's unchecked candidates: {peer['recall']:.2%}, "
        f"{1 - peer['precision']:.0%} of the joins wrong) |",
        f"| peak memory of that | {ours['peak_mb']} MB (datasketch: {peer['peak_mb']} MB) |",
    ]


def _write(file: Path, count: int) -> dict[int, int]:
    """Write the texts; returns twin → original of those whose exact similarity reaches the threshold."""
    chance = np.random.default_rng(20260303)
    known = vocabulary(chance)
    originals = count - int(count * PLANTED)
    texts = [
        text(chance, known, (40, 160)) if number % 10 else from_template(chance, known) for number in range(originals)
    ]
    planted = {}
    for original in chance.choice(originals, count - originals, replace=False).tolist():
        twin = changed(chance, known, texts[original], chance.choice([0.7, 0.95, 0.9, 0.85, 0.82]))
        if _similarity(twin, texts[original]) >= THRESHOLD:
            planted[len(texts)] = original
        texts.append(twin)
    order = chance.permutation(count)
    place = np.argsort(order)
    file.write_text(json.dumps([" ".join(texts[index]) for index in order]), encoding="utf-8")
    return {int(place[twin]): int(place[original]) for twin, original in planted.items()}


def shingles(words: list[str]) -> set[str]:
    return {" ".join(words[place : place + 3]) for place in range(max(1, len(words) - 2))}


def _similarity(one: list[str], other: list[str]) -> float:
    mine, yours = (shingles(" ".join(words).casefold().split()) for words in (one, other))
    return len(mine & yours) / len(mine | yours)


def _run(which: str, file: Path, pairs: dict[int, int]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.near_duplicates", which, file], capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    clusters = answer.pop("clusters")
    texts = [each.casefold().split() for each in json.loads(file.read_text(encoding="utf-8"))]
    joined = [(index, first) for index, first in enumerate(clusters) if index != first]
    right = sum(_similarity(texts[index], texts[first]) >= THRESHOLD for index, first in joined)
    return {
        **answer,
        "recall": round(
            sum(clusters[twin] == clusters[original] for twin, original in pairs.items()) / max(1, len(pairs)), 4
        ),
        "precision": round(right / max(1, len(joined)), 4),
    }


def _ours(texts: list[str]) -> list[int]:
    from medpipe.backends.rensa_duplicates import RensaDuplicates

    return RensaDuplicates().clusters(texts, THRESHOLD)


def _peer(texts: list[str]) -> list[int]:
    from datasketch import MinHash, MinHashLSH

    from medpipe.backends.rensa_duplicates import PERMUTATIONS, _rows_per_band

    length = _rows_per_band(THRESHOLD)
    index = MinHashLSH(num_perm=PERMUTATIONS, params=(PERMUTATIONS // length, length))
    first: list[int] = []
    for number, each in enumerate(texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        for shingle in shingles(re.findall(r"\w+", each.casefold())):
            sketch.update(shingle.encode())
        first.append(min((first[twin] for twin in index.query(sketch)), default=number))
        index.insert(number, sketch)
    return first


def _child(which: str, file: str) -> None:
    texts = json.loads(Path(file).read_text(encoding="utf-8"))
    started = time.perf_counter()
    clusters = {"ours": _ours, "peer": _peer}[which](texts)
    seconds = round(time.perf_counter() - started, 1)
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), "clusters": clusters}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
