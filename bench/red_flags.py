"""What the red flags find in texts that were written for it, and what they find by mistake.

    python -m bench.red_flags          measure, and write the table into docs/triage.md

The texts are in two halves. The patterns were corrected on `red_flags_development.txt`. `red_flags_held_out.txt` was
looked at once, after the last correction. One author wrote both and the patterns, with the same topics in both halves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from bench.measuring import replace_between
from medpipe.core.judging.statistics import upper_share
from medpipe.core.safety.red_flags import RedFlags
from medpipe.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "triage.md"
BEGIN, END = "<!-- red flags: written by bench/red_flags.py -->", "<!-- end of red flags -->"
HALVES = ("development", "held-out")
LANGUAGES = {"en": "English", "fr": "French", "es": "Spanish"}


class Account(NamedTuple):
    """A text, and whether the person's case is immediate."""

    language: str
    immediate: bool
    text: str


def accounts(half: str) -> Iterator[Account]:
    """Yield the texts of a half: `en + text` is immediate, `en - text` is not; `#` begins a comment."""
    path = ROOT / "bench" / f"red_flags_{half.replace('-', '_')}.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            language, sign, text = line.split(" ", 2)
            yield Account(language, sign == "+", text)


def table(flags: RedFlags) -> str:
    """Return the shares in which a red flag is found, by half and language, with exact intervals of 95 %."""
    lines = [
        "| texts | language | immediate, found | not immediate, found by mistake |",
        "|---|---|---|---|",
    ]
    for half in HALVES:
        given = list(accounts(half))
        found = {account: bool(flags.found(account.text)) for account in given}
        for code, name in (*LANGUAGES.items(), ("", "all")):
            shares = (
                _share(
                    [found[one] for one in given if one.language in (code or one.language) and one.immediate == urgent]
                )
                for urgent in (True, False)
            )
            lines.append(f"| {half} | {name} | {' | '.join(shares)} |")
    return "\n".join(lines)


def _share(found: list[bool]) -> str:
    """Return a share with Clopper and Pearson's interval."""
    count, size = sum(found), len(found)
    low, high = 1 - upper_share(size - count, size, 0.025), upper_share(count, size, 0.025)
    return f"{count} of {size} ({100 * low:.1f}–{100 * high:.1f} %)"


def main() -> int:
    """Measure, write the table into the page and print it."""
    policy = (Settings().policies / "red-flags.yaml").read_text(encoding="utf-8")
    figures = table(RedFlags.of(yaml.safe_load(policy)))
    replace_between(PAGE, BEGIN, END, figures)
    print(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
