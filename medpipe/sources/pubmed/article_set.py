"""PubmedArticleSet XML, read one record at a time and fast: what medpipe does not use is not parsed.

Two thirds of PubMed's bytes are authors, references, chemicals and identifiers. Files are runs of plain
`<PubmedArticle>…</PubmedArticle>`. These runs are cut out of the bytes, those subtrees are removed, and the rest
is parsed a block at a time. In XML a `<` begins nothing but markup, so that a search of the bytes finds exactly
the elements, unless there are comments, CDATA sections or processing instructions. Whatever is out of the
ordinary (these, another encoding, a DTD of its own, a book, a deletion, the end of the file, a block that is not
well-formed) is left to `safe_xml.records`, which reads on from the first record that was not yielded. Both ways
yield the same documents; only a fault *inside* a removed subtree goes unnoticed here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

from lxml import etree

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
_IDENTIFIERS, _IDENTIFIERS_END = b"<ArticleIdList>", b"</ArticleIdList>"
"""The only subtree of the last part that is read, for its DOIs: the record's own, before its `_REFERENCES`, which have
more."""
_REFERENCES = b"<ReferenceList"
_UNREAD = (
    (b"<DateCompleted>", b"</DateCompleted>"),
    (b"<DateRevised>", b"</DateRevised>"),
    (b'<AuthorList CompleteYN="Y">', b"</AuthorList>"),
    (b"<MedlineJournalInfo>", b"</MedlineJournalInfo>"),
    (b"<ChemicalList>", b"</ChemicalList>"),
    (b'<KeywordList Owner="NOTNLM">', b"</KeywordList>"),
)
"""Start and end tags of subtrees that medpipe does not use, as nearly all files write them, in the DTD's order.
None of them can be inside another of its kind. Smaller subtrees take longer to find than to parse."""


def records(stream: BinaryIO, name: str) -> Iterator[etree._Element]:
    """Yield each PubmedArticle, PubmedBookArticle and DeleteCitation in document order, valid until the next.

    `name` is the file or address, for messages. Raises SourceError for XML that is not well-formed or ends early,
    with the number of whole records before that, and for a root, or an element under the root, of another kind, with
    its name.
    """
    count = 0
    try:
        ahead = stream.read(_BLOCK)
        head = _HEAD.match(ahead)
        ahead = ahead[head.end() :] if head else ahead
        while head and (block := _plain(ahead)):
            elements, rest = block
            yield from elements
            count += len(elements)
            ahead = rest + stream.read(_BLOCK)
    except safe_xml.TRUNCATED as error:
        raise safe_xml.broken(name, count, error) from error
    left = cast(BinaryIO, _Joined(head[0] + ahead if head else ahead, stream))
    yield from safe_xml.records(left, name, RECORDS, roots=ROOTS, before=count)


class _Unusual(Exception):
    """A record that only `safe_xml.records` can read."""


def _plain(block: bytes) -> tuple[etree._Element, bytes] | None:
    """Return the plain articles at the beginning of a block, and the rest of the block; None without any."""
    *whole, rest = block.split(_RECORD_END)
    try:
        body = b"".join((_ROOT, *map(_short, whole), _ROOT_END))
        root = etree.fromstring(body, safe_xml.parser())
    except (etree.XMLSyntaxError, _Unusual):
        return None
    return (root, rest) if whole and len(root) == len(whole) else None


def _short(record: bytes) -> bytes:
    """Return a record, given without its end tag, without the subtrees of `_UNREAD` and `_LAST` in their usual order.

    Raises _Unusual for text or markup around or in the record that a search of the bytes cannot tell apart.
    """
    last = record.find(_LAST)
    if last < 0 or not record.rstrip().endswith(_LAST_END):
        last = len(record)
    kept, at = list[bytes](), 0
    for start, end in _UNREAD:
        begin = record.find(start, at, last)
        if begin >= 0 and (close := record.find(end, begin, last)) > 0:
            kept.append(record[at:begin])
            at = close + len(end)
    short = b"".join((*kept, record[at:last], _dois(record, last), _RECORD_END))
    begin = short.find(_RECORD)
    if short[:begin].strip() or (b"!" in short and b"<!" in short) or (b"?" in short and b"<?" in short):
        raise _Unusual
    return short


def _dois(record: bytes, last: int) -> bytes:
    """Return the part of a record that begins at `last` with its identifiers from the first DOI on; b"" without any."""
    begin = record.find(_IDENTIFIERS, last)
    close = record.find(_IDENTIFIERS_END, begin)
    doi = record.find(b"doi", begin, close)
    if not 0 <= begin < doi < close or record.find(_REFERENCES, last, begin) >= 0:
        return b""
    first = record.rfind(b"<", begin, doi)
    return b"".join((_LAST, _IDENTIFIERS, record[first:close], _IDENTIFIERS_END, _LAST_END))


class _Joined:
    """`read` of some bytes and then of a stream."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first, self._stream = io.BytesIO(first), stream

    def read(self, size: int = -1) -> bytes:
        return self._first.read(size) or self._stream.read(size)
