"""How much protected health information redaction takes out, by type, and what else it takes.

    python -m bench.phi          measures, and writes the table into docs/data-quality.md

Identifiers of invented people are planted into sentences in English, French and Spanish. All
sentences have the patterns' author, and the patterns were corrected until the rows without a mark came out: these
are what the patterns are for, not a test of them. "Other wording" and "uncued" sentences are the harder ones. After
their first figures the patterns were widened too (every date with a day, common given names), so not even these
rows were held out. A planted identifier counts as removed when nothing of it
is left: no name part, no digits. What is taken out of published medical texts, in which nothing was planted, is
counted beside: organisations' telephone numbers, addresses and named physicians are really there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.phi_sentences import SENTENCES, TRAPS
from medpipe.backends.presidio_redactor import PresidioRedactor

NAME = "phi"
ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "data-quality.md"
BEGIN, END = "<!-- redaction: written by bench/phi.py -->", "<!-- end of redaction -->"
LANGUAGES = ("en", "fr", "es")

GIVEN = {
    "en": "Ruth Jacob Emily Deshawn Mei Priya Oliver Grace Noah Siobhan Walter Aaliyah Ibrahim Jo-Anne".split(),
    "fr": "Camille Lucas Mireille Jean-Pierre Aïcha Chloé Étienne Maëlys Ousmane Hélène Léa Gaël".split(),
    "es": "Lucía Mateo Inés Joaquín Ximena Íñigo María Nuria Álvaro Guadalupe Santiago Begoña".split(),
}
FAMILY = {
    "en": "Calder O'Brien Nguyen Whitfield McAllister Okafor Patel Brandt-Lowe Ziegler Rosales Kim Dunn".split(),
    "fr": ["Lefèvre", "Dubois", "N'Diaye", "Moreau-Petit", "de Villiers", "Benali", "Garnier", "Le Goff", "Roux"],
    "es": ["García López", "Ortega", "de la Fuente", "Núñez", "Echeverría Sanz", "Peña", "Vidal", "Quispe"],
}
CITIES = {
    "en": "Springfield Dayton Boise Tucson Albany".split(),
    "fr": "Nantes Lyon Grenoble Brest Rennes".split(),
    "es": "Sevilla Zaragoza Murcia Gijón Burgos".split(),
}
STREETS = {
    "en": ["Maple Street", "West Cedar Avenue", "Old Mill Rd", "Lincoln Blvd"],
    "fr": ["rue de la Gare", "avenue Jean Jaurès", "boulevard Voltaire", "chemin des Lilas"],
    "es": ["Calle Mayor", "Avenida de la Constitución", "Plaza Nueva", "Calle Serrano"],
}


class Planted(NamedTuple):
    language: str
    kind: str
    text: str
    secret: str


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Recall by language and kind, and what is found in published texts and in traps (which must stay)."""
    redactor = PresidioRedactor()
    redactor.redact(["warm"], "en")
    each = 10 if options.quick else 100
    recall = {
        f"{language} {kind}": share
        for language in LANGUAGES
        for kind, share in _recall(redactor, list(_planted(language, each)), language).items()
    }
    traps = sum(
        len(redacted.found) > 0 for language in LANGUAGES for redacted in redactor.redact(TRAPS[language], language)
    )
    return {
        "planted_each": each,
        "recall": recall,
        "traps": sum(map(len, TRAPS.values())),
        "traps_changed": traps,
        "published": {name: _published(redactor, texts, name[:2]) for name, texts in _texts(options.quick)},
    }


def rows(figures: dict[str, Any]) -> list[str]:
    """The one line of the page of figures; docs/data-quality.md has the table."""
    known, other = (
        [share for key, share in figures["recall"].items() if key.endswith(("uncued)", "wording)")) is hard]
        for hard in (False, True)
    )
    return [
        f"| planted identifiers removed | {sum(known) / len(known):.0%} where words announce them, "
        f"{sum(other) / len(other):.0%} otherwise (by kind: docs/data-quality.md) |"
    ]


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    kinds = list(dict.fromkeys(key.partition(" ")[2] for key in figures["recall"]))
    lines = ["| identifier planted | English | French | Spanish |", "|---|---|---|---|"]
    for kind in kinds:
        shares = [figures["recall"].get(f"{language} {kind}") for language in LANGUAGES]
        lines.append(f"| {kind} | " + " | ".join("" if share is None else f"{share:.0%}" for share in shares) + " |")
    found = sorted({kind for one in figures["published"].values() for kind in one["found"]})
    lines += [
        "",
        f"Share removed of {figures['planted_each']} planted a cell. Of {figures['traps']} sentences with "
        f"what looks like an identifier and is none, {figures['traps_changed']} were changed.",
        "",
        "| published texts, nothing planted | texts | ms a text | " + " | ".join(found) + " |",
        "|---|---|---|" + "---|" * len(found),
    ]
    for name, one in figures["published"].items():
        per = [f"{1000 * one['found'].get(kind, 0) / one['texts']:.1f}" for kind in found]
        lines.append(f"| {name} | {one['texts']:,} | {one['ms']} | " + " | ".join(per) + " |")
    return "\n".join([*lines, "", "Places found per 1,000 texts."])


def _planted(language: str, each: int) -> Iterator[Planted]:
    chosen = random.Random(f"{language} 20260305")
    for kind, sentences in SENTENCES[language].items():
        for number in range(each):
            secret = SECRETS[kind.partition(" ")[0]](chosen, language)
            text = sentences[number % len(sentences)].replace("{}", secret)
            before, after = chosen.choices(TRAPS[language], k=2)
            yield Planted(language, kind, f"{before} {text} {after}", secret)


