"""MedlinePlus's topic groups: the names of body systems, disorders and populations that topics are listed under.

`https://medlineplus.gov/xml/mplus_topic_groups_{date}.xml`: a root with `group[@id @url @language]`. A group
has one number and a name in each language.
"""

from __future__ import annotations

import logging
from typing import BinaryIO, NamedTuple

from medpipe.errors import SourceError
from medpipe.sources.transport import safe_xml

log = logging.getLogger(__name__)


class Group(NamedTuple):
    """One name of a group, in the language of the name (`English` or `Spanish`; empty where it is not said)."""

    number: str
    name: str
    language: str
    url: str


def parse_groups(stream: BinaryIO, name: str) -> list[Group]:
    """The groups of a file, in its order; raises SourceError naming the file, and the group that has no id or name."""
    found = list[Group]()
    for element in safe_xml.records(stream, name, ("group",)):
        # The name may be the text, or stand in an element or attribute of its own: the file has no public DTD.
        title = " ".join("".join(map(str, element.itertext())).split()) or element.get("name", element.get("title", ""))
        number = element.get("id", "")
        if not number or not title:
            raise SourceError(f"{name}, group {number or len(found) + 1}: no id or no name; the format has changed.")
        found.append(Group(number, title, element.get("language", ""), element.get("url", "")))
    if not found:
        raise SourceError(f"{name}: holds no group; check that it is a MedlinePlus topic group file.")
    return found


def names(groups: list[Group], wanted: str) -> set[str]:
    """Every name, in both languages, of the group that has this number or name; raises LookupError without one."""
    numbers = {group.number for group in groups if wanted.casefold() in (group.number, group.name.casefold())}
    if not numbers:
        known = ", ".join(sorted({group.name for group in groups}))
        raise LookupError(f"no topic group {wanted!r}; there are {known}")
    return {group.name for group in groups if group.number in numbers}
