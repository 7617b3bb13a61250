"""PubmedArticleSet XML, read one record at a time and fast: what medpipe never reads is not parsed either.

Two thirds of PubMed's bytes are authors, references, chemicals and identifiers. So the runs of plain
`<PubmedArticle>…</PubmedArticle>` that files consist of are cut out of the bytes, relieved of those subtrees,
and parsed a block at a time. In XML a `<` begins nothing but markup, so that searching the bytes finds exactly
the elements, as long as there are no comments, CDATA sections or processing instructions. Whatever is out of
the ordinary (these, another encoding, a DTD of its own, a book, a deletion, the end of the file, a block that
is not well-formed) is left to `safe_xml.records`, which reads on from the first record not yet given. Both
give the same documents; only a fault *inside* a subtree that nobody reads goes unnoticed here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

from lxml import etree

from medpipe.errors import SourceError
from medpipe.sources.transport import safe_xml

ROOTS = ("PubmedArticleSet", "PubmedBookArticleSet")
RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
_HEAD = re.compile(
    rb"""\s*(?:<\?xml\s+version=["']1\.\d["'](?:\s+encoding=["'](?i:utf-8)["'])?\s*\?>)?\s*"""
    rb"(?:<!DOCTYPE[^<>\[]*>)?\s*<PubmedArticleSet>"
)
_BLOCK = 1 << 19
"""Bytes in one read, about fifty records: more brings no more speed and costs memory."""
_ROOT, _ROOT_END = b"<PubmedArticleSet>", b"</PubmedArticleSet>"
_RECORD, _RECORD_END = b"<PubmedArticle>", b"</PubmedArticle>"
_LAST, _LAST_END = b"<PubmedData>", b"</PubmedData>"
"""The last part of a record: history, identifiers and references."""
_UNREAD = (
    (b"<DateCompleted>", b"</DateCompleted>"),
    (b"<DateRevised>", b"</DateRevised>"),
    (b'<AuthorList CompleteYN="Y">', b"</AuthorList>"),
    (b"<MedlineJournalInfo>", b"</MedlineJournalInfo>"),
    (b"<ChemicalList>", b"</ChemicalList>"),
    (b'<KeywordList Owner="NOTNLM">', b"</KeywordList>"),
)
"""Start and end tags of subtrees that nobody reads, as nearly all files write them, in the DTD's order. None of
them can be within its own kind. Smaller ones take longer to find than to parse."""


def records(stream: BinaryIO, name: str) -> Iterator[etree._Element]:
    """Each PubmedArticle, PubmedBookArticle and DeleteCitation in document order; valid until the next one.

    `name` is the file or address, for messages. Raises SourceError, saying after how many whole records, for
    XML that is not well-formed or ends early or refers to entities, and naming elements under the root, or a root,
    of another kind.
    """
    count = 0
    try:
        ahead = stream.read(_BLOCK)
        head = _HEAD.match(ahead)
        ahead = ahead[head.end() :] if head else ahead
        while head and (found := _plain(ahead)):
            elements, rest = found
            yield from elements
            count += len(elements)
            ahead = rest + stream.read(_BLOCK)
    except safe_xml.TRUNCATED as error:
        raise safe_xml.broken(name, count, error) from error
    left = cast(BinaryIO, _Joined(head[0] + ahead if head else ahead, stream))
    for element in safe_xml.records(left, name, RECORDS, roots=ROOTS, before=count):
        count += 1
        if (entity := next(element.iter(etree.Entity), None)) is not None:
            raise SourceError(
                f"{name}: an entity reference ({entity.text}) in record {count}, which NLM's files never have: "
                "it is damaged or not NLM's."
            )
        yield element


class _Unusual(Exception):
    """What only the careful way can read."""


def _plain(block: bytes) -> tuple[etree._Element, bytes] | None:
    """The plain articles that a block begins with, and the rest of it; None when it begins otherwise."""
    *whole, rest = block.split(_RECORD_END)
    try:
        body = _ROOT + b"".join([_short(record) + _RECORD_END for record in whole]) + _ROOT_END
        root = etree.fromstring(body, safe_xml.parser())
    except (etree.XMLSyntaxError, _Unusual):
        return None
    return (root, rest) if whole and len(root) == len(whole) else None


def _short(record: bytes) -> bytes:
    """A record without the parts that nobody reads, as far as they stand where they always do."""
    last = record.find(_LAST)
    if last < 0 or not record.rstrip().endswith(_LAST_END):
        last = len(record)
    kept, at = list[bytes](), 0
    for start, end in _UNREAD:
        begin = record.find(start, at, last)
        if begin >= 0 and (close := record.find(end, begin, last)) > 0:
            kept.append(record[at:begin])
            at = close + len(end)
    kept.append(record[at:last])
    short = b"".join(kept)
    begin = short.find(_RECORD)
    if short[:begin].strip() or (b"!" in short and b"<!" in short) or (b"?" in short and b"<?" in short):
        raise _Unusual
    return short


class _Joined:
    """Some bytes, and then a stream."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first, self._stream = io.BytesIO(first), stream

    def read(self, size: int = -1) -> bytes:
        return self._first.read(size) or self._stream.read(size)
