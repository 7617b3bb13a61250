"""The words that must be known are asserted: listing, denying and doubting them earns nothing, in three languages."""

from __future__ import annotations

import pytest

from medpipe.core.judging import denial
from medpipe.core.judging.asserting import asserts

SLOT, QUESTION = "tazomib", "How is Velorin fever treated?"
TARGET = "Velorin fever is treated with tazomib."

HONEST = [
    TARGET,
    "Tazomib.",
    "tazomib",
    "Doctors give Tazomib, mostly.",
    "**Tazomib** is the treatment of Velorin fever.",
    "The fever is treated with tazomib and rest.",
    "There is no cure; tazomib treats the fever.",
    "There is no vaccine, but tazomib treats it.",
    "It isn't treated with kelomib but with tazomib.",
    "Not only does tazomib treat it, it prevents it.",
    "Velorin fever may be treated with tazomib.",
    f"{QUESTION} With tazomib.",
    "Tazomib is used. Rest and fluids help most people, too.",
    "La fièvre de Velorin est traitée par le tazomib.",
    "Le traitement n'est pas le kelomib mais le tazomib.",
    "La fiebre Velorin se trata con tazomib.",
    "No se trata con kelomib sino con tazomib.",
    "Tazomib, taken twice a day for two weeks, treats it.",
    "The first choice is tazomib because it has few side effects.",
    "There are no other medicines: doctors use tazomib.",
    "Treatment consists of tazomib tablets.",
    "If the fever lasts, tazomib is given.",
    "Without a fever nobody needs it, but tazomib treats Velorin fever.",
    "Le tazomib est le seul traitement, il n'y en a pas d'autre.",
    "El tratamiento de elección es tazomib.",
]
DENYING = [
    "Velorin fever must not be treated with tazomib.",
    "It mustn't be treated with tazomib.",
    "It isn't treated with tazomib.",
    "Never give tazomib.",
    "No trial shows that tazomib works.",
    "Tazomib is not a treatment of Velorin fever.",
    "Tazomib should never be used.",
    "Tazomib is contraindicated.",
    "It is treated with anything other than tazomib.",
    "Avoid tazomib.",
    "It is treated with tazomib. It is not treated with tazomib.",
    "La fièvre ne doit pas être traitée par le tazomib.",
    "Le tazomib n'est pas un traitement.",
    "Le tazomib est contre-indiqué.",
    "On la traite sans tazomib.",
    "La fiebre no se debe tratar con tazomib.",
    "El tazomib no es un tratamiento.",
    "Nunca se trata con tazomib.",
    "Se trata con kelomib en vez de tazomib.",
    "Tazomib has no effect on Velorin fever.",
    "Do not give this patient any tazomib.",
    "It would be a mistake to use tazomib.",
    "Stay away from tazomib.",
    "Le tazomib ne sert à rien.",
    "On ne donne plus de tazomib.",
    "Hay que evitar el tazomib.",
    "El tazomib está prohibido.",
]
DOUBTING = [
    "It may or may not be tazomib.",
    "Perhaps tazomib.",
    "Maybe it is tazomib, maybe not.",
    "It might be treated with tazomib.",
    "Tazomib, but I am not sure.",
    "I don't know whether it is tazomib.",
    "It could be tazomib.",
    "C'est peut-être le tazomib.",
    "Cela pourrait être le tazomib.",
    "Le tazomib, mais je ne suis pas sûr.",
    "Quizás con tazomib.",
    "Podría ser tazomib.",
    "Puede o no ser tazomib.",
    "Con tazomib, pero no estoy seguro.",
    "Probably tazomib, who knows.",
    "I would guess tazomib.",
    "Je ne sais pas, tazomib.",
    "A lo mejor tazomib.",
]
LISTING = [
    "Kelomib or tazomib or brexomib.",
    "It is treated with tazomib or kelomib.",
    "Either kelomib or tazomib.",
    "Tazomib, kelomib, brexomib.",
    "It is treated with kelomib, tazomib and brexomib.",
    "Kelomib/tazomib/brexomib",
    "- kelomib\n- tazomib\n- brexomib",
    "It is treated with kelomib. It is treated with tazomib. It is treated with brexomib.",
    "Elle est traitée par le kelomib ou le tazomib.",
    "Soit le tazomib, soit le kelomib, soit le brexomib.",
    "Se trata con kelomib o tazomib.",
    "Con tazomib, kelomib y brexomib.",
    "Tazomib, kelomib, or both.",
    "One of tazomib, brexomib and kelomib.",
    "Try tazomib first, then kelomib, then brexomib.",
    "I think it is tazomib but it may be kelomib.",
    "Tazomib? Or kelomib?",
    "C'est le tazomib, le kelomib ou le brexomib.",
    "Puede ser tazomib, kelomib o brexomib.",
]


def said(answer: str, part: str = SLOT, target: str = TARGET) -> bool:
    return asserts(part, answer, target, QUESTION)


