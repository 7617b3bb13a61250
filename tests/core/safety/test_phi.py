"""Identifiers become placeholders: overlaps, repeated names, and what is not an identifier."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.safety import phi
from medpipe.core.safety.given_names import GIVEN_NAMES
from medpipe.core.safety.identifiers import IDENTIFIERS, WITH_GIVEN_NAME, Identifier
from medpipe.core.safety.identifiers.names import name_after
from medpipe.core.safety.identifiers.reference_numbers import number_after
from medpipe.core.safety.identifiers.writing import any_of

TEXT = "abcdefghij"
SPANS = st.dictionaries(
    st.tuples(st.integers(0, 8), st.integers(1, 9)).filter(lambda span: span[0] < span[1]),
    st.sampled_from(phi.KINDS),
    max_size=6,
)


def nir(number: str) -> str:
    """A French number of 13 characters with its key."""
    digits = number.replace("2A", "19").replace("2B", "18")
    return f"{number}{97 - int(digits) % 97:02}"


@pytest.mark.parametrize("number", ["2540344109123", "185122A109123", "185122B109123", "1000000000000"])
def test_a_french_number_with_its_key_is_valid(number: str) -> None:
    assert phi.nir_is_valid(nir(number))
    assert phi.nir_is_valid(" ".join(nir(number)))


def test_a_published_french_number_is_valid() -> None:
    # the specimen of a French health card: 2 69 05 49 588 157 80
    assert phi.nir_is_valid("2 69 05 49 588 157 80")


@pytest.mark.parametrize("key", [f"{key:02}" for key in range(100) if f"{key:02}" != "80"])
def test_a_french_number_with_another_key_is_not_valid(key: str) -> None:
    assert not phi.nir_is_valid(f"2690549588157{key}")


@pytest.mark.parametrize("text", ["", "269054958815780 0", "26905495881578", "2690549588157O0", "185122C10912345"])
def test_a_text_that_is_not_15_digits_is_not_a_french_number(text: str) -> None:
    assert not phi.nir_is_valid(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I saw Ruth today.", True),
        ("Ruth-Anne came.", True),
        ("ruth came", False),
        ("Ruthless people", False),
        ("", False),
    ],
)
def test_a_common_given_name_counts_as_a_whole_word(text: str, expected: bool) -> None:
    assert phi.has_given_name(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MRN 4482", True),
        ("1 - 2 - 3 - 4", True),
        ("1:30 and 45", False),
        ("1 -- 2 -- 3 -- 4", False),
        ("1234", True),
        ("123", False),
        ("1abc2abc3abc4", True),
        ("1abcd2abc3abc4", False),
        ("1abc2abcd3abc4", False),
        ("1abc2abc3abcd4", False),
        ("", False),
    ],
)
def test_a_number_has_four_digits_at_most_three_characters_apart(text: str, expected: bool) -> None:
    assert phi.has_number(text) is expected


def again(text: str, *names: str) -> list[str]:
    return [text[start:end] for start, end in phi.names_again(text, frozenset(names))]


def test_parts_of_a_name_are_found_again() -> None:
    text = "Ruth Calder came. Later Calder left, and Ruth’s sister stayed."

    assert phi.names_again(text, frozenset({"Ruth Calder"})) == [(0, 4), (5, 11), (24, 30), (41, 45)]
    assert again("O’Brien-Lee and O’Brien", "O’Brien-Lee") == ["O’Brien-Lee"]
    assert again("Kim and Lee", "Kim", "Lee") == ["Kim", "Lee"]


def test_the_longer_of_two_names_is_taken_whole() -> None:
    assert again("Annabel and Anna", "Anna", "Annabel") == ["Annabel", "Anna"]
    assert again("Bri’Anna and Bri", "Bri", "Bri’Anna") == ["Bri’Anna", "Bri"]


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson’s disease",
        "Parkinson's disease",
        "Parkinsons disease",
        "Parkinson syndrome",
        "maladie de Parkinson",
        "syndrome de Parkinson",
        "enfermedad de Parkinson",
        "síndrome de Parkinson",
        "parkinson",
        "Parkinsonism",
        "non-Parkinson",
        "Parkinson-Plus",
    ],
)
def test_a_name_in_a_disease_or_inside_a_word_is_not_found_again(text: str) -> None:
    assert again(text, "James Parkinson") == []


@pytest.mark.parametrize("name", ["de la", "Li", "van der", ""])
def test_short_parts_and_particles_are_not_looked_for(name: str) -> None:
    assert again("Li came from de la Cruz; van der Berg.", name) == []


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ({}, (TEXT, {})),
        ({(2, 4): "NAME"}, ("ab[NAME]efghij", {"NAME": 1})),
        ({(0, 10): "NAME"}, ("[NAME]", {"NAME": 1})),
        # spans that touch do not overlap
        ({(2, 4): "NAME", (4, 6): "DATE"}, ("ab[NAME][DATE]ghij", {"DATE": 1, "NAME": 1})),
        ({(6, 8): "NAME", (0, 2): "NAME"}, ("[NAME]cdef[NAME]ij", {"NAME": 2})),
        # the longest decides
        ({(1, 3): "AGE", (2, 6): "MRN", (7, 8): "IP"}, ("a[MRN]g[IP]ij", {"IP": 1, "MRN": 1})),
        ({(1, 5): "AGE", (2, 4): "MRN"}, ("a[AGE]fghij", {"AGE": 1})),
        # the first decides between equally long ones
        ({(1, 3): "AGE", (2, 4): "MRN"}, ("a[AGE]efghij", {"AGE": 1})),
        # a chain of overlaps is one group, and a short last span does not end it early
        ({(0, 3): "AGE", (2, 8): "MRN", (3, 4): "IP", (7, 9): "URL"}, ("[MRN]j", {"MRN": 1})),
        # a span that only the third of a chain outgrows
        ({(2, 4): "AGE", (3, 5): "MRN", (4, 8): "IP"}, ("ab[IP]ij", {"IP": 1})),
        # the longest is remembered over several spans
        ({(0, 5): "AGE", (1, 3): "MRN", (2, 6): "IP"}, ("[AGE]ghij", {"AGE": 1})),
    ],
)
def test_overlapping_places_become_one_placeholder_of_the_longest_kind(
    spans: dict[tuple[int, int], str], expected: tuple[str, dict[str, int]]
) -> None:
    assert phi.replaced(TEXT, spans) == expected


def test_the_counts_are_in_alphabetical_order() -> None:
    assert list(phi.replaced(TEXT, {(0, 1): "URL", (2, 3): "AGE", (4, 5): "IP"})[1]) == ["AGE", "IP", "URL"]


@given(SPANS)
def test_no_character_of_an_identifier_stays_and_every_other_one_does(spans: dict[tuple[int, int], str]) -> None:
    covered = {index for start, end in spans for index in range(start, end)}
    text, counts = phi.replaced(TEXT, spans)
    rest = text
    for kind in phi.KINDS:
        rest = rest.replace(f"[{kind}]", "")

    assert rest == "".join(letter for index, letter in enumerate(TEXT) if index not in covered)
    assert text.count("[") == sum(counts.values())


def test_every_pattern_has_a_known_kind_languages_and_a_name_of_its_own() -> None:
    names = [(identifier.kind, identifier.name) for identifier in IDENTIFIERS]

    assert len(set(names)) == len(names) == 88
    assert {identifier.kind for identifier in IDENTIFIERS} <= set(phi.KINDS)
    assert all(set(identifier.languages) <= {"en", "fr", "es"} for identifier in IDENTIFIERS)
    assert WITH_GIVEN_NAME.kind == "NAME"
    assert len(GIVEN_NAMES) > 200


def matched(identifier: Identifier, text: str) -> list[str]:
    return [match.group() for match in regex.finditer(identifier.pattern, text, regex.VERSION1)]


def test_a_number_after_its_words_is_an_identifier_and_other_numbers_are_not() -> None:
    identifier = number_after("MRN", "record", "MRN", "file number")

    assert identifier[:2] == ("MRN", "record")
    assert identifier.languages == ("en", "fr", "es")
    assert matched(identifier, "mrn: 4482917, File Number is A-1203. Take 4482917 mg.") == ["4482917", "A-1203"]
    assert matched(identifier, "MRN 123, the MRN system, file number unknown") == []


def test_a_name_after_its_introduction_is_an_identifier_and_other_capitals_are_not() -> None:
    identifier = name_after("title", r"Mr\.\s")

    assert identifier[:2] == ("NAME", "title")
    assert identifier.languages == ("en", "fr", "es")
    assert matched(identifier, "Mr. Lee O'Hara and Mr. J. Villiers came. Lee left.") == [
        "Lee O'Hara",
        "J. Villiers",
    ]
    assert matched(identifier, "Mr. The. A Mr. in Boise.") == []
    assert name_after("other", "X", "Y", ("fr",)).languages == ("fr",)


def test_words_match_in_any_case_with_any_white_space() -> None:
    assert any_of("birth date", "dob") == r"(?i:birth\sdate|dob)"
