"""A conversation is cut from its oldest turn, and a contract says whether a prompt has a place for one."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from medpipe import configuration
from medpipe.core.chat import APPLICATION, ChatTemplate
from medpipe.core.contract import ServingContract
from medpipe.core.conversation import NOTHING_BEFORE, Conversation, Exchange
from medpipe.core.judging import scoring
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample
from medpipe.core.teaching.recipe import Data, Recipe
from medpipe.sandbox.miniature_bases import CHATML, MISTRAL
from medpipe.steps.contract import prompt_of
from tests.contracts import CONTRACT
from tests.places import ROOT

TALK = Conversation(
    instructions="Be brief.",
    exchanges=tuple(Exchange(asked=f"q{number}", answered=f"a{number}") for number in (1, 2)),
    unanswered="By the way.",
)
CHAT = ChatTemplate(jinja=CHATML, eos="<|im_end|>", system="Take care.")
JUDGED = ServingContract.model_validate(
    CONTRACT.model_dump() | {"template": CHAT, "history": 4, "max_prompt_tokens": 12}
)
BENCHMARK = configuration.load(ROOT / "medpipe" / "benchmarks" / "conversations.yaml", Benchmark)


def shapes(conversations: Sequence[Conversation]) -> list[tuple[int, bool, bool]]:
    return [(len(one.exchanges), bool(one.unanswered), bool(one.instructions)) for one in conversations]


def test_the_oldest_exchange_goes_first_and_the_instructions_last() -> None:
    assert shapes(list(TALK.shortened())) == [
        (2, True, True),
        (1, True, True),
        (0, True, True),
        (0, False, True),
        (0, False, False),
    ]
    assert next(TALK.shortened()) == TALK
    assert [one.exchanges[0].asked for one in TALK.shortened() if one.exchanges] == ["q1", "q2"]
    assert list(NOTHING_BEFORE.shortened()) == [NOTHING_BEFORE]
    assert shapes([TALK.recent(100), TALK.recent(24), TALK.recent(10)]) == [
        (2, True, True),
        (1, True, True),
        (0, False, True),
    ]


def test_a_contract_without_history_is_written_as_before_and_asks_the_question_alone() -> None:
    assert "max_prompt_tokens" not in CONTRACT.model_dump()
    assert CONTRACT.prompt("Why?", before=TALK) == CONTRACT.prompt("Why?")
    assert "before" not in Sample(id="1", question="Why?", target="").model_dump()
    assert ServingContract.model_validate_json(JUDGED.model_dump_json()) == JUDGED


def test_a_prompt_has_the_system_prompt_first_then_the_application_then_the_turns() -> None:
    prompt = JUDGED.prompt("Why?", before=TALK)
    places = [
        prompt.index(text)
        for text in ("Take care.", APPLICATION, "Be brief.", "q1", "a1", "q2", "a2", "By the way. Why?")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("stop", ["\n", None])
def test_an_earlier_answer_is_told_without_the_disclaimer_that_clients_read_below_it(stop: str | None) -> None:
    contract = JUDGED.model_copy(update={"stop": stop, "disclaimer": "Ask a doctor."})
    as_read = TALK.model_copy(
        update={
            "exchanges": tuple(
                past.model_copy(update={"answered": contract.shown(past.answered)}) for past in TALK.exchanges
            )
        }
    )
    assert as_read != TALK
    assert contract.prompt("Why?", before=as_read) == JUDGED.prompt("Why?", before=TALK)


def test_a_template_without_a_system_prompt_has_turns_and_no_instructions() -> None:
    plain = CHAT.model_copy(update={"jinja": MISTRAL, "eos": "</s>", "system": ""})
    contract = JUDGED.model_copy(update={"template": plain})
    assert contract.of(TALK) == TALK.model_copy(update={"instructions": ""})
    prompt = contract.prompt("Why?", before=TALK)
    assert "Be brief." not in prompt and prompt.index("q1") < prompt.index("a2") < prompt.index("Why?")


def test_history_needs_a_template_that_can_write_it_and_a_bound_needs_history() -> None:
    for fields, fault in (({"template": "plain"}, "no place for `history`"), ({"history": False}, "bounds `history`")):
        with pytest.raises(ValueError, match=fault):
            ServingContract.model_validate(JUDGED.model_dump() | fields)
    for more, fault in (({"data": Data(history=4)}, "no place for data.history"), ({}, "bounds earlier turns")):
        with pytest.raises(ValueError, match=fault):
            Recipe(name="r", summary="", method="sft", base="a/base", trainer={}, max_prompt_tokens=500, **more)
    assert "history" not in Data().model_dump()


def test_the_last_turns_are_kept_in_whole_exchanges() -> None:
    assert [shapes([TALK.last(turns)])[0][0] for turns in (9, 4, 3, 2, 1)] == [2, 2, 1, 1, 0]
    assert JUDGED.model_copy(update={"history": 2}).of(TALK) == TALK.last(2)


def test_an_evaluation_asks_with_as_much_of_a_conversation_as_the_contract_has_room_for() -> None:
    sample = Sample(id="1", question="Why?", target="", before=TALK)
    ports: Any = SimpleNamespace(tokens=lambda base, text: len(text.split()))

    def asked(words: int) -> str:
        return prompt_of(ports, JUDGED.model_copy(update={"max_prompt_tokens": words}), sample)

    def long(before: Conversation) -> int:
        return len(JUDGED.prompt("Why?", before=before).split())

    for before in TALK.shortened():
        assert asked(long(before)) == JUDGED.prompt("Why?", before=before)
    assert asked(1) == JUDGED.prompt("Why?"), "the question is always asked"
    assert prompt_of(ports, CONTRACT, sample) == CONTRACT.prompt("Why?")


@pytest.mark.parametrize("sample", BENCHMARK.samples(), ids=lambda sample: sample.id)
def test_a_question_of_the_benchmark_needs_its_conversation_and_is_not_answered_by_giving_it_back(
    sample: Sample,
) -> None:
    def earned(answer: str) -> float:
        return scoring.SCORERS["slot"](sample, answer)

    assert sample.before.exchanges
    assert [earned(f"It is {sample.target}."), earned(sample.target)] == [1.0, 1.0]
    assert [earned(""), earned("I do not know."), earned(sample.question)] == [0.0, 0.0, 0.0]