def _recall(redactor: PresidioRedactor, planted: list[Planted], language: str) -> dict[str, float]:
    removed: Counter[str] = Counter()
    for one, redacted in zip(planted, redactor.redact([one.text for one in planted], language), strict=True):
        removed[one.kind] += not _left(one, redacted.text)
    counts = Counter(one.kind for one in planted)
    return {kind: round(removed[kind] / count, 3) for kind, count in counts.items()}


def _left(planted: Planted, text: str) -> bool:
    """Whether something of the identifier is still there: a part of three letters or two digits and more."""
    around = planted.text.replace(planted.secret, " ")
    parts = re.findall(r"[^\W\d_]{3,}|\d{2,}", planted.secret)
    return any(
        re.search(rf"\b{re.escape(part)}\b", text) and not re.search(rf"\b{re.escape(part)}\b", around)
        for part in parts
    )


def _published(redactor: PresidioRedactor, texts: list[str], language: str) -> dict[str, Any]:
    started = time.perf_counter()
    redacted = redactor.redact(texts, language)
    ms = round(1000 * (time.perf_counter() - started) / len(texts), 2)
    found: Counter[str] = Counter()
    for one in redacted:
        found.update(one.found)
    return {"texts": len(texts), "ms": ms, "found": dict(found)}


def _texts(quick: bool) -> Iterator[tuple[str, list[str]]]:
    """Published texts with their language; nothing when the files are not here."""
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


# What is planted: invented, but right in form.


def _digits(chosen: random.Random, pattern: str) -> str:
    return "".join(
        chosen.choice("23456789")
        if letter == "#"
        else chosen.choice("ABCDEFGHJKMNPRTUVWXY")
        if letter == "A"
        else letter
        for letter in pattern
    )


def _name(chosen: random.Random, language: str) -> str:
    return f"{chosen.choice(GIVEN[language])} {chosen.choice(FAMILY[language])}"


def _address(chosen: random.Random, language: str) -> str:
    number, street, city = chosen.randint(2, 980), chosen.choice(STREETS[language]), chosen.choice(CITIES[language])
    return {
        "en": f"{number} {street}, {city}, OH 4{_digits(chosen, '####')}",
        "fr": f"{number} {street}, 4{_digits(chosen, '####')} {city}",
        "es": f"{street}, {number}, 4{_digits(chosen, '####')} {city}",
    }[language]


def _date(chosen: random.Random, language: str) -> str:
    day, month, year = chosen.randint(1, 28), chosen.randint(1, 12), chosen.randint(1931, 2024)
    names = {
        "en": "January March April June October",
        "fr": "janvier mars avril juin octobre",
        "es": "enero marzo abril junio octubre",
    }[language].split()
    written = {
        "en": f"{chosen.choice(names)} {day}, {year}",
        "fr": f"{day} {chosen.choice(names)} {year}",
        "es": f"{day} de {chosen.choice(names)} de {year}",
    }[language]
    return chosen.choice([f"{day:02}/{month:02}/{year}", f"{year}-{month:02}-{day:02}", written])


PHONES = {
    "en": ["614-2##-####", "(303) 2##-####", "+1 415 2## ####", "212.2##.####"],
    "fr": ["06 ## ## ## ##", "01.42.##.##.##", "+33 6 ## ## ## ##"],
    "es": ["612 ### ###", "91 5## ## ##", "+34 612 ### ###"],
}


def _phone(chosen: random.Random, language: str) -> str:
    return _digits(chosen, chosen.choice(PHONES[language]))


def _national(chosen: random.Random, language: str) -> str:
    if language == "fr":
        number = (
            f"{chosen.choice('12')}{chosen.randint(31, 99)}{chosen.randint(1, 12):02}{chosen.randint(10, 95)}"
            f"{_digits(chosen, '######')}"
        )
        return (
            f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:]} "
            f"{97 - int(number) % 97:02}"
        )
    number = _digits(chosen, "########")
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[int(number) % 23]}"


SECRETS: dict[str, Callable[[random.Random, str], str]] = {
    "NAME": _name,
    "ADDRESS": _address,
    "DATE": _date,
    "PHONE": _phone,
    "NATIONAL_ID": _national,
    "CITY": lambda chosen, language: chosen.choice(CITIES[language]),
    "AGE": lambda chosen, language: str(chosen.randint(91, 104)),
    "EMAIL": lambda chosen, language: f"{_digits(chosen, 'AAAAA').lower()}.{chosen.randint(10, 99)}@mail.example.com",
    "SSN": lambda chosen, language: f"5{_digits(chosen, '##-##-####')}",
    "MRN": lambda chosen, language: _digits(chosen, chosen.choice(["#######", "AA-######", "##-##-##-#", "A########"])),
    "HEALTH_PLAN": lambda chosen, language: _digits(
        chosen, chosen.choice(["AAA#########", "##########", "A##-###-###"])
    ),
    "ACCOUNT": lambda chosen, language: _digits(chosen, chosen.choice(["########", "####-#####", "############"])),
    "LICENSE": lambda chosen, language: _digits(chosen, chosen.choice(["AA#######", "A###-####", "########"])),
    "VEHICLE": lambda chosen, language: _digits(chosen, chosen.choice(["AA-###-AA", "#### AAA", "AAA####"])),
    "DEVICE": lambda chosen, language: _digits(chosen, chosen.choice(["AA######A", "##-######", "A#A######"])),
    "URL": lambda chosen, language: f"https://blog.example.org/{_digits(chosen, 'AAAAA##').lower()}",
    "IP": lambda chosen, language: ".".join(str(chosen.randint(20, 250)) for _ in range(4)),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.phi", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size; nothing is written down")
    options = parser.parse_args()
    shown = table(measure(options))
    if not options.quick:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{shown}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
