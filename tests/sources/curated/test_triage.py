"""The shipped triage cases: each in three languages. A hospital's own items replace them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from medpipe.backends.languages import LangidLanguages
from medpipe.core.corpus.document import Document
from medpipe.core.text import words
from medpipe.core.triage.case import LANGUAGES
from medpipe.core.triage.labels import LABELS
from medpipe.errors import SourceError
from medpipe.sources.curated import triage
from medpipe.sources.curated.entry import BadRow
from medpipe.sources.curated.source import CuratedSource
from tests.places import ROOT
from tests.policies import TRIAGE
from tests.sources.curated import samples

SHIPPED = ROOT / "medpipe" / "recipes" / "data" / "triage.yaml"
EVER = (date(1990, 1, 1), date(2100, 1, 1))


@pytest.fixture(scope="module")
def items() -> dict[str, Document]:
    return {item.id: item for item in CuratedSource(None, "triage", shipped=SHIPPED).pull(*EVER)}


def test_every_case_is_told_in_every_language_with_one_label_and_is_one_cluster(items: dict[str, Document]) -> None:
    counted = Counter((item.language, item.sections[0].text) for item in items.values())
    assert set(counted) == {(language, label) for language in LANGUAGES for label in LABELS}
    assert set(counted.values()) == {16}
    for item in items.values():
        second = items[item.counterpart]
        third = items[second.counterpart]
        assert third.counterpart == item.id
        assert {item.language, second.language, third.language} == set(LANGUAGES)
        assert len({case.sections[0].text for case in (item, second, third)}) == 1


def test_an_account_never_says_its_label(items: dict[str, Document]) -> None:
    words_of_labels = re.compile(r"immediate|medium|delayed|urgen|triage", re.IGNORECASE)
    assert not [item.id for item in items.values() if words_of_labels.search(item.sections[0].heading)]


def test_the_accounts_are_all_different_and_in_the_language_that_they_say(items: dict[str, Document]) -> None:
    accounts = [item.sections[0].heading for item in items.values()]
    assert len(set(accounts)) == len(accounts)
    identifier = LangidLanguages()
    accounts += [account for case in TRIAGE.cases for account in map(case.told, LANGUAGES)]
    guessed = [identifier.guess(account)[0] for account in accounts]
    stated = [item.language for item in items.values()] + [*LANGUAGES] * len(TRIAGE.cases)
    assert [pair for pair in zip(accounts, guessed, stated, strict=True) if pair[1] != pair[2]] == []


def test_a_hospitals_own_items_replace_the_shipped_ones(tmp_path: Path) -> None:
    source = CuratedSource(samples.write("triage", tmp_path), "triage", shipped=SHIPPED)
    assert len(list(source.pull(*EVER))) == len(samples.TRIAGE) - 1
    assert source.drops == {"questions without an answer were dropped": 1}


@pytest.mark.parametrize(
    "text",
    [
        "cases: [",
        "cases: []",
        "- a",
        "released: 2026-01-01\nlicence: x\ncases: [a]",
        "released: 2026-13-45\nlicence: x\ncases: []",
        "released: soon\nlicence: x\ncases: []",
        "released: 2026-01-01\nlicence: x\ncases: [{id: a, label: immediate, en: a, fr: b}]",
        "released: 2026-01-01\nlicence: x\ncases:\n"
        "- {id: a, label: delayed, en: a, fr: b, es: c}\n- {id: a, label: delayed, en: d, fr: e, es: f}",
    ],
)
def test_a_shipped_file_of_another_form_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "triage.yaml").write_text(text)
    with pytest.raises(SourceError, match=r"triage\.yaml: no list of triage cases"):
        list(CuratedSource(None, "triage", shipped=tmp_path / "triage.yaml").pull(*EVER))


@pytest.mark.parametrize(
    ("scale", "level", "label"),
    [
        ("esi", "2", "immediate"),
        ("ESI", "3", "medium"),
        ("esi", "5", "delayed"),
        ("manchester", "Orange", "immediate"),
        ("manchester", "yellow", "medium"),
        ("manchester", "BLUE", "delayed"),
        ("french", "2", "immediate"),
        ("french", "3a", "medium"),
        ("french", "3 B", "medium"),
        ("french", "4", "delayed"),
    ],
)
def test_a_level_of_a_scale_in_use_is_read_as_its_label(scale: str, level: str, label: str) -> None:
    reading = triage.read({"question": "Somebody coughs.", "language": "en", "scale": scale, "label": level})
    assert reading.entry is not None and reading.entry.sections[0].text == label


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"scale": "esi", "label": "3A"}, "not one of 1, 2, 3, 4, 5"),
        ({"scale": "french", "label": "3"}, "not one of 1, 2, 3A, 3B, 4, 5"),
        ({"scale": "apgar", "label": "3"}, "not one of ours, esi, manchester, french"),
        ({"label": "red"}, "not one of immediate, medium, delayed"),
        ({"label": "delayed", "language": "de"}, "not one of en, fr, es"),
    ],
)
def test_a_level_that_its_scale_does_not_have_is_a_bad_row_that_names_the_levels(
    row: dict[str, str], fault: str
) -> None:
    with pytest.raises(BadRow, match=fault):
        triage.read({"question": "Somebody coughs.", "language": "en", **row})


def test_every_scale_names_its_source_and_has_a_level_for_each_label() -> None:
    for scale in triage.scales().scales.values():
        assert scale.source
        assert list(dict.fromkeys(scale.levels.values())) == list(LABELS), "the most urgent level comes first"


def test_no_taught_case_is_a_held_out_one(items: dict[str, Document]) -> None:
    seen = {run for item in items.values() for run in runs(item.sections[0].heading)}
    assert [text for text in TRIAGE.texts if runs(text) & seen] == []


def runs(account: str) -> set[tuple[str, ...]]:
    """Eight words in a row: what two accounts of different cases do not share."""
    said = words(account)
    return {tuple(said[start : start + 8]) for start in range(len(said) - 7)}
