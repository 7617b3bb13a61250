"""Large XML from outside, read one record at a time: no DTD, no entities, no network, no huge trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from lxml import etree

from medpipe.ports import SourceError

_TRUNCATED = (EOFError, OSError)
"""What gzip raises for a file that ends early or whose check sum is wrong."""


def records(stream: BinaryIO, name: str, tags: Sequence[str]) -> Iterator[etree._Element]:
    """Each element with one of `tags`, whole, in document order; it is emptied when the next one is asked
    for.

    `name` is the file or address, for messages. Raises SourceError, which says after how many records the
    file broke off, for XML that is not well-formed or ends early.
    """
    count = 0
    try:
        for _, element in etree.iterparse(
            stream,
            events=("end",),
            tag=tuple(tags),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
        ):
            count += 1
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.XMLSyntaxError, *_TRUNCATED) as error:
        raise SourceError(
            f"{name}: broken after {count} whole records ({error}). It was cut off or damaged: "
            "remove it from the cache and pull again."
        ) from error


def root(stream: BinaryIO, name: str) -> tuple[str, dict[str, str]]:
    """The tag and attributes of the root element, read from the beginning of a stream."""
    try:
        for _, element in etree.iterparse(
            stream,
            events=("start",),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
        ):
            return str(element.tag), {str(key): str(value) for key, value in element.attrib.items()}
    except (etree.XMLSyntaxError, *_TRUNCATED) as error:
        raise SourceError(f"{name}: not XML ({error}); remove it and fetch it again.") from error
    return "", {}


def document(body: bytes, name: str) -> etree._Element:
    """A small answer as a tree; raises SourceError when it is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{name}: the answer is not whole XML ({error}); try again later.") from error
