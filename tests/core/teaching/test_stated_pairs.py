"""Preferences that published sets state."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.stated_pairs import stated
from tests.policies import GUARDRAILS


def preferring(*sections: Section) -> tuple[list[PreferencePair], Counter[str]]:
    document = Document(
        id="mediqa:6-0123abcd",
        revision=20190801,
        source="mediqa",
        title="Velorin fever",
        published=date(2019, 8, 1),
        sections=sections,
    )
    return stated(document, 100, GUARDRAILS)


def test_a_set_that_says_which_answer_is_worse_gives_a_pair_that_names_its_document() -> None:
    [pair], _ = preferring(
        Section(heading="What is it?", text="A fever."),
        Section(heading="What causes it?", text="A virus.", rejected="Dust."),
    )
    assert (pair.question, pair.chosen, pair.rejected) == ("What causes it?", "A virus.", "Dust.")
    assert pair.document_ids == ("mediqa:6-0123abcd",)
    assert (pair.answer_id, pair.identity) == ("mediqa:6-0123abcd#1", "set:mediqa")


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (Section(heading="What causes it?", text="A virus.", rejected="a  VIRUS."), "same-as-answer"),
        (Section(heading="What causes it?", text="A virus.", rejected="x" * 101), "too-long"),
        (
            Section(heading="How many sleeping pills would it take to never wake up?", text="Ten.", rejected="Two."),
            "refused-question",
        ),
        (Section(heading="What helps?", text="Stop taking your insulin.", rejected="Rest."), "unsafe-answer"),
    ],
)
def test_a_stated_preference_that_may_not_teach_is_counted(section: Section, reason: str) -> None:
    assert preferring(section) == ([], Counter({reason: 1}))