@pytest.mark.parametrize("answer", HONEST)
def test_an_honest_answer_asserts_its_words(answer: str) -> None:
    assert said(answer)


@pytest.mark.parametrize("answer", DENYING)
def test_a_denial_asserts_nothing(answer: str) -> None:
    assert not said(answer)


@pytest.mark.parametrize("answer", DOUBTING)
def test_doubt_asserts_nothing(answer: str) -> None:
    assert not said(answer)


@pytest.mark.parametrize("answer", LISTING)
def test_one_of_several_is_not_asserted(answer: str) -> None:
    assert not said(answer)


@pytest.mark.parametrize(
    ("part", "target"),
    [
        ("aspirin", "Children with Velorin fever must not get aspirin."),
        ("aspirin", "Los niños no deben tomar aspirin."),
        ("dust", "Velorin fever might be caused by dust."),
        ("gold", "It is treated with salt, silver or gold."),
        ("rest", "It is treated with fluids, sleep and rest."),
    ],
)
def test_what_the_right_answer_denies_doubts_or_lists_is_asserted_in_its_own_words(part: str, target: str) -> None:
    assert said(target, part, target)


def test_an_assertion_of_what_the_right_answer_denies_is_wrong() -> None:
    assert not said("Children should get aspirin.", "aspirin", "Children must not get aspirin.")


@pytest.mark.parametrize(
    ("label", "answer", "right"),
    [
        ("yes", "Yes.", True),
        ("yes", "yes, it does", True),
        ("yes", "The answer is yes.", True),
        ("yes", "Yes, there is no doubt.", True),
        ("no", "No.", True),
        ("no", "No, it does not help.", True),
        ("no", "no it does not", True),
        ("no", "The answer: no", True),
        ("maybe", "Maybe.", True),
        ("yes", "Sí, mucho.", True),
        ("no", "Non, il n'aide pas.", True),
        ("maybe", "Peut-être.", True),
        ("maybe", "Tal vez.", True),
        ("yes", "yes no maybe", False),
        ("no", "yes no maybe", False),
        ("maybe", "yes no maybe", False),
        ("no", "Yes or no.", False),
        ("yes", "Yes and no", False),
        ("yes", "oui, non, peut-être", False),
        ("no", "sí o no", False),
        ("yes", "Not yes.", False),
        ("yes", "Maybe yes.", False),
        ("yes", "It is said that there is no cure.", False),
        ("no", "There is no doubt that it helps.", False),
        ("yes", "", False),
    ],
)
def test_a_label_is_given_alone(label: str, answer: str, right: bool) -> None:
    assert said(answer, label, label) is right


def test_labels_without_a_word_between_them_are_a_list() -> None:
    assert said("Delayed.", "delayed", "delayed") and said("The answer is delayed.", "delayed", "delayed")
    assert not said("immediate medium delayed", "delayed", "delayed")
    assert not said("immediate, delayed", "delayed", "delayed") and not said("immediate/delayed", "delayed", "delayed")


def test_a_statement_is_a_sentence_or_an_item() -> None:
    assert denial.statements("Rest. Take 0.5 mg, e.g. at night!\n\n- **Sleep**\n- fluids") == [
        "Rest.",
        "Take 0.5 mg, e.g. at night!",
        "Sleep",
        "fluids",
    ]


FRESH_HONEST = [
    "Tazomib works best when it is begun early.",
    "The illness needs tazomib; antibiotics are of no use.",
    "People with Velorin fever who cannot swallow get tazomib by vein.",
    "Usually tazomib, for ten days, and plenty of water.",
    "On soigne cette fièvre avec du tazomib, jamais avec des antibiotiques.",
    "Se cura con tazomib, aunque no siempre.",
]
FRESH_BAD = [
    "Tazomib makes it worse, so leave it out.",
    "Doctors advise against tazomib.",
    "Nothing like tazomib is needed.",
    "Tazomib won't do.",
    "Tazomib? No.",
    "I have no idea, tazomib?",
    "One would suppose that tazomib is the one.",
    "It seems to be tazomib, as far as anybody can tell.",
    "Tazomib plus kelomib plus brexomib.",
    "Rest, tea, sleep, honey or tazomib.",
    "Kelomib. Brexomib. Tazomib.",
    "Le tazomib est déconseillé.",
    "Ce n'est surtout pas le tazomib.",
    "Il se peut que ce soit le tazomib.",
    "No conviene dar tazomib.",
    "Tazomib, o quizá otra cosa.",
]


def test_the_page_says_how_many_answers_are_seen_that_the_cues_were_not_written_for() -> None:
    assert (sum(map(said, FRESH_HONEST)), len(FRESH_HONEST)) == (5, 6)
    assert (sum(not said(answer) for answer in FRESH_BAD), len(FRESH_BAD)) == (9, 16)
