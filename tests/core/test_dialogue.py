"""Turns are written as a passage and read from it again; any other passage is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core import dialogue, prompt
from medpipe.core.chat import ChatTemplate, Turn

CHAT = ChatTemplate(
    jinja="{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[answer]"
    "{% endif %}",
    eos="</s>",
)
TALK = "Patient: I have a rash.\nDoctor: Since when?\nPatient: Monday.\nDoctor: Does it itch?"


@given(st.lists(st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=12), min_size=1, max_size=5))
def test_what_is_written_is_read_again(texts: list[str]) -> None:
    turns = [turn for text in texts for turn in (Turn("user", text), Turn("assistant", f"So {text}"))]
    assert dialogue.turns_of(dialogue.written(turns), 99) == tuple(turns)


def test_the_last_turns_begin_with_a_users() -> None:
    assert [turn.text for turn in dialogue.turns_of(TALK, 2)] == ["Monday.", "Does it itch?"]
    assert [turn.text for turn in dialogue.turns_of(TALK, 3)] == ["Monday.", "Does it itch?"]
    assert dialogue.turns_of(TALK, 1) == () == dialogue.turns_of(TALK, 0)
    assert dialogue.turns_of(f"Doctor: Hello.\n{TALK}", 9) == dialogue.turns_of(TALK, 9)


@pytest.mark.parametrize(
    "passage",
    [
        "",
        "BACKGROUND: A rash.\nRESULTS: It went.",
        "Patient: I have a rash.",
        "Patient: I have a rash.\nand it itches.\nDoctor: Since when?",
        "Patient: a\nPatient: b\nDoctor: c",
        "Patient: \nDoctor: c",
    ],
)
def test_a_passage_that_no_turns_were_written_as_is_told_as_it_is(passage: str) -> None:
    assert dialogue.turns_of(passage, 9) == ()
    shown = f"Context: {' '.join(passage.split())}\n\nWhy?" if passage else "Why?"
    assert prompt.render("Why?", passage, CHAT, history=9) == f"[user]{shown}[answer]"
    assert prompt.render("Why?", passage, CHAT, passages=False, history=9) == "[user]Why?[answer]"


def test_turns_stand_before_the_question_where_history_is_told_and_are_a_passage_or_nothing_elsewhere() -> None:
    assert prompt.render("Yes.", TALK, CHAT, passages=False, history=2) == (
        "[user]Monday.[assistant]Does it itch?[user]Yes.[answer]"
    )
    assert prompt.render("Yes.", TALK, CHAT).startswith("[user]Context: Patient: I have a rash. Doctor:")
    assert prompt.render("Yes.", TALK, CHAT, passages=False) == "[user]Yes.[answer]"
    assert prompt.render("Yes.", TALK, passages=False, history=2) == "Question: Yes.\nAnswer:"
