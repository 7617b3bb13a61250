"""Why BLEU can rise while ROUGE falls: a short answer and a long one to one question, by medpipe's own measures.

python -m bench.overlaps_example        writes the table of docs/recipes/distilgpt2-pubmedqa.md
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import replace_between
from medpipe.backends.overlaps import PublishedOverlaps

PAGE = Path(__file__).resolve().parent.parent / "docs" / "recipes" / "distilgpt2-pubmedqa.md"
BEGIN, END = "<!-- figures: written by bench/overlaps_example.py -->", "<!-- end of figures -->"
TARGET = (
    "Telephone reminders did not raise attendance more than letters did. Both groups came to the clinic about as often "
    "as before, and reminders by telephone cost more. Letters therefore remain the better choice for most clinics."
)
SHORT = "Telephone reminders did not raise attendance."
LONG = (
    "This study compared two ways of inviting patients. We found that telephone reminders did not raise attendance, "
    "and that many patients who were older preferred to be called at home by a nurse. Further research should show "
    "whether other ways of inviting people would be useful in larger hospitals."
)
"""Invented. The long answer says what the short one says, and more that is not in the right answer."""


def table() -> str:
    """Return what the measures say of both answers, as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| answer | words | BLEU | what BLEU takes off for shortness | ROUGE-1 | ROUGE-2 |"
    yield "|---|---|---|---|---|---|"
    measures = PublishedOverlaps()
    for name, answer in (("short", SHORT), ("long", LONG)):
        (overlap,) = measures.of([answer], [TARGET])
        written, right = overlap.bleu[-2:]
        penalty = min(1.0, math.exp(1 - right / written))
        yield (
            f"| {name} | {len(answer.split())} | {measures.bleu(overlap.bleu):.4f} | × {penalty:.3f} | "
            f"{overlap.rouge1:.3f} | {overlap.rouge2:.3f} |"
        )


if __name__ == "__main__":
    replace_between(PAGE, BEGIN, END, table())
