"""Large XML from outside, read one record at a time: no DTD, no entities, no network, no huge trees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

from isal import igzip_lib
from lxml import etree

from medpipe.errors import SourceError

TRUNCATED = (EOFError, OSError, cast("type[Exception]", igzip_lib.IsalError))
"""What isal's gzip raises for a file that ends early, is damaged, or has a wrong check sum."""
_CAREFUL: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
}
"""lxml's options by which nothing outside the stream is read, and nothing in it expands or grows without limit."""
_POSITION = re.compile(r",? line \d+, column \d+.*")


def records(
    stream: BinaryIO, name: str, tags: Sequence[str], roots: Sequence[str] = (), before: int = 0
) -> Iterator[etree._Element]:
    """Yield each element with one of `tags`, whole, in document order. It is emptied before the next is yielded.

    Raises SourceError for XML that is not well-formed or ends early, with the number of records before that, and
    for a root, or a child of the root, that does not belong there, with its name.

    Args:
        stream: the XML, as bytes.
        name: the file or address, for messages.
        tags: the names of the records' elements.
        roots: names that the root may have. It may then have no children but `tags`, or be a record itself.
            Without `roots`, whatever is around the records is passed over.
        before: how many records of the file have been read already, for messages.
    """
    count = before
    parsing = _events(stream, "end", tuple(tags))
    try:
        for _, element in parsing:
            count += 1
            yield element
            element.clear()
            while (done := element.getprevious()) is not None:
                if roots:
                    _demand_known(done, tags, name, count)
                del element.getparent()[0]
    except (etree.XMLSyntaxError, *TRUNCATED) as error:
        raise broken(name, count, error) from error
    if roots and (top := parsing.root) is not None and top.tag not in tags:
        _demand_known(top, roots, name, count)
        for child in top:
            _demand_known(child, tags, name, count)


def broken(name: str, count: int, error: Exception) -> SourceError:
    """Return the error for a file that could not be read further than `count` records."""
    return SourceError(
        f"{name}: broken after {count} whole records ({_POSITION.sub('', str(error))}). It was cut off or damaged: "
        "remove it from the cache and pull again."
    )


def _demand_known(element: etree._Element, tags: Sequence[str], name: str, count: int) -> None:
    if element.tag not in tags:
        raise SourceError(
            f"{name}: <{element.tag}> after {count} records, where only {', '.join(tags)} belong; "
            "the format has changed or this is another kind of file."
        )


def root(stream: BinaryIO, name: str) -> tuple[str, dict[str, str]]:
    """Return the tag and attributes of the root element, read from the beginning of a stream.

    Raises SourceError, naming the file `name`, for what is not XML.
    """
    try:
        for _, element in _events(stream, "start"):
            return str(element.tag), {str(key): str(value) for key, value in element.attrib.items()}
    except (etree.XMLSyntaxError, *TRUNCATED) as error:
        raise SourceError(f"{name}: not XML ({error}); remove it and fetch it again.") from error
    return "", {}


def _events(stream: BinaryIO, event: str, tags: tuple[str, ...] | None = None) -> etree.iterparse:
    """Return the (event, element) pairs of a stream, read as carefully as `parser` does."""
    return etree.iterparse(
        stream,
        events=(event,),
        tag=tags,
        remove_comments=True,  # or they would cut an element's text in two
        remove_pis=True,
        **_CAREFUL,
    )


def parser() -> etree.XMLParser:
    """Return a parser for small answers that refuses the same things as `records`."""
    return etree.XMLParser(**_CAREFUL, collect_ids=False)


def document(body: bytes, name: str) -> etree._Element:
    """Return a small answer as a tree. Raises SourceError, naming `name`, when it is not well-formed."""
    try:
        return etree.fromstring(body, parser())
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{name}: the answer is not whole XML ({error}); try again later.") from error
