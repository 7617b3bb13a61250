"""The tables of `bench.pubmedqa`: what was published for another base, and every measure of ours before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from medpipe.sandbox.real.report import number

PUBLISHED = {
    "perplexity": (289.58, 125.88),
    "bleu": (0.0167, 0.0263),
    "rouge1": (0.249, 0.184),
    "rouge2": (0.100, 0.053),
}
"""What was reported of DistilGPT-2 before and after (docs/recipes/distilgpt2-pubmedqa.md)."""
NAMES = {
    "perplexity": "perplexity ↓",
    "bleu": "BLEU",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "chrf": "chrF",
    "token_f1": "token F1",
    "claim_recall": "claim recall",
    "contradiction": "contradiction ↓",
    "decisions": "decisions right (yes, no, maybe)",
}
"""Measures in the order of the table."""


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as Markdown."""
    return "\n".join((*_measures(figures), "", *_costs(figures)))


def _measures(figures: Mapping[str, Any]) -> Iterator[str]:
    by_name = {measure["name"]: measure for measure in figures["measures"]}
    yield "| never taught documents of PubMedQA | n | reported of DistilGPT-2 | base | fine-tuned | change |"
    yield "|---|---|---|---|---|---|"
    for name in (name for name in NAMES if name in by_name):
        measure = by_name[name]
        reported = " → ".join(f"{value:g}" for value in PUBLISHED[name]) if name in PUBLISHED else "–"
        values = " | ".join(number(measure[side]) for side in ("before", "after", "change"))
        yield f"| {NAMES[name]} | {measure['n']} | {reported} | {values} |"


def _costs(figures: Mapping[str, Any]) -> Iterator[str]:
    words, training, seconds = figures["words"], figures["training"], figures["seconds"]
    yield (
        f"An answer has {words['base']:.0f} words by the base, {words['fine-tuned']:.0f} by the fine-tuned model, and "
        f"{words['right answers']:.0f} where it is right (medians). The training had {training['rows']} rows and "
        f"{training['steps']} steps."
    )
    yield (
        f"Training {seconds['train'] / 60:.0f} minutes, the two evaluations "
        f"{(seconds['evaluate: base'] + seconds['evaluate: fine-tuned']) / 60:.0f}, the measures "
        f"{seconds['measure'] / 60:.0f}."
    )
