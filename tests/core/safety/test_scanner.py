"""Rules are looked for in time that grows with the text, and what is found is what `re` finds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medpipe import configuration
from medpipe.core.knowledge.claim_block import ClaimBlock
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.red_flags import RedFlags
from medpipe.core.safety.scanner import Places, Scanner, cut
from medpipe.core.teaching.claim import Claim
from tests.places import ROOT

POLICIES = ROOT / "medpipe" / "policies"


def of(name: str) -> object:
    return configuration.yaml_values(Path(POLICIES / f"{name}.yaml"))


FLAGS = RedFlags.of(of("red-flags"))
RULES = Guardrails.of(of("guardrails"), FLAGS)
SOURCES = [RULES.policy.expand(pattern) for rule in RULES.policy.rules for pattern in rule.patterns]
WORDS = sorted(set(re.findall(r"[a-z']+", " ".join(SOURCES))))
BLOCK = ClaimBlock(
    Claim(
        document=f"pmid:{number}",
        revision=1,
        source="pubmed",
        question_type="treatment",
        focus=f"Velorin fever of type {number}",
        answer="Velorin fever is treated with tazomib.",
        slot="tazomib",
    )
    for number in range(20)
)


def test_the_rules_find_what_re_finds_in_their_examples_and_in_shuffled_words() -> None:
    random = Random(7)
    texts = [text for rule in RULES.policy.rules for text in (*rule.examples.must_match, *rule.examples.must_not_match)]
    texts += [" ".join(random.choices(WORDS, k=60)) for _ in range(100)]
    rules = [(source, Scanner(source), re.compile(source, re.IGNORECASE)) for source in SOURCES]
    for text in texts:
        places = Places(text)
        for source, scanner, expression in rules:
            assert scanner.found(places) is bool(expression.search(text)), (source, text)


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        (r"\bstop\b.{0,8}\bpills?\b", "Stop my pills", True),
        (r"\bstop\b.{0,8}\bpills?\b", "stop all of my pills", False),
        (r"\bstop\b.{0,8}\bpills?\b", "pills stop", False),
        (r"\bkill\w*.{0,3}\bme\b", "killing me", True),
        (r"\bstop\b.{0,8}\bpills?\b|\bquit\b", "I quit", True),
        (r"(?<!not )\bstop.{0,5}now", "do not stop now", False),
        (r"\b[a-z]+olol\b.{0,9}\d", "Atenolol, 50", True),
        (r"\b(?:k|s)top", "ſtop", True),
        (r"[|.{0,3}]x", "|x", True),
    ],
)
def test_a_gap_ends_where_it_says_and_case_does_not_matter(source: str, text: str, found: bool) -> None:
    assert Scanner(source).found(Places(text)) is found
    assert bool(re.search(source, text, re.IGNORECASE)) is found


def test_a_run_without_blanks_is_cut_and_words_are_not() -> None:
    assert cut("a" * 64) == "a" * 64
    assert cut("a" * 130) == f"{'a' * 64} {'a' * 64} aa"
    sentence = "How should I take tazomib? " * 20
    assert cut(sentence) == sentence


def test_more_signs_than_anybody_denies_count_as_there() -> None:
    denied = "No chest pain, no fever, no seizure, no fainting."
    assert not FLAGS.found(denied)
    assert FLAGS.found("no chest pain, " * 70)


UNITS = (
    "no chest pain, ",
    "can i give my dose for how much to ",
    "how ",
    "i want to die of ",
    "A. ",
    "a-",
    "a",
    "<a ",
    "x:\n- a\n",
    "stop my taking the prescribed ",
    "12/8 ",
    "> ",
    "**",
    "n't ",
    "denies fever, ",
    "tazomib ",
)
"""What somebody repeats who wants the rules to take long."""
JUDGES: dict[str, Callable[[str], object]] = {
    "screen": RULES.screen,
    "review": RULES.review,
    "red flags": FLAGS.found,
    "block": lambda text: BLOCK.reason(text, text, text),
}


def seconds(judge: Callable[[str], object], text: str) -> float:
    """Return the CPU seconds of one judgement, the least of three: another process takes none of them."""
    times = []
    for _ in range(3):
        begun = time.thread_time()
        judge(text)
        times.append(time.thread_time() - begun)
    return min(times)


@pytest.mark.parametrize("name", JUDGES)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(unit=st.one_of(st.sampled_from(UNITS), st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)))
def test_four_times_the_text_never_takes_sixteen_times_as_long(name: str, unit: str) -> None:
    short = (f"{unit} " * 1000)[:1000]
    once, four_times = (seconds(JUDGES[name], text) for text in (short, short * 4))
    assert four_times < 9 * once + 0.02
