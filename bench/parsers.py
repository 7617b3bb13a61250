"""What medpipe reads in PubMed's XML, field by field, beside Biopython and pubmed_parser.

Every update file and efetch answer of `../shared/data` is read by all three. Two values of a field are equal when they
are the same text but for white space, inline markup, a title's final full stop, a translation's brackets and the full
stops in a journal's name. Otherwise the XML decides (`bench.parsers_rules`). The figures name records and fields and
have no texts. Without `../shared/data` nothing is compared, and the recorded figures stay.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import Any

from lxml import etree

from bench import parsers_readers
from bench.parsers_readers import Read
from bench.parsers_rules import EQUAL, FIELDS, KINDS, NEITHER, OURS, TASTE, THEIRS, kind_of, sections
from bench.parsing import MAKER

NAME = "parsers"
DATA = MAKER.parent
PATTERNS = (
    "pubmed_xml/*.xml.gz",
    "pubmed_xml/efetch_single/*.xml",
    "eutils_recordings/pubmed*.xml",
    "synthetic/pubmed*.xml.gz",
    "synthetic/book_article.xml",
)
PEERS: dict[str, Callable[[bytes], Read]] = {
    "biopython": parsers_readers.biopython,
    "pubmed_parser": parsers_readers.pubmed_parser,
}
DELETED = "deletions"


def measure(options: argparse.Namespace) -> dict[str, Any] | None:
    """Return how many values of each field compare how, and which records differ; None without the data."""
    files = [file for pattern in PATTERNS for file in sorted(DATA.glob(pattern))]
    if not files:
        print(f"parsers: not compared, since there is no PubMed XML in {DATA}", file=sys.stderr)
        return None
    counts: dict[str, dict[str, Counter[str]]] = {peer: defaultdict(Counter) for peer in PEERS}
    differing: dict[str, dict[str, dict[str, list[str]]]] = {
        peer: defaultdict(lambda: defaultdict(list)) for peer in PEERS
    }
    records, left_out = 0, []
    for file in files:
        body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        elements = _records(body)
        if elements is None:
            left_out.append(file.name)  # a record without the set around it, which NLM never sends
            continue
        records += len(elements)
        for peer, pmid, field, kind in compared(body, file.name, elements):
            counts[peer][field][kind] += 1
            if kind != EQUAL:
                differing[peer][field][kind].append(pmid)
    return {
        "files": len(files) - len(left_out),
        "left_out": left_out,
        "records": records,
        "versions": {peer: version(peer) for peer in PEERS},
        "fields": {
            peer: {field: _row(counts[peer][field]) for field in (*FIELDS, DELETED) if field in counts[peer]}
            for peer in PEERS
        },
        "differing": {
            peer: {field: {kind: " ".join(pmids) for kind, pmids in kinds.items()} for field, kinds in fields.items()}
            for peer, fields in differing.items()
        },
    }


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table: one for each parser, and one for each field that differs."""
    table = []
    for peer, fields in figures["fields"].items():
        total = {kind: sum(row[kind] for row in fields.values()) for kind in KINDS}
        table.append(
            f"| {len(fields)} fields of {figures['records']} records of PubMed, beside {peer} "
            f"{figures['versions'][peer]} | {sum(total.values()):,} values: {_in_words(total)} |"
        )
        table += [
            f"| {peer}: {field} | {row['compared']:,} values: {_in_words(row)} |"
            for field, row in fields.items()
            if row[EQUAL] < row["compared"]
        ]
    return table


def compared(body: bytes, name: str, elements: Sequence[etree._Element]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (other parser, PMID, field, kind) of every value of a file that medpipe and another parser both have.

    Raises RuntimeError where a parser reads another number of records.
    """
    ours = parsers_readers.medpipe(body, name, [len(sections(element)) for element in elements])
    for peer, read in PEERS.items():
        theirs = read(body)
        others = iter(theirs.articles), iter(theirs.books)
        for element, own in zip(elements, ours.articles, strict=True):
            book = element.tag == "PubmedBookArticle"
            other = next(others[book], None)
            pmid = next(element.iter("PMID")).text or ""
            if other is None and book:
                continue  # pubmed_parser has no books
            if own is None or other is None:
                yield peer, pmid, "PMID", OURS if own else THEIRS if other else NEITHER
                continue
            for field in FIELDS:
                if field in own and field in other:
                    yield peer, pmid, field, kind_of(field, element, own[field], other[field])
        if any(next(rest, None) for rest in others):
            raise RuntimeError(f"{name}: {peer} read more records than there are; there is no figure")
        if theirs.deleted is not None and ours.deleted is not None:
            said = {pmid.text or "" for pmid in etree.parse(io.BytesIO(body)).iterfind(".//DeleteCitation/PMID")}
            for pmid in said | ours.deleted | theirs.deleted:
                right = (pmid in ours.deleted) == (pmid in said), (pmid in theirs.deleted) == (pmid in said)
                yield peer, pmid, DELETED, {(True, True): EQUAL, (True, False): OURS}.get(right, THEIRS)


def _records(body: bytes) -> list[etree._Element] | None:
    """Return the articles and books of a set; None for another root."""
    root = etree.fromstring(body)
    tags = ("PubmedArticle", "PubmedBookArticle")
    return [record for record in root if record.tag in tags] if root.tag not in tags else None


def _row(kinds: Counter[str]) -> dict[str, int]:
    return {"compared": kinds.total(), **{kind: kinds[kind] for kind in KINDS}}


def _in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in (EQUAL, OURS, THEIRS, TASTE, NEITHER) if counts[kind])
