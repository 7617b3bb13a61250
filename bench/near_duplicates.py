"""Near-duplicates among 200,000 texts: medpipe's clusters beside datasketch's plain loop, on the same file.

The loop is that of datasketch's documentation: `MinHash.update` for each shingle, then `MinHashLSH.query` and
`insert` for each text, where every candidate of the query counts as a near-duplicate. It uses as many permutations
and the same bands, so that both can find the same pairs. Each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.measuring import peak_mb, run_child, timed
from bench.texts import changed, from_template, text, vocabulary

NAME = "near_duplicates"
TEXTS = 200_000
THRESHOLD = 0.8
RECALL = 0.98
"""The share of planted pairs that medpipe must find for its figure to count."""
PLANTED = 0.05
"""Share of the texts that are a changed copy of another. Four in five of the copies are above the threshold."""


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return seconds, peak memory, recall and precision of both; raises RuntimeError when medpipe misses pairs."""
    count = TEXTS // (100 if options.quick else 1)
    file = options.folder / "texts.json"
    pairs = _write(file, count)
    figures: dict[str, Any] = {"texts": count, "threshold": THRESHOLD, "planted_twins": len(pairs)}
    for which in ("ours", "peer"):
        result = run_child("bench.near_duplicates", which, file)
        clusters = result.pop("clusters")
        figures[which] = {**result, **_judged(clusters, file, pairs)}
    figures["times_faster"] = round(figures["peer"]["seconds"] / figures["ours"]["seconds"], 1)
    if figures["ours"]["recall"] < RECALL or figures["ours"]["precision"] < 1:
        raise RuntimeError(f"near-duplicates came out wrong: {figures['ours']}")
    return figures


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
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
    """Write the texts; return copy → original of the pairs whose exact similarity reaches the threshold."""
    chance = np.random.default_rng(20260303)
    known = vocabulary(chance)
    originals = count - int(count * PLANTED)
    texts = [
        text(chance, known, (40, 160)) if number % 10 else from_template(chance, known) for number in range(originals)
    ]
    planted: dict[int, int] = {}
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
    """Return every three words in a row, as medpipe's near-duplicate search has them."""
    return {" ".join(words[place : place + 3]) for place in range(max(1, len(words) - 2))}


def _similarity(first: list[str], second: list[str]) -> float:
    """Return the Jaccard similarity of the shingles of two texts."""
    left, right = (shingles(" ".join(words).casefold().split()) for words in (first, second))
    return len(left & right) / len(left | right)


def _judged(clusters: list[int], file: Path, pairs: dict[int, int]) -> dict[str, float]:
    """Return recall over the planted pairs, and precision over all joins, by exact similarity.

    `clusters`: for each text, the first text of its cluster.
    """
    texts = [line.casefold().split() for line in json.loads(file.read_text(encoding="utf-8"))]
    joined = [(index, first) for index, first in enumerate(clusters) if index != first]
    right = sum(_similarity(texts[index], texts[first]) >= THRESHOLD for index, first in joined)
    recalled = sum(clusters[copy] == clusters[original] for copy, original in pairs.items())
    return {"recall": round(recalled / max(1, len(pairs)), 4), "precision": round(right / max(1, len(joined)), 4)}


def _ours(texts: list[str]) -> list[int]:
    from medpipe.backends.rensa_duplicates import RensaDuplicates

    return RensaDuplicates().clusters(texts, THRESHOLD)


def _peer(texts: list[str]) -> list[int]:
    from datasketch import MinHash, MinHashLSH

    from medpipe.backends.rensa_duplicates import PERMUTATIONS, _rows_per_band

    length = _rows_per_band(THRESHOLD)
    index = MinHashLSH(num_perm=PERMUTATIONS, params=(PERMUTATIONS // length, length))
    first: list[int] = []
    for number, words in enumerate(texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        for shingle in shingles(re.findall(r"\w+", words.casefold())):
            sketch.update(shingle.encode())
        first.append(min((first[candidate] for candidate in index.query(sketch)), default=number))
        index.insert(number, sketch)
    return first


def _child(which: str, file: str) -> None:
    texts = json.loads(Path(file).read_text(encoding="utf-8"))
    clustered = {"ours": _ours, "peer": _peer}[which]
    seconds, clusters = timed(lambda: clustered(texts))
    print(json.dumps({"seconds": round(seconds, 1), "peak_mb": peak_mb(), "clusters": clusters}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
