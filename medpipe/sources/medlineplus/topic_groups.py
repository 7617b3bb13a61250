"""MedlinePlus's topic groups: body systems, disorders and populations under which topics are listed.

`https://medlineplus.gov/xml/mplus_topic_groups_{date}.xml` has a root with `group[@id @url @language]`. A group
has one number and a name in each language.
"""

from __future__ import annotations

import logging
from typing import BinaryIO, NamedTuple

from medpipe.errors import NotFound, SourceError
from medpipe.sources.transport import safe_xml

log = logging.getLogger(__name__)


class Group(NamedTuple):
    """One name of a group. `language` is that of the name: `English`, `Spanish`, or "" where the file has none."""

    number: str
    name: str
    language: str
    url: str


def parse_groups(stream: BinaryIO, name: str) -> list[Group]:
    """Return the groups of a file, in its order. Raises SourceError naming the file, and a group without id or name."""
    groups = list[Group]()
    for element in safe_xml.records(stream, name, ("group",)):
        # The name may be the text, or be in an element or attribute of its own: the file has no public DTD.
        title = " ".join("".join(map(str, element.itertext())).split()) or element.get("name", element.get("title", ""))
        number = element.get("id", "")
        if not number or not title:
            raise SourceError(f"{name}, group {number or len(groups) + 1}: no id or no name; the format has changed.")
        groups.append(Group(number, title, element.get("language", ""), element.get("url", "")))
    if not groups:
        raise SourceError(f"{name}: has no group; check that it is a MedlinePlus topic group file.")
    return groups


def names(groups: list[Group], wanted: str) -> set[str]:
    """Return every name, in both languages, of the group with this number or name. Raises NotFound without one."""
    numbers = {group.number for group in groups if wanted.casefold() in (group.number, group.name.casefold())}
    if not numbers:
        known = ", ".join(sorted({group.name for group in groups}))
        raise NotFound(f"no topic group {wanted!r}; there are {known}.")
    return {group.name for group in groups if group.number in numbers}
