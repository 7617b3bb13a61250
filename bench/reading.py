"""A sample of what a recipe would teach from real data, by kind, for a clinician to read.

    python -m bench.reading                    the counts of all kinds
    python -m bench.reading medquad-symptoms   60 facts of one kind, to read; --from 60: the next 60

The sample of a kind depends on the ids of its facts alone, so that the same questions can be read before and after a
change. `docs/real-data.md` has the counts that readers gave; no text is kept there. The counts printed here are those
of faults that a program can see.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from medpipe.core.corpus.bad_record import Received
from medpipe.core.corpus.document import Document, Status
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import LABELLED, Fact, decompose
from medpipe.core.text import stable_share
from medpipe.sources.curated.sets import SETS
from medpipe.sources.curated.source import CuratedSource
from medpipe.sources.medlineplus.topics import parse_topics
from medpipe.sources.pubmed.citations import parse_citations
from medpipe.sources.transport import archive

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
TRIAGE = Path(__file__).resolve().parents[1] / "medpipe" / "recipes" / "data" / "triage.yaml"
SIZE = 60
_RECIPE = Data(languages=("en", "es", "fr"), aims=True)
_PARTS = {
    "1_CancerGov_QA": "cancergov",
    "2_GARD_QA": "gard",
    "3_GHR_QA": "genetics",
    "4_MPlus_Health_Topics_QA": "topics",
    "5_NIDDK_QA": "niddk",
}
"""MedQuAD's folders that are read as kinds of their own. `topics` are MedlinePlus's of 2017."""
_FAULTS = {
    "lead-in without its list": re.compile(
        r"Signs and symptoms of [^:.]*[:.]?$|"
        r"\b(?:following|below|includ(?:es?|ing)|such as|are|if|with)\W*$|[:;]$|[.:]\s?\d\.$"
    ),
    "items run together": re.compile(r"\w - \w[^.]* - \w"),
    "a footnote's number": re.compile(r"[a-z)]\.\d{1,2}(?:\.|\s|$)"),
    "only names pages": re.compile(r"^(?:These resources address|The mission of the)|^\W*(?:Download|https?://)"),
    "an address": re.compile(r"https?://|\bwww\.|\bdoi:"),
    "begins with a question": re.compile(r"^[A-Z][^.!]{5,150}\? "),
}
_LEAFLET = re.compile(r"What I need to know|Your [A-Z]|\bGuide\b|Keep [Yy]our|\bI Can\b")


def documents(folder: Path) -> Iterator[Document]:
    """Yield every current document that the recipe takes of the folder's files, and the triage items of medpipe."""
    seen = set[str]()
    for record in _received(folder):
        if not isinstance(record, Document) or record.id in seen or record.status is not Status.CURRENT:
            continue
        seen.add(record.id)
        if not _RECIPE.articles.objection(record):
            yield record


def _received(folder: Path) -> Iterator[Received]:
    for path in sorted((folder / "medlineplus_xml").glob("mplus_topics_*.xml")):
        with path.open("rb") as stream:
            yield from _read(parse_topics(stream, path.name, 1))
    for path in sorted((folder / "pubmed_xml").rglob("*.xml*")):
        if path.suffix == ".md5":
            continue
        with archive.opened(path) as stream:
            yield from parse_citations(stream, path.name, 1)
    yield from _read(CuratedSource(None, "triage", shipped=TRIAGE).pull(date(2000, 1, 1), date(2100, 1, 1)))
    for known_as, curated_set in SETS.items():
        name = next((name for name in (known_as, f"{known_as}_examples") if (folder / name).is_dir()), None)
        if name is None:
            continue
        curated = CuratedSource(folder, name, sets={name: curated_set})
        yield from _read(curated.pull(date(2000, 1, 1), date(2100, 1, 1)))


def _read(received: Iterable[Received]) -> Iterator[Document]:
    return (document for document in received if isinstance(document, Document))


def kind_of(fact: Fact) -> str:
    """Return the kind by which a fact is read: its source, and what decides how its answer looks."""
    source = fact.document.source
    if source == "medquad":
        part = _PARTS.get(fact.document.id.partition(":")[2].partition("/")[0], "")
        if fact.question_type == "symptoms":
            return "medquad-symptoms"
        return f"medquad-{part or 'others'}"
    if source == "triage":
        return f"triage-{fact.language}"
    return f"{source}-{fact.question_type}" if source in ("pubmed", "pubmedqa") else source


def faults(fact: Fact) -> Iterator[str]:
    """Yield what a program can see to be wrong with a question or its answer."""
    if fact.question_type in LABELLED:
        return
    for name, pattern in _FAULTS.items():
        if pattern.search(fact.answer):
            yield name
    if _LEAFLET.search(fact.question):
        yield "asks about a leaflet"


def main() -> None:
    """Print the counts of all kinds, or the sample of one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", nargs="?", default="")
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="N", help="pass over the first N facts")
    options = parser.parse_args()
    kinds: dict[str, list[Fact]] = defaultdict(list)
    dropped = Counter[str]()
    for document in documents(options.data):
        facts, drops = decompose(document, _RECIPE)
        dropped.update(drops)
        for fact in facts:
            kinds[kind_of(fact)].append(fact)
    if options.kind:
        drawn = sorted(kinds[options.kind], key=lambda fact: stable_share(fact.id, "reading"))
        for fact in drawn[options.first : options.first + SIZE]:
            print(f"{fact.id}\n  {fact.question}\n  {fact.answer}\n")
        return
    for kind, facts in sorted(kinds.items()):
        counts = Counter(fault for fact in facts for fault in faults(fact))
        print(f"{kind}: {len(facts)} facts", *(f"{number} {fault}" for fault, number in counts.most_common()), sep="; ")
    for reason, number in dropped.most_common():
        print(f"left out: {number} {reason}")


if __name__ == "__main__":
    main()
