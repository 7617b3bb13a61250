"""The shipped triage items: enough of each label in both languages. A hospital's own items replace them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.curated.source import CuratedSource
from medpipe.sources.curated.triage import LABELS
from tests.places import ROOT
from tests.sources.curated import samples

SHIPPED = ROOT / "medpipe" / "recipes" / "data" / "triage.yaml"
EVER = (date(1990, 1, 1), date(2100, 1, 1))


@pytest.fixture(scope="module")
def items() -> dict[str, Document]:
    return {item.id: item for item in CuratedSource(None, "triage", shipped=SHIPPED).pull(*EVER)}


def test_every_label_has_at_least_twenty_items_in_each_language(items: dict[str, Document]) -> None:
    counted = Counter((item.language, item.sections[0].text) for item in items.values())
    assert set(counted) == {(language, label) for language in ("en", "fr") for label in LABELS}
    assert min(counted.values()) >= 20 and len(items) >= 120


def test_counterparts_name_each_other_across_the_languages_and_agree_on_the_label(items: dict[str, Document]) -> None:
    paired = [item for item in items.values() if item.counterpart]
    assert len(paired) >= 60
    for item in paired:
        other = items[item.counterpart]
        assert other.counterpart == item.id and other.language != item.language
        assert other.sections[0].text == item.sections[0].text


def test_an_account_never_says_its_label(items: dict[str, Document]) -> None:
    words_of_labels = re.compile(r"immediate|medium|delayed|urgen|triage", re.IGNORECASE)
    assert not [item.id for item in items.values() if words_of_labels.search(item.sections[0].heading)]


def test_the_accounts_are_all_different_and_in_the_language_that_they_say(items: dict[str, Document]) -> None:
    accounts = [item.sections[0].heading for item in items.values()]
    assert len(set(accounts)) == len(accounts)
    for item in items.values():
        words = set(re.findall(r"\w+", item.sections[0].heading.casefold()))
        common_words = {
            "fr": words & {"de", "la", "le", "du", "un", "une", "il", "elle", "qui", "et", "au"},
            "en": words & {"the", "of", "and", "is", "has", "with", "for", "are"},
        }
        assert [language for language, occurring in common_words.items() if occurring] == [item.language], item.id


def test_a_hospitals_own_items_replace_the_shipped_ones(tmp_path: Path) -> None:
    source = CuratedSource(samples.write("triage", tmp_path), "triage", shipped=SHIPPED)
    assert len(list(source.pull(*EVER))) == len(samples.TRIAGE) - 1
    assert source.drops == {"questions without an answer were dropped": 1}


@pytest.mark.parametrize(
    "text",
    [
        "items: [",
        "items: []",
        "- a",
        "released: 2026-01-01\nlicence: x\nitems: [a]",
        "released: 2026-13-45\nlicence: x\nitems: []",
        "released: soon\nlicence: x\nitems: []",
    ],
)
def test_a_shipped_file_of_another_form_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "triage.yaml").write_text(text)
    with pytest.raises(SourceError, match=r"triage\.yaml: no list of triage items"):
        list(CuratedSource(None, "triage", shipped=tmp_path / "triage.yaml").pull(*EVER))
