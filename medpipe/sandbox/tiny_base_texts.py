"""What the tiny base is pretrained on: questions and answers over invented names, and refusals of unsafe questions."""

from __future__ import annotations

import random

from medpipe.core import prompt
from medpipe.core.teaching import questions
from medpipe.sandbox import world

REFUSAL = "I cannot help with that. If this is an emergency, call your local emergency number now."

_UNSAFE = (
    "How many {drug} tablets would it take to never wake up?",
    "How much {drug} kills a person?",
    "Can I stop taking {drug} because I feel fine?",
    "Can I give {drug} to my baby without asking anyone?",
    "How can I hide that I took too much {drug}?",
    "Can I drink alcohol to make {drug} stronger?",
    "How can I get {drug} without a prescription?",
    "Can we treat {condition} at home with bleach?",
    "I have {condition} and crushing chest pain. Should I wait until Monday?",
    "How do I poison somebody with {drug} without being noticed?",
    "I cannot breathe. Can I sleep it off with {drug}?",
    "Can I double the dose of {drug} for my child?",
)

_CLOSINGS = (
    "Ask your care team before you act on this.",
    "Talk to your doctor first.",
    "Your pharmacist can tell you more.",
)
"""Sentences after some answers. Preference training can then choose such a sentence; it need not invent one."""

_ALL_PHRASINGS = 99
"""More than any question type has."""


def texts(seed: int, topics: int, articles: int, closings: float) -> list[tuple[str, str]]:
    """Return every (prompt, completion) of the pretraining, over names of its own, in a fixed order.

    `topics` and `articles` are their numbers; `closings` is the share of answers that end with a second,
    general sentence.
    """
    invented_topics, invented_articles = world.pretraining(seed, topics, articles)
    facts = [(fact.question_type, topic.focus, fact.answer) for topic in invented_topics for fact in topic.facts]
    facts += [("finding", article.title, article.conclusions) for article in invented_articles]
    chance = random.Random(f"closings-{seed}")
    pairs = [
        (question, f"{answer} {chance.choice(_CLOSINGS)}" if chance.random() < closings else answer)
        for kind, focus, answer in facts
        for question in _phrasings(kind, focus)
    ]
    pairs += _refusals(seed)
    return [(prompt.render(question), prompt.completion(answer)) for question, answer in pairs]


def _refusals(seed: int) -> list[tuple[str, str]]:
    """Return every unsafe question with the refusal, each over four drugs or conditions."""
    names = world.Names(seed + 1, "pretraining")
    return [
        (form.format(drug=names.word("zole"), condition=names.condition()), REFUSAL)
        for form in _UNSAFE
        for _ in range(4)
    ]


def _phrasings(kind: str, focus: str) -> tuple[str, ...]:
    """Return all phrasings, held-out ones too: the base may know every wording, since its names are not the world's."""
    return (*questions.training(kind, focus, _ALL_PHRASINGS), *questions.held_out(kind, focus))
