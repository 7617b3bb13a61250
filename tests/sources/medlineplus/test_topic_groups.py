"""The group file: numbers, and names in both languages."""

from __future__ import annotations

import io

import pytest

from medpipe.errors import NotFound, SourceError
from medpipe.sources.medlineplus.topic_groups import Group, names, parse_groups

FILE = (
    '<groups><group id="31" url="https://medlineplus.gov/symptoms.html" language="English">Symptoms</group>'
    '<group id="31" url="https://medlineplus.gov/spanish/symptoms.html" language="Spanish">Síntomas</group>'
    '<group id="45" url="https://medlineplus.gov/d.html" language="English">Diabetes Mellitus</group></groups>'
)


def _parsed(text: str) -> list[Group]:
    return parse_groups(io.BytesIO(text.encode()), "groups.xml")


def test_groups_have_a_number_and_a_name_in_each_language() -> None:
    groups = _parsed(FILE)
    assert groups[1] == Group("31", "Síntomas", "Spanish", "https://medlineplus.gov/spanish/symptoms.html")
    assert names(groups, "symptoms") == names(groups, "31") == {"Symptoms", "Síntomas"}


def test_a_group_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(NotFound, match="no topic group 'Teeth'; there are Diabetes Mellitus, Symptoms, Síntomas"):
        names(_parsed(FILE), "Teeth")


def test_a_name_may_be_an_element_of_its_own() -> None:
    assert _parsed('<g><group id="1" url="u" language="English"><title>Blood</title></group></g>')[0].name == "Blood"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<groups/>", "groups.xml: has no group"),
        ('<groups><group url="u">A</group></groups>', "groups.xml, group 1: no id or no name"),
        ('<groups><group id="7"/></groups>', "groups.xml, group 7: no id or no name"),
        ("<html>", "groups.xml: broken"),
        ("", "groups.xml: broken"),
    ],
)
def test_a_file_that_is_no_group_file_is_named(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        _parsed(text)
