"""Quality: each rule finds what it is named for, and good medical answers break none."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.teaching import quality
from medpipe.core.teaching.quality import Limits, flaws
from medpipe.core.text import damage
from tests.places import DATA

GOOD = (
    "Glaucoma is a group of diseases that damage the optic nerve. It often has no symptoms at first, so regular "
    "eye examinations matter. Treatment with drops, laser or surgery lowers the pressure in the eye and can "
    "prevent further loss of vision. Ask your doctor how often your eyes should be examined."
)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "Yes",
        "Timolol 0.5 %, one drop twice a day (12 h apart).",
        "Methylenetetrahydrofolate reductase",
        "Le glaucome abîme le nerf optique. " * 2,
        "Presión: 120/80 mmHg; pulso: 72/min; SpO₂ ≥ 95 %; T = 37,2 °C.",
    ],
)
def test_good_answers_break_no_rule(text: str) -> None:
    assert flaws(text) == ()


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", quality.TOO_SHORT),
        (" \n ", quality.TOO_SHORT),
        ("word " * 5001, quality.TOO_LONG),
        ("pneumonoultramicroscopicsilicosis " * 45, quality.WORD_LENGTH),
        ("a b c d " * 12, quality.WORD_LENGTH),
        (GOOD + " ####### " * 8, quality.SYMBOLS),
        (" ".join(str(number) for number in range(100, 160)), quality.NUMBERS),
        ("\n".join([GOOD, "Call us.", "Call us.", "Call us.", "Call us."]), quality.LINES),
        (" ".join(["the drug lowers the pressure of the eye"] * 8), quality.PHRASES),
        (f"{GOOD} {GOOD} {GOOD}", quality.PHRASES),
        (f"{GOOD} We use cookies to improve this site.", quality.BOILERPLATE),
        ("Cliquez ici pour en savoir plus.", quality.BOILERPLATE),
        ("El glaucoma es una enfermedad. Haga clic aquí.", quality.BOILERPLATE),
        ("Glaucoma is a group of diseases that [...]", quality.CUT_OFF),
        ("Glaucoma damages the optic nerve. Read more", quality.CUT_OFF),
        (" ".join(f"Symptom{number} frequency{number} HPO{number}" for number in range(20)), quality.NO_SENTENCES),
        ("TÃ©lÃ©phone", quality.DAMAGED),
    ],
    ids=lambda value: value[:20],
)
def test_each_rule_finds_what_it_is_named_for(text: str, flaw: str) -> None:
    assert flaw in flaws(text)


def test_a_recipe_for_prose_asks_for_more_words() -> None:
    assert flaws("Yes", Limits(fewest_words=5)) == (quality.TOO_SHORT,)


def test_shares_mean_nothing_in_short_texts() -> None:
    assert flaws("12 24 36 48") == ()
    assert flaws("### ### ###") == ()


def test_damage_counts_lost_and_garbled_characters() -> None:
    assert damage("caf\ufffd, TÃ©lÃ©phone, â€œquotedâ€\x9d") == 5
    assert damage("Ångström, Âge, café, “quoted”") == 0


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    assert len(set(flaws(text))) == len(flaws(text))


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data are not here (../shared/data)")
def test_few_published_answers_break_a_rule() -> None:
    with gzip.open(DATA / "medquad" / "4_MPlus_Health_Topics_QA.jsonl.gz", "rt", encoding="utf-8") as lines:
        answers = [pair["answer"] for line in lines for pair in json.loads(line)["qa"] if pair["answer"]]
    assert len(answers) > 500
    assert sum(bool(flaws(answer)) for answer in answers) < 0.02 * len(answers)
