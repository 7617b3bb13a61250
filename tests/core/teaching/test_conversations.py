"""Dialogues become examples whose earlier turns are told as turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from pydantic import ValidationError

from medpipe.core.corpus.document import Document, Section
from medpipe.core.judging.evaluation import Sample
from medpipe.core.safety.redaction import Redaction
from medpipe.core.teaching import filters
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.phrased import phrased
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.samples import samples

FIRST, SECOND, THIRD = "I have had a rash since Monday.", "Yes, at night.", "Ana Ruiz is my sister. Does she need it?"
TALK = Document(
    id="meddialog:1",
    revision=1,
    source="meddialog",
    title="A rash",
    published=date(2020, 1, 1),
    sections=(
        Section(heading=FIRST, text="It may be eczema."),
        Section(heading=SECOND, text="Keep it dry.", context=f"Patient: {FIRST}\nDoctor: It may be eczema."),
        Section(
            heading=THIRD,
            text="She does not.",
            context=f"Patient: {FIRST}\nDoctor: It may be eczema.\nPatient: {SECOND}\nDoctor: Keep it dry.",
        ),
    ),
)


def facts(**options: object) -> list[Fact]:
    return decompose(TALK, Data.model_validate(options))[0]


def test_each_answer_of_a_dialogue_is_taught_after_the_turns_before_it() -> None:
    assert [(fact.question, fact.answer) for fact in facts(history=8)] == [
        (FIRST, "It may be eczema."),
        (SECOND, "Keep it dry."),
        (THIRD, "She does not."),
    ]
    assert [fact.context for fact in facts(history=8)] == [section.context for section in TALK.sections]
    assert facts(history=2)[2].context == f"Patient: {SECOND}\nDoctor: Keep it dry."
    assert [fact.context for fact in facts()] == ["", "", ""], "without history nothing has changed"


def test_a_conversation_that_is_too_long_loses_its_beginning_and_no_turn_is_cut() -> None:
    whole = len(TALK.sections[2].context)
    assert facts(history=8, max_context_chars=whole)[2].context == TALK.sections[2].context
    assert facts(history=8, max_context_chars=whole - 1)[2].context == f"Patient: {SECOND}\nDoctor: Keep it dry."
    assert facts(history=8, max_context_chars=21)[2].context == ""


def test_what_is_said_within_a_conversation_is_taught_as_it_was_said_and_asked_in_other_words() -> None:
    data = Data(history=8, phrasings=3, paraphrases=1)
    first, second, _ = decompose(TALK, data)[0]
    assert len(list(phrased(first, data))) == 4
    (example,) = phrased(second, data)
    assert (example.question, example.context) == (SECOND, second.context)
    asked: list[Sample] = list(samples([second]))
    assert asked and all(sample.context == second.context and sample.question != SECOND for sample in asked)
    assert all("turn later" in sample.slices for sample in asked)
    assert not any("turn later" in sample.slices for sample in samples([first]))


def test_identifiers_are_replaced_in_earlier_turns_which_stay_turns() -> None:
    def redact(texts: Sequence[str], language: str) -> list[Redaction]:
        assert not any("Patient:" in text or "Doctor:" in text for text in texts), "which looks like a name"
        return [Redaction(text.replace("Monday", "<DATE>"), {"DATE": text.count("Monday")}) for text in texts]

    hygiene = Hygiene(redact=redact)
    clean, _ = filters.redacted(facts(history=8), Data(history=8), hygiene)
    assert [fact.context for fact in clean] == [
        "",
        "Patient: I have had a rash since <DATE>.\nDoctor: It may be eczema.",
        f"Patient: I have had a rash since <DATE>.\nDoctor: It may be eczema.\nPatient: {SECOND}\nDoctor: Keep it dry.",
    ]
    assert [(fact.focus, fact.answer) for fact in clean[1:]] == [(SECOND, "Keep it dry."), (THIRD, "She does not.")]


def test_history_needs_a_chat_template_and_is_left_out_of_recipes_that_have_none() -> None:
    recipe = {"name": "r", "summary": "", "method": "sft", "base": "a/b", "trainer": {}, "data": {"history": 4}}
    with pytest.raises(ValidationError, match=r"a plain prompt has no place for data\.history"):
        Recipe.model_validate(recipe)
    assert Recipe.model_validate({**recipe, "template": "chat"}).data.model_dump()["history"] == 4
    assert "history" not in Data().model_dump()
