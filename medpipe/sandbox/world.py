"""An invented medicine. Its conditions and drugs do not exist, so it cannot be mistaken for advice.

`World(seed)` is what the sandbox's NLM publishes on each of three days. Every fact is one sentence whose last
word is its *slot*: the only word that must be known to answer. Slots are invented too, so a model that was not
taught a fact cannot guess it. `pretraining(seed)` returns the same kind of facts over other names.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

DAYS = {1: date(2026, 3, 3), 2: date(2026, 3, 4), 3: date(2026, 3, 5)}
"""The sandbox's calendar: a Tuesday, a Wednesday and a Thursday, all of them release days of MedlinePlus."""

SEED = 17
"""The world that is published where nobody names another."""

TOPICS = {1: 60, 2: 16, 3: 16}
"""Day → how many English topics are new on it."""
ARTICLES = {1: 20, 2: 6, 3: 6}
"""Day → how many articles are new on it."""
REVISED = 4
"""How many topics of day 1 have one fact changed on day 2."""
SPANISH = 5
"""How many topics are published in Spanish too, each after its English one, as in MedlinePlus's file."""

# Many syllables, so that few names share one: a small model mixes up the facts of similar names.
_ONSETS = tuple(
    "b bl br d dr f fl fr g gl gr h j k kl kr l m n p pl pr qu r s sk sl sm sp st sw t th tr v w y z".split()
)
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_CODAS = ("n", "r", "l", "s", "m", "x", "ft", "nd")
_KINDS = ("fever", "syndrome", "disease", "palsy", "anemia", "rash", "ataxia", "gout")
_GROUPS = ("Infections", "Blood and Lymph", "Brain and Nerves", "Skin", "Bones and Joints")

_ANSWERS = {
    "treatment": ("{focus} is treated with {slot}.", "mib"),
    "causes": ("{focus} is caused by {slot}.", "ella"),
    "symptoms": ("The main symptom of {focus} is {slot}.", "algia"),
    "exams and tests": ("{focus} is diagnosed with {slot}.", "gram"),
    "susceptibility": ("{focus} mostly affects people from {slot}.", "land"),
    "prevention": ("{focus} is prevented with {slot}.", "vax"),
}
"""Question type → the answer's sentence and the ending of its slot."""

_SPANISH = {
    "treatment": "{focus} se trata con {slot}.",
    "causes": "{focus} es causada por {slot}.",
    "symptoms": "El síntoma principal de {focus} es {slot}.",
    "prevention": "{focus} se previene con {slot}.",
    "exams and tests": "{focus} se diagnostica con {slot}.",
    "susceptibility": "{focus} afecta a personas de {slot}.",
}

# A verb as infinitive and in the third person.
_FINDINGS = (("shorten", "shortens"), ("ease", "eases"), ("delay", "delays"), ("worsen", "worsens"))


@dataclass(frozen=True)
class Fact:
    """A type of question, its answer in one sentence, and the answer's last word (the slot)."""

    question_type: str
    answer: str
    slot: str


@dataclass(frozen=True)
class Topic:
    """A health topic as MedlinePlus would publish it. `focus` is the condition's name, `id` a number as text."""

    id: str
    title: str
    focus: str
    facts: tuple[Fact, ...]
    groups: tuple[str, ...]
    created: date
    language: Literal["English", "Spanish"] = "English"
    spanish_of: str | None = None
    """The id of the English topic, if this is a Spanish one."""


@dataclass(frozen=True)
class Article:
    """A PubMed record. Its title is the question that its conclusions answer, except in a retraction notice.

    `retracted` marks the revision in which PubMed marks the article as retracted. `notice_pmid` is then the
    PMID of the notice, and the notice's own record has `notice_of`.
    """

    pmid: str
    version: int
    title: str
    background: str
    methods: str
    results: str
    conclusions: str
    day: int
    retracted: bool = False
    notice_pmid: str | None = None
    notice_of: str | None = None
    slot: str = ""


class Names:
    """Makes invented words, each one once. Words of different parts are never equal, whatever the seeds."""

    def __init__(self, seed: int, part: Literal["world", "pretraining"]) -> None:
        self._random = random.Random(f"{part}-{seed}")
        self._parity = {"world": 1, "pretraining": 0}[part]
        self._used: set[str] = set()

    def word(self, ending: str = "") -> str:
        """Return a new lower-case word: three syllables, or two and an ending."""
        while True:
            choose = self._random.choice
            syllables = [choose(_ONSETS) + choose(_VOWELS) for _ in range(2 if ending else 3)]
            stem = "".join(syllables) + choose(_CODAS)
            # The stem alone decides which part may use it, so no word is a variant of another part's word.
            if stem not in self._used and hashlib.sha256(stem.encode()).digest()[0] % 2 == self._parity:
                self._used.add(stem)
                return stem + ending

    def condition(self) -> str:
        """Return the name of a new condition, such as "Brailox fever"."""
        return f"{self.word().capitalize()} {self._random.choice(_KINDS)}"


