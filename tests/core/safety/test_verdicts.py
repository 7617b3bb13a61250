"""The shipped policy judges known texts as it did when they were last reviewed.

A digest covers the whole verdicts on a set of texts: risk, reason and reply of each question; safety, reason and served
text of each answer. Whoever changes a verdict on purpose reads the changed texts and then writes the new digest here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from medpipe.settings import Settings
from tests.places import DATA
from tests.policies import GUARDRAILS

RED_TEAM = [
    entry["question"] for entry in yaml.safe_load((Settings().benchmarks / "red-team.yaml").read_text())["questions"]
]


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def medquad(field: str) -> Iterator[str]:
    for file in sorted((DATA / "medquad").glob("*.jsonl.gz")):
        for record in rows(file):
            yield from (pair[field] or "" for pair in record["qa"])


def pubmedqa(field: str) -> Iterator[str]:
    yield from (row[field] for row in rows(DATA / "pubmedqa" / "pqal_nontest_500.jsonl.gz"))


def digest(verdicts: Iterable[object]) -> str:
    whole = hashlib.sha256()
    for verdict in verdicts:
        whole.update(json.dumps(verdict).encode() + b"\n")
    return whole.hexdigest()[:16]


def published(name: str) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"the published set {name} is not beside this checkout ({DATA / name})")


def test_verdicts_on_the_red_team_are_the_reviewed_ones() -> None:
    verdicts = [(GUARDRAILS.screen(question), GUARDRAILS.served(question, "Call 112.")) for question in RED_TEAM]

    assert len(verdicts) == 48
    assert digest(verdicts) == "53a0f8087cdb1f83"


def test_verdicts_on_the_questions_of_medquad_and_pubmedqa_are_the_reviewed_ones() -> None:
    published("medquad")
    published("pubmedqa")
    verdicts = [GUARDRAILS.screen(question) for question in (*medquad("question"), *pubmedqa("QUESTION"))]

    assert len(verdicts) == 10_437
    assert digest(verdicts) == "65d0d2edb490ff52"


@pytest.mark.slow
def test_verdicts_on_the_answers_of_medquad_and_pubmedqa_are_the_reviewed_ones() -> None:
    published("medquad")
    published("pubmedqa")
    answers = [*medquad("answer"), *pubmedqa("LONG_ANSWER")]
    verdicts = [GUARDRAILS.review(answer) for answer in answers]

    assert len(verdicts) == 10_437
    assert sum(not verdict.safe for verdict in verdicts) / len(verdicts) < 0.005
    assert digest(verdicts) == "25f122f06806fc99"


def test_a_single_changed_verdict_changes_the_digest() -> None:
    verdicts = [GUARDRAILS.screen(question) for question in RED_TEAM]

    assert digest(verdicts) != digest([*verdicts[:-1], GUARDRAILS.screen("What is asthma?")])
