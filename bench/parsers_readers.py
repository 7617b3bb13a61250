"""What medpipe, Biopython and pubmed_parser read in a file of PubMed, as values of the same fields.

A reader returns one mapping for each article and book, in the file's order (None where it cannot read the record), and
the PMIDs that the file deletes. It leaves out fields that its parser does not have.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench.parsers_markup import bare_title, one_line, text_of
from bench.parsers_rules import Value, earliest, title_of
from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Document, Status
from medpipe.sources.pubmed.citations import file_revision, parse_citations
from medpipe.sources.pubmed.record import pmid_of

Fields = Mapping[str, Value]
_REVISION = file_revision(date(2026, 1, 1), 26, 1)
_CATEGORIES = frozenset({"BACKGROUND", "OBJECTIVE", "METHODS", "RESULTS", "CONCLUSIONS"})


class Read(NamedTuple):
    """What a parser reads in a file."""

    articles: Sequence[Fields | None]
    books: Sequence[Fields | None] = ()
    deleted: frozenset[str] | None = None
    """None for a parser that does not read deletions."""


def medpipe(body: bytes, name: str, parts: Sequence[int]) -> Read:
    """Return what medpipe reads. `parts`: the number of parts of each record's own abstract; others follow them."""
    received = [*parse_citations(io.BytesIO(body), name, _REVISION)]
    deletions = [one for one in received if isinstance(one, Document) and one.status is Status.DELETED]
    records = [one for one in received if one not in deletions]
    if len(records) != len(parts):
        raise RuntimeError(f"{name}: medpipe read {len(records)} of {len(parts)} records; there is no figure")
    fields = [
        None if isinstance(one, BadRecord) or not isinstance(one, Document) else _of_document(one, count)
        for one, count in zip(records, parts, strict=True)
    ]
    replaced = {one.id.partition(".")[0] for one in received if isinstance(one, Document) and "." in one.id}
    return Read(fields, deleted=frozenset(pmid_of(one.id) for one in deletions if one.id not in replaced))


def _of_document(document: Document, count: int) -> Fields:
    own = document.sections[:count]
    return {
        "PMID": (pmid_of(document.id),),
        "title": (document.title,),
        "original title": _given(document.original_title),
        "abstract": tuple(section.text for section in own),
        "labels": tuple(section.heading for section in own),
        "copyright": _given(document.copyright),
        "journal": _given(document.journal),
        "dois": document.dois,
        "publication types": document.types,
        "MeSH": document.mesh,
        "published": (document.published.isoformat(),),
        "relations": tuple(
            f"{link.kind} {pmid_of(link.target) if link.target else ''}".strip() for link in document.relations
        ),
    }


def biopython(body: bytes) -> Read:
    """Return what Biopython reads. It refuses http addresses of the DTD, which NLM wrote for years: https is put in."""
    from Bio import Entrez

    secure = body.replace(b'"http://dtd.nlm.nih.gov/', b'"https://dtd.nlm.nih.gov/', 1)
    read: Any = Entrez.read  # partly typed
    found = read(io.BytesIO(secure), escape=True)
    return Read(
        [*map(_of_citation, found["PubmedArticle"])],
        [_of_part(book["BookDocument"], book["BookDocument"]) for book in found["PubmedBookArticle"]],
        frozenset(map(str, found.get("DeleteCitation", ()))),
    )


def _of_part(citation: Any, article: Any) -> dict[str, Value]:
    """Return the fields that articles and books have in the same form."""
    abstract = article.get("Abstract", {})
    parts = [part for part in abstract.get("AbstractText", ()) if text_of(part)]
    vernacular = text_of(article.get("VernacularTitle", ""))
    return {
        "PMID": (str(citation["PMID"]),),
        "title": (title_of(text_of(article.get("ArticleTitle", "")), vernacular),),
        "original title": _given(bare_title(vernacular)),
        "abstract": tuple(map(text_of, parts)),
        "labels": tuple(_label(getattr(part, "attributes", {})) for part in parts),
        "publication types": tuple(
            map(text_of, article.get("PublicationTypeList", article.get("PublicationType", ())))
        ),
    }


def _label(attributes: Mapping[str, str]) -> str:
    category = attributes.get("NlmCategory", "")
    return category if category in _CATEGORIES else one_line(attributes.get("Label", "")) or "ABSTRACT"


def _of_citation(record: Any) -> Fields:
    citation, data = record["MedlineCitation"], record.get("PubmedData", {})
    article, journal = citation["Article"], citation["Article"]["Journal"]
    locations = [place for place in article.get("ELocationID", ()) if place.attributes.get("EIdType") == "doi"]
    own = [name for name in data.get("ArticleIdList", ()) if name.attributes.get("IdType") == "doi"]
    links = citation.get("CommentsCorrectionsList", ())
    return _of_part(citation, article) | {
        "copyright": _given(text_of(article.get("Abstract", {}).get("CopyrightInformation", ""))),
        "journal": _given(text_of(journal.get("ISOAbbreviation", "") or journal.get("Title", ""))),
        "dois": tuple({text_of(name).lower() for name in (*locations, *own)}),
        "MeSH": tuple(text_of(heading["DescriptorName"]) for heading in citation.get("MeshHeadingList", ())),
        "published": (earliest([*article.get("ArticleDate", ()), journal["JournalIssue"]["PubDate"]]),),
        "relations": tuple(f"{link.attributes['RefType']} {link.get('PMID', '')}".strip() for link in links),
    }


def pubmed_parser(body: bytes) -> Read:
    """Return what pubmed_parser reads. It has no books and no deletions, and reads compressed files only."""
    import pubmed_parser as peer

    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.xml.gz"
        file.write_bytes(gzip.compress(body, 1))
        return Read([*map(_of_row, peer.parse_medline_xml(str(file), year_info_only=False))])


def _of_row(row: Mapping[str, str]) -> Fields:
    vernacular = one_line(row["vernacular_title"])
    parts = [part for part in _parts(row["abstract"]) if part[1]]
    return {
        "PMID": (row["pmid"],),
        "title": (title_of(one_line(row["title"]), vernacular),),
        "original title": _given(bare_title(vernacular)),
        "abstract": tuple(text for _, text in parts),
        "labels": tuple(label or "ABSTRACT" for label, _ in parts),
        "journal": _given(one_line(row["medline_ta"])),
        "dois": _given(row["doi"].lower()),
        "publication types": _named(row["publication_types"]),
        "MeSH": _named(row["mesh_terms"]),
        "published": (row["pubdate"],),
    }


def _parts(abstract: str) -> Iterator[tuple[str, str]]:
    """Yield label and text of each part: pubmed_parser puts three line breaks before a label and one behind it."""
    several = "\n\n\n" in abstract
    for part in abstract.split("\n\n\n"):
        label, _, text = part.partition("\n")
        yield (one_line(label), one_line(text)) if several and text else ("", one_line(part))


def _named(listed: str) -> Value:
    """Return the names of a list such as `D1:One; D2:Two`."""
    return tuple(one_line(item.partition(":")[2]) for item in listed.split("; ") if item)


def _given(text: str) -> Value:
    return (text,) if text else ()