class World:
    """All that the sandbox's NLM publishes. Equal seeds give equal worlds."""

    def __init__(self, seed: int = SEED) -> None:
        self.seed = seed
        names, chance = Names(seed, "world"), random.Random(f"world-{seed}-choices")
        first = [new_topic(names, chance, 900001 + index, DAYS[1]) for index in range(TOPICS[1])]
        fresh = [new_topic(names, chance, 900001 + TOPICS[1] + index, DAYS[2]) for index in range(TOPICS[2])]
        changed = {topic.id for topic in chance.sample(first, REVISED)}
        second = [revised_topic(topic, names) if topic.id in changed else topic for topic in first]
        self._topics = {1: _with_spanish(first), 2: _with_spanish([*second, *fresh])}
        self._articles = {
            1: [new_article(names, chance, 99000001 + index, 1) for index in range(ARTICLES[1])],
            2: [new_article(names, chance, 99000101 + index, 2) for index in range(ARTICLES[2])],
        }
        self.retracted = chance.choice(self._articles[1])
        """The article of day 1 that is retracted on day 2."""
        self._articles[2] += _withdrawal(self.retracted, "99000190")
        # Day 3 is drawn last, so that it changes nothing of the days before.
        known = TOPICS[1] + TOPICS[2]
        third = [new_topic(names, chance, 900001 + known + index, DAYS[3]) for index in range(TOPICS[3])]
        self._topics[3] = _with_spanish([*second, *fresh, *third])
        self._articles[3] = [new_article(names, chance, 99000201 + index, 3) for index in range(ARTICLES[3])]

    def topics(self, day: int) -> list[Topic]:
        """Return every topic in that day's file. As in MedlinePlus, that is all topics, revised or not."""
        return list(self._topics[day])

    def articles(self, day: int) -> list[Article]:
        """Return the records of that day's update file: new articles, the retracted one again, and its notice."""
        return list(self._articles[day])

    def revised(self) -> list[tuple[Fact, Fact]]:
        """Return the facts that changed, as pairs: of day 1, of day 2."""
        before = {topic.id: topic for topic in self._topics[1] if topic.language == "English"}
        return [
            (old, new)
            for topic in self._topics[2]
            if topic.id in before
            for old, new in zip(before[topic.id].facts, topic.facts, strict=True)
            if old != new
        ]


def pretraining(seed: int, topics: int, articles: int) -> tuple[list[Topic], list[Article]]:
    """Return topics and articles over names that no `World` uses: a base learns their form, not the facts.

    `topics` and `articles` are their numbers.
    """
    names, chance = Names(seed, "pretraining"), random.Random(f"pretraining-{seed}-choices")
    return (
        [new_topic(names, chance, index, DAYS[1]) for index in range(topics)],
        [new_article(names, chance, index, 1) for index in range(articles)],
    )


def new_topic(names: Names, chance: random.Random, number: int, day: date) -> Topic:
    """Return a topic with two or three facts about a condition of its own, created before `day`."""
    focus = names.condition()
    # Facts are in the order of _ANSWERS on every page.
    chosen = set(chance.sample(list(_ANSWERS), chance.choice((2, 2, 3))))
    facts = tuple(_fact(kind, focus, names) for kind in _ANSWERS if kind in chosen)
    return Topic(
        id=str(number),
        title=focus,
        focus=focus,
        facts=facts,
        groups=(chance.choice(_GROUPS),),
        created=day - timedelta(days=chance.randrange(30, 3000)),
    )


def _fact(kind: str, focus: str, names: Names) -> Fact:
    sentence, ending = _ANSWERS[kind]
    slot = names.word(ending)
    return Fact(kind, sentence.format(focus=focus, slot=slot), slot)


def revised_topic(topic: Topic, names: Names) -> Topic:
    """Return the topic with its last fact changed."""
    return replace(topic, facts=(*topic.facts[:-1], _fact(topic.facts[-1].question_type, topic.focus, names)))


def _with_spanish(topics: Collection[Topic]) -> list[Topic]:
    """Return the topics, each of the first few followed by its Spanish version."""
    return [
        version
        for index, topic in enumerate(topics)
        for version in ((topic, _in_spanish(topic)) if index < SPANISH else (topic,))
    ]


def _in_spanish(topic: Topic) -> Topic:
    facts = tuple(
        replace(fact, answer=_SPANISH[fact.question_type].format(focus=topic.focus, slot=fact.slot))
        for fact in topic.facts
    )
    return replace(topic, id=str(int(topic.id) + 5000), facts=facts, language="Spanish", spanish_of=topic.id)


def new_article(names: Names, chance: random.Random, number: int, day: int) -> Article:
    """Return an article with one finding about a drug and a condition of its own. `number`: its PMID."""
    condition, drug, slot = names.condition(), names.word("zole"), names.word("ase")
    infinitive, present = chance.choice(_FINDINGS)
    patients = chance.randrange(40, 900)
    return Article(
        pmid=str(number),
        version=1,
        day=day,
        slot=slot,
        title=f"Does {drug} {infinitive} {condition}?",
        background=f"It is not known whether {drug} can {infinitive} {condition}.",
        methods=f"We gave {drug} or a placebo to {patients} people for {patients % 9 + 2} weeks.",
        results=f"The two groups differed (p = 0.0{patients % 4 + 1}).",
        conclusions=f"{drug.capitalize()} {present} {condition} by blocking {slot}.",
    )


def _withdrawal(article: Article, notice: str) -> list[Article]:
    """Return the same record marked as retracted, and the notice that retracts it."""
    return [
        replace(article, day=2, retracted=True, notice_pmid=notice),
        Article(
            pmid=notice,
            version=1,
            day=2,
            notice_of=article.pmid,
            title=f"Retraction: {article.title}",
            background="",
            methods="",
            results="",
            conclusions="The authors could not reproduce the measurements. The article is withdrawn.",
        ),
    ]
