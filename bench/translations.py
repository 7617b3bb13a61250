"""How many planted translations of benchmark questions are found, and how many other questions are joined wrongly.

    python -m bench.translations [--data ../shared/data]       needs the extra `embed`

Prints the rows of the table in docs/data-quality.md. The threshold was chosen on `translations.txt` (short questions),
`translations_exams.txt` (with options), the French twins of triage items and the questions of FrenchMedMCQA's file
`dev`. `translations_held_out.txt` and `translations_exams_held_out.txt` have others, on which nothing may be tuned.
Real French examination questions translate none of the real English ones, so each that joins one is joined wrongly.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from medpipe.backends.e5_embedder import E5Embedder
from medpipe.core.corpus.document import Document
from medpipe.core.intervals import wilson
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.interrogatives import OPTIONS, kind_of
from medpipe.core.teaching.options import parted, with_options
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.translations import Meanings, Vectors
from medpipe.settings import Settings

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
THRESHOLD = 3.3
_NOWHERE = Origin.of(Document(id="bench:1", revision=1, source="bench", title="", published=date(2020, 1, 1)))


def pairs(name: str) -> list[list[str]]:
    """Return the lines of a file of translations, each with its parts."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" | ") for line in lines if line and line[0] != "#"]


def triage_twins() -> list[tuple[str, str]]:
    """Return the triage cases that have a French twin, with it."""
    path = Settings().recipes / "data" / "triage.yaml"
    return [(case["en"], case["fr"]) for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]]


def real(path: Path, question: Callable[[Any], str]) -> list[str]:
    """Return the questions of a published set; none where its file is not there."""
    if not path.is_file():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [question(json.loads(line)) for line in stream]


def _as_taught(row: Any) -> str:
    return with_options(row["question"], [row["answers"][letter] for letter in sorted(row["answers"])])


class Remembering:
    """Embeds a text once."""

    def __init__(self) -> None:
        """Load the model at the first text."""
        self._model, self._known = E5Embedder(), dict[str, Vectors]()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return what `ports.Embedder.embed` returns."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known |= dict(zip(new, self._model.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def joined(
    embed: Remembering, items: Sequence[str], texts: Iterable[str], language: str, written: str = "en"
) -> list[frozenset[int]]:
    """Return for each text the numbers of the items that it would be left out for."""
    facts = [Fact(_NOWHERE, "question", text, "It is so.", language=language) for text in texts]
    meanings = Meanings({str(number): [item] for number, item in enumerate(items)}, embed, lambda _: (written, 1.0))
    found = meanings.translated(facts, THRESHOLD)
    return [frozenset(map(int, found.get(number, ()))) for number in range(len(facts))]


def row(name: str, hits: int, texts: int) -> str:
    """Return a row of the table: how many texts, and the share with its interval of 95 %."""
    low, high = wilson(hits / texts, texts)
    return f"| {name} | {texts:,} | {100 * hits / texts:.1f} % ({100 * low:.1f}–{100 * high:.1f}) |"


def _recall(embed: Remembering, name: str, pairs: Sequence[Sequence[str]], language: str) -> None:
    """Print how many translations are found among all items of a list."""
    found = joined(embed, [item for item, _ in pairs], [text for _, text in pairs], language)
    print(row(f"found: {name}", sum(number in items for number, items in enumerate(found)), len(pairs)))
    others = sum(len(items - {number}) > 0 for number, items in enumerate(found))
    print(row("of these, joined to another question as well", others, len(pairs)))


def _wrong(embed: Remembering, name: str, items: Sequence[str], texts: Sequence[str]) -> None:
    """Print how many unrelated French questions join an item, and those that ask for no option."""
    found = joined(embed, items, texts, "fr")
    print(row(f"wrongly joined: {name}, {len(items)} English questions", sum(map(bool, found)), len(texts)))
    open_ones = [items for text, items in zip(texts, found, strict=True) if kind_of(parted(text)[0]) != OPTIONS]
    print(row("of these, without an examination's phrase", sum(map(bool, open_ones)), len(open_ones)))


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    data: Path = parser.parse_args().data
    embed = Remembering()
    short, held_out = pairs("translations.txt"), pairs("translations_held_out.txt")
    for language, name in (("fr", "French"), ("es", "Spanish")):
        _recall(embed, f"short questions, {name}", [line[1:] for line in short if line[0] == language], language)
    _recall(embed, "triage cases, French", triage_twins(), "fr")
    _recall(embed, "examinations with options, French", pairs("translations_exams.txt"), "fr")
    _recall(embed, "held out, French", [line[:2] for line in held_out], "fr")
    _recall(embed, "held out, Spanish", [line[::2] for line in held_out], "es")
    _recall(embed, "held out, examinations with options, French", pairs("translations_exams_held_out.txt"), "fr")
    english = [
        *real(data / "pubmedqa" / "pqal_nontest_500.jsonl.gz", lambda row: str(row["QUESTION"])),
        *real(data / "mediqa2019" / "alexa_ranked_answers.jsonl.gz", lambda row: str(row["question"])),
        *real(data / "ultramedical_examples" / "examples.jsonl.gz", lambda row: str(row["conversations"][0]["value"])),
    ]
    lists = [*held_out, *pairs("translations_exams_held_out.txt")]
    for part in ("dev", "train"):
        if texts := real(data / "frenchmedmcqa" / f"{part}.jsonl.gz", _as_taught):
            _wrong(embed, f"FrenchMedMCQA {part}, held-out lists", [question for question, *_ in lists], texts)
            if english:
                _wrong(embed, f"FrenchMedMCQA {part}, published sets", english, texts)


if __name__ == "__main__":
    main()
