"""Rows that the project's suites accept. A test changes one field and sees the row rejected."""

from __future__ import annotations

from typing import Any

from tests.places import ROOT

SUITES = ROOT / "expectations"
SECRET = "my private words"


def document(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"pmid:{number}",
        "revision": 20260303260001,
        "source": "pubmed",
        "title": "Does it help?",
        "focus": "",
        "language": "en",
        "url": "https://pubmed.ncbi.nlm.nih.gov/1/",
        "licence": "NLM citation data; abstracts may be their publishers' copyright",
        "published": "2026-03-03",
        "status": "current",
        "relations": [],
        "sections": [{"heading": "CONCLUSIONS", "text": "It helps."}],
        **fields,
    }


def example(**fields: Any) -> dict[str, Any]:
    return {
        "question": "What causes velorin fever?",
        "answer": "Virella.",
        "document_ids": ["mplus:1"],
        "document_digests": ["0"],
        "source": "medlineplus",
        "question_type": "causes",
        "focus": "velorin fever",
        "slot": "Virella",
        "phrasing": "causes-1",
        "replay": False,
        **fields,
    }


def pair(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "question": "What helps?",
        "chosen": "Rest.",
        "rejected": "Salt.",
        "answer_id": f"a{number}",
        "identity": "i1",
        "document_ids": [],
        **fields,
    }


def feedback(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "answer_id": f"a{number}",
        "question": "What helps?",
        "answer": "Rest.",
        "version": "version/v1",
        "identity": "i1",
        "rating": "up",
        "correction": None,
        "at": "2026-03-03T10:00:00+00:00",
        **fields,
    }


GOOD = [document(number) for number in range(1, 9)]
