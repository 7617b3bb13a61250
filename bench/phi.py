"""How much protected health information the redactor removes, by type, and what else it removes.

    python -m bench.phi          measure, and write the table into docs/data-quality.md

Identifiers of invented people are planted into sentences in English, French and Spanish. These sentences are no
held-out test: their author also wrote the redactor's patterns, and corrected the patterns until the rows without a
mark were removed. The rows "other wording" and "uncued" are harder, but the patterns were widened after their first
figures too (every date with a day, common given names).

A planted identifier counts as removed when nothing of it is left, neither a part of a name nor digits. The figures
for published medical texts, in which nothing was planted, are shown beside. Those texts do contain telephone
numbers and addresses of organisations, and names of physicians.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.measuring import replace_between, timed
from bench.phi_identifiers import SECRETS
from bench.phi_sentences import SENTENCES, TRAPS
from medpipe.backends.presidio_redactor import PresidioRedactor

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "data-quality.md"
BEGIN, END = "<!-- redaction: written by bench/phi.py -->", "<!-- end of redaction -->"
LANGUAGES = ("en", "fr", "es")


class Planted(NamedTuple):
    """A text with an identifier in it."""

    language: str
    kind: str
    text: str
    secret: str


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return recall by language and kind, and the places found in published texts and in traps (which must stay)."""
    redactor = PresidioRedactor()
    redactor.redact(["warm"], "en")  # its models are loaded at the first call, outside the timing
    count = 10 if options.quick else 100
    recall = {
        f"{language} {kind}": share
        for language in LANGUAGES
        for kind, share in _recall(redactor, list(_planted(language, count)), language).items()
    }
    traps = sum(
        len(redacted.counts) > 0 for language in LANGUAGES for redacted in redactor.redact(TRAPS[language], language)
    )
    return {
        "planted_each": count,
        "recall": recall,
        "traps": sum(map(len, TRAPS.values())),
        "traps_changed": traps,
        "published": {name: _published(redactor, texts, name[:2]) for name, texts in _texts(options.quick)},
    }


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    kinds = list(dict.fromkeys(key.partition(" ")[2] for key in figures["recall"]))
    lines = ["| identifier planted | English | French | Spanish |", "|---|---|---|---|"]
    for kind in kinds:
        shares = [figures["recall"].get(f"{language} {kind}") for language in LANGUAGES]
        lines.append(f"| {kind} | " + " | ".join("" if share is None else f"{share:.0%}" for share in shares) + " |")
    found_kinds = sorted({kind for texts in figures["published"].values() for kind in texts["found"]})
    lines += [
        "",
        f"Share removed of {figures['planted_each']} planted a cell. Of {figures['traps']} sentences with "
        f"something that looks like an identifier but is not, {figures['traps_changed']} were\nchanged.",
        "",
        "| published texts, nothing planted | texts | ms a text | " + " | ".join(found_kinds) + " |",
        "|---|---|---|" + "---|" * len(found_kinds),
    ]
    for name, texts in figures["published"].items():
        per_thousand = [f"{1000 * texts['found'].get(kind, 0) / texts['texts']:.1f}" for kind in found_kinds]
        lines.append(f"| {name} | {texts['texts']:,} | {texts['ms']} | " + " | ".join(per_thousand) + " |")
    return "\n".join([*lines, "", "Places found per 1,000 texts."])


def _planted(language: str, count: int) -> Iterator[Planted]:
    """Yield `count` texts of each kind: a sentence with an identifier, between two sentences without."""
    chosen = random.Random(f"{language} 20260305")
    for kind, sentences in SENTENCES[language].items():
        for number in range(count):
            secret = SECRETS[kind.partition(" ")[0]](chosen, language)
            text = sentences[number % len(sentences)].replace("{}", secret)
            before, after = chosen.choices(TRAPS[language], k=2)
            yield Planted(language, kind, f"{before} {text} {after}", secret)


def _recall(redactor: PresidioRedactor, planted: list[Planted], language: str) -> dict[str, float]:
    """Return the share of identifiers of each kind that were removed."""
    redacted_texts = redactor.redact([item.text for item in planted], language)
    removed = Counter(
        item.kind for item, redacted in zip(planted, redacted_texts, strict=True) if not left(item, redacted.text)
    )
    counts = Counter(item.kind for item in planted)
    return {kind: round(removed[kind] / count, 3) for kind, count in counts.items()}


def left(planted: Planted, text: str) -> bool:
    """Return whether a part of the identifier is left: three letters or more, or two digits or more."""
    around = planted.text.replace(planted.secret, " ")
    parts = re.findall(r"[^\W\d_]{3,}|\d{2,}", planted.secret)
    return any(
        re.search(rf"\b{re.escape(part)}\b", text) and not re.search(rf"\b{re.escape(part)}\b", around)
        for part in parts
    )


def _published(redactor: PresidioRedactor, texts: list[str], language: str) -> dict[str, Any]:
    """Return the milliseconds a text, and how often each kind was found."""
    seconds, redacted_texts = timed(lambda: redactor.redact(texts, language))
    places: Counter[str] = Counter()
    for redacted in redacted_texts:
        places.update(redacted.counts)
    return {"texts": len(texts), "ms": round(1000 * seconds / len(texts), 2), "found": dict(places)}


def _texts(quick: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield sets of published texts, their names beginning with their language; nothing if the files are missing."""
    if not PUBLISHED.is_dir():
        return
    medquad = [
        pair["answer"]
        for file in sorted((PUBLISHED / "medquad").glob("*.jsonl.gz"))
        for row in _rows(file)
        for pair in row["qa"]
        if pair["answer"]
    ]
    pubmedqa = [
        " ".join([*row["CONTEXTS"], row["LONG_ANSWER"]])
        for row in _rows(PUBLISHED / "pubmedqa" / "pqal_nontest_500.jsonl.gz")
    ]
    french = [
        ". ".join([row["question"], *row["answers"].values()])
        for name in ("dev", "train")
        for row in _rows(PUBLISHED / "frenchmedmcqa" / f"{name}.jsonl.gz")
    ]
    for name, texts in (
        ("en MedQuAD answers", medquad[::10]),
        ("en PubMedQA abstracts", pubmedqa),
        ("fr FrenchMedMCQA", french),
    ):
        yield name, texts[:20] if quick else texts


def _rows(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main() -> int:
    """Measure, print the table, and write it into the page unless the run is a quick one."""
    parser = argparse.ArgumentParser(prog="bench.phi", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size; nothing is recorded")
    options = parser.parse_args()
    figures = table(measure(options))
    if not options.quick:
        replace_between(PAGE, BEGIN, END, figures)
    print(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
