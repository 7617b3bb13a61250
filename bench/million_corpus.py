"""A synthetic corpus of any size, with what every filter of `build_examples` must find planted in it.

Lengths and kinds follow PubMed and MedQuAD: seven documents in ten are structured abstracts of about 1,500 characters,
the others pages that answer one to three questions. A third of the abstracts states an aim, a twentieth has a question
as its title. The words are common English ones and invented terms, so that languages are told apart and two texts are
alike only where one was copied.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bench.texts import vocabulary
from medpipe.core.corpus.document import Document, Section, Status
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.manifests import CorpusInputs, CorpusOutcome
from medpipe.core.refs import CorpusRef, ref
from medpipe.settings import Settings
from medpipe.wiring import Wiring

BATCH = 30_000
COPIES, CONTRADICTIONS, REPEATS, PEOPLE, FOREIGN, POOR, RETRACTED, TESTED = (
    0.03, 0.01, 0.002, 0.01, 0.01, 0.01, 0.002, 0.002
)  # fmt: skip
"""Shares of the documents that are planted for a filter, in the order of `_KINDS`."""
_KINDS = ("copy", "contradiction", "repeat", "people", "foreign", "poor", "retracted", "tested")

_COMMON = """
the of and in to a with for was were is that by on as at from or an be this we than between not which are these have
after patients study group treatment risk results during both who may had clinical also all more no other their has
associated disease compared used using high low most increased significant two among but can been one age outcomes
it when time three data women men health effect levels care use first years under cases blood days children rate
cancer pain symptoms therapy mean higher lower response total early large small month weeks years adults older long
short severe mild common cause causes often body heart lung liver kidney skin bone brain muscle nerve infection virus
bacteria fever cough rest water food diet exercise sleep weight surgery drug dose daily doctor hospital nurse visit
test tests screening diagnosis follow baseline trial control placebo evidence review analysis model effective safe
""".split()
_SPANISH = """
el la de que y en los las un una por con para del se es su al lo como más pero sus le ya o este sí porque esta entre
cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso
ante ellos e esto mí antes algunos qué unos yo otro otras otra él tanto esa estos mucho quienes nada muchos enfermedad
""".split()


class Texts:
    """Writes sentences by chance."""

    def __init__(self) -> None:
        terms = [str(word) for word in vocabulary(np.random.default_rng(20260303))[-20_000:]]
        self._words = np.array([*_COMMON, *terms], object)
        often = np.cumsum(np.r_[0.62 / len(_COMMON) * np.ones(len(_COMMON)), 0.38 / len(terms) * np.ones(len(terms))])
        self._often = often / often[-1]
        self._terms = terms

    def prose(self, chance: np.random.Generator, length: int) -> str:
        """Return sentences of `length` words in all."""
        return self._said(self._words[np.searchsorted(self._often, chance.random(length))].tolist())

    def spanish(self, chance: np.random.Generator, length: int) -> str:
        """Return sentences of Spanish words."""
        return self._said([_SPANISH[place] for place in chance.integers(0, len(_SPANISH), length).tolist()])

    def term(self, chance: np.random.Generator) -> str:
        """Return the name of a condition."""
        first, second = chance.integers(0, len(self._terms), 2).tolist()
        return f"{self._terms[first].capitalize()} {self._terms[second]} disease"

    def changed(self, chance: np.random.Generator, text: str) -> str:
        """Return a text in which a word in about forty is another one."""
        words = text.split(" ")
        for place in chance.integers(0, len(words), max(1, len(words) // 40)).tolist():
            words[place] = str(self._words[np.searchsorted(self._often, chance.random())])
        return " ".join(words)

    @staticmethod
    def _said(words: list[str]) -> str:
        sentences = [words[first : first + 16] for first in range(0, len(words), 16)]
        return " ".join(f"{' '.join(sentence).capitalize()}." for sentence in sentences)


class MillionCorpus:
    """The documents by number: each depends on its number alone."""

    def __init__(self, repeated: Sequence[str]) -> None:
        """Invent the words. `repeated`: questions of benchmarks that some documents repeat."""
        self._texts, self._repeated = Texts(), repeated
        self._bounds = np.cumsum((COPIES, CONTRADICTIONS, REPEATS, PEOPLE, FOREIGN, POOR, RETRACTED, TESTED))

    def kind(self, number: int) -> str:
        """Return for which filter a document is planted; "" for none."""
        place = int(np.searchsorted(self._bounds, np.random.default_rng([1, number]).random(), "right"))
        return _KINDS[place] if place < len(_KINDS) else ""

    def document(self, number: int) -> Document:
        """Return one document."""
        chance, kind = np.random.default_rng([2, number]), self.kind(number)
        original = number - 1 - int(chance.integers(0, 1000))
        if original >= 0 and kind == "copy":
            return self._copy(chance, number, self._plain(original))
        if original >= 0 and kind == "contradiction":
            first = self._plain(original).sections[-1]
            return self._page(chance, number, first.heading)
        made = self._plain(number)
        section = made.sections[-1]
        if kind == "repeat":
            return self._page(chance, number, str(chance.choice(self._repeated)))
        if kind == "people":
            text = f"My name is John Miller, write to john.{number}@example.org. {self._texts.prose(chance, 60)}"
            asked = Section(heading=f"What helps against {self._texts.term(chance)}?", text=text)
            return made.model_copy(update={"id": f"liveqa:{number}", "source": "liveqa", "sections": (asked,)})
        if kind == "foreign":
            foreign = section.model_copy(update={"text": self._texts.spanish(chance, 90)})
            return made.model_copy(update={"sections": (*made.sections[:-1], foreign)})
        if kind == "poor":
            poor = section.model_copy(update={"text": "Click here to accept all cookies. " + section.text[:200]})
            return made.model_copy(update={"sections": (*made.sections[:-1], poor)})
        if kind == "retracted":
            return made.model_copy(update={"status": Status.RETRACTED})
        return made

    def _copy(self, chance: np.random.Generator, number: int, made: Document) -> Document:
        sections = tuple(
            section.model_copy(update={"text": self._texts.changed(chance, section.text)}) for section in made.sections
        )
        return made.model_copy(update={"id": f"{made.id.split(':')[0]}:{number + 10**8}", "sections": sections})

    def _plain(self, number: int) -> Document:
        """Return the document with this number as it is without anything planted."""
        chance = np.random.default_rng([3, number])
        return self._article(chance, number) if chance.random() < 0.7 else self._page(chance, number, "")

    def _article(self, chance: np.random.Generator, number: int) -> Document:
        texts, share = self._texts, chance.random()
        name = texts.term(chance)
        aim = f"To find out whether {texts.prose(chance, 14).lower()}" if share < 0.35 else texts.prose(chance, 20)
        title = f"Does {texts.prose(chance, 9).lower().rstrip('.')} help in {name}?" if share > 0.95 else f"{name}."
        parts = {
            "OBJECTIVE": aim,
            "METHODS": texts.prose(chance, int(chance.integers(50, 90))),
            "RESULTS": texts.prose(chance, int(chance.integers(60, 120))),
            "CONCLUSIONS": texts.prose(chance, int(chance.integers(20, 50))),
        }
        return self._document(chance, f"pmid:{number + 10**8}", "pubmed", title, parts)

    def _page(self, chance: np.random.Generator, number: int, question: str) -> Document:
        texts, name = self._texts, self._texts.term(chance)
        asked = ("What is {}?", "What are the symptoms of {}?", "What are the treatments for {}?")
        first, count = int(chance.integers(0, 3)), 1 + int(chance.integers(0, 3)) // 2
        headings = [question] if question else [asked[(first + place) % 3].format(name) for place in range(count)]
        parts = {heading: texts.prose(chance, int(chance.integers(60, 200))) for heading in headings}
        return self._document(chance, f"medquad:{number + 10**8}", "medquad", name, parts)

    @staticmethod
    def _document(chance: np.random.Generator, id: str, source: str, title: str, parts: dict[str, str]) -> Document:
        return Document(
            id=id,
            revision=20260303,
            source=source,
            title=title,
            published=date(2005, 1, 1) + timedelta(days=int(chance.integers(0, 7670))),
            licence="public domain",
            url=f"https://example.org/{id}",
            types=("Journal Article",) if source == "pubmed" else (),
            mesh=("Humans",) if source == "pubmed" else (),
            sections=tuple(Section(heading=heading, text=text) for heading, text in parts.items()),
        )


def questions_of(benchmarks: Sequence[Benchmark]) -> list[str]:
    """Return the questions of benchmarks."""
    return [entry.question for benchmark in benchmarks for entry in benchmark.questions]


def write(home: Path, count: int) -> CorpusRef:
    """Write a corpus of so many documents under `home`, if it is not there yet, and return its ref."""
    ports = Wiring(Settings(home=home))
    target = CorpusRef(ref("corpus", ["million", count]))
    if ports.store.find(target) is None:
        made = MillionCorpus(questions_of(ports.benchmarks()))
        version = 0
        for first in range(0, count, BATCH):
            version = ports.corpus.merge(_documents(made, first, min(count, first + BATCH)), None, f"{count}-{first}")
            print(f"{min(count, first + BATCH):,} documents", file=sys.stderr, flush=True)
        with ports.store.write(target, "build_corpus", CorpusInputs(pulls=(), previous=None)) as draft:
            counts = ports.corpus.counts(version)
            draft.conclude(
                CorpusOutcome(
                    table_version=version,
                    content=ports.corpus.content(version),
                    incoming=count,
                    documents=dict(counts.by_status),
                    cut_off=counts.cut_off,
                )
            )
    return target


def _documents(made: MillionCorpus, first: int, last: int) -> Iterator[Document]:
    return (made.document(number) for number in range(first, last))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("count", type=int)
    chosen = parser.parse_args()
    print(write(chosen.home, chosen.count))
