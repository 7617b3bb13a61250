"""A year of NLM in turns, as documents: what is new, what changes, what is retracted and what is given back.

The medicine is that of `medpipe.sandbox.world`. Each turn is one delivery. Equal seeds give equal years.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.sandbox.world import Article, Names, Topic, new_article, new_topic, revised_topic

FIRST_DAY = date(2026, 3, 3)
TOPICS, ARTICLES = 60, 20
"""How many are published at first."""
NEW_TOPICS, NEW_ARTICLES = 8, 3
"""How many are new in each later turn."""

_HEADINGS = {
    "treatment": "What are the treatments for {focus}?",
    "causes": "What causes {focus}?",
    "symptoms": "What are the symptoms of {focus}?",
    "exams and tests": "How is {focus} diagnosed?",
    "susceptibility": "Who gets {focus}?",
    "prevention": "How can {focus} be prevented?",
}


class Retraction(NamedTuple):
    """An article that is retracted, and perhaps given back later. Turns count from 1."""

    article: Article
    turn: int
    lifted: int | None = None
    """The turn in which its publisher takes the retraction back."""
    twin: Article | None = None
    """Another article with the same question and the same finding, which is not retracted."""

    @property
    def document(self) -> str:
        """The id of its document."""
        return f"pmid:{self.article.pmid}"

    def in_force(self, turn: int) -> bool:
        """Return whether it is retracted after the delivery of a turn."""
        return self.turn <= turn and (self.lifted is None or turn < self.lifted)


@dataclass(frozen=True)
class Delivery:
    """What is published in one turn, on its day."""

    turn: int
    day: date
    documents: tuple[Document, ...]


class Year:
    """Every delivery of a year, and the retractions in it."""

    def __init__(self, seed: int = 17, turns: int = 10) -> None:
        """Invent the year. `turns`: at least 3, so that something is retracted after it was learned."""
        if turns < 3:
            raise ValueError(f"{turns} turns are too few: nothing would be retracted after it was learned")
        self._names, self._chance = Names(seed, "world"), random.Random(f"year-{seed}")
        self._topics = [self._topic(number, 1) for number in range(TOPICS)]
        articles = [new_article(self._names, self._chance, 99000001 + number, 1) for number in range(ARTICLES)]
        twin = replace(articles[1], pmid="99000090")
        self.retractions = tuple(
            retraction
            for retraction in (
                Retraction(articles[0], turn=2),
                Retraction(articles[1], turn=3, twin=twin),
                Retraction(articles[2], turn=5, lifted=8),
            )
            if retraction.turn <= turns
        )
        """What is retracted: an article alone, one of two with the same finding, and one that is given back."""
        first = [*map(_page, self._topics), *(_citation(article, 1) for article in (*articles, twin))]
        self.deliveries = (Delivery(1, day_of(1), tuple(first)), *(self._later(turn) for turn in range(2, turns + 1)))

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic as it is at the end of the year, the first deliveries' topics first."""
        return tuple(self._topics)

    def _later(self, turn: int) -> Delivery:
        fresh = [self._topic(len(self._topics) + number, turn) for number in range(NEW_TOPICS)]
        changed = revised_topic(self._topics[turn], self._names)
        self._topics[turn] = changed
        self._topics += fresh
        articles = [
            new_article(self._names, self._chance, 99000100 * turn + number, turn) for number in range(NEW_ARTICLES)
        ]
        news = [
            *(_page(topic, turn) for topic in (*fresh, changed)),
            *(_citation(article, turn) for article in articles),
        ]
        for number, retraction in enumerate(self.retractions):
            if retraction.turn == turn:
                news += [_citation(retraction.article, turn, Status.RETRACTED), _notice(retraction, number)]
            if retraction.lifted == turn:
                news += [_citation(retraction.article, turn), _notice(retraction, number, turn)]
        return Delivery(turn, day_of(turn), tuple(news))

    def _topic(self, number: int, turn: int) -> Topic:
        return new_topic(self._names, self._chance, 900001 + number, day_of(turn))


def day_of(turn: int) -> date:
    """Return the day of a turn: one a week."""
    return FIRST_DAY + timedelta(weeks=turn - 1)


def _page(topic: Topic, turn: int = 1) -> Document:
    return Document(
        id=f"mplus:{topic.id}",
        revision=_revision(turn),
        source="medlineplus",
        title=topic.title,
        focus=topic.focus,
        url=f"https://medlineplus.gov/{topic.id}.html",
        licence="public domain",
        published=topic.created,
        sections=tuple(
            Section(heading=_HEADINGS[fact.question_type].format(focus=topic.focus), text=fact.answer)
            for fact in topic.facts
        ),
        groups=topic.groups,
    )


def _citation(article: Article, turn: int, status: Status = Status.CURRENT) -> Document:
    return Document(
        id=f"pmid:{article.pmid}",
        revision=_revision(turn),
        source="pubmed",
        title=article.title,
        licence="NLM citation data; abstracts may be their publishers' copyright",
        url=f"https://pubmed.ncbi.nlm.nih.gov/{article.pmid}/",
        published=day_of(article.day),
        status=status,
        sections=(
            Section(heading="BACKGROUND", text=article.background),
            Section(heading="METHODS", text=article.methods),
            Section(heading="RESULTS", text=article.results),
            Section(heading="CONCLUSIONS", text=article.conclusions),
        ),
    )


def _notice(retraction: Retraction, number: int, lifted: int = 0) -> Document:
    """Return the notice that retracts an article, or its record after it was itself retracted in the turn `lifted`."""
    pmid = f"{99000091 + number}"
    return Document(
        id=f"pmid:{pmid}",
        revision=_revision(lifted or retraction.turn),
        source="pubmed",
        title=f"Retraction: {retraction.article.title}",
        licence="NLM citation data; abstracts may be their publishers' copyright",
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        published=day_of(retraction.turn),
        status=Status.RETRACTED if lifted else Status.NOTICE,
        relations=(Relation(kind="RetractionOf", target=retraction.article.pmid),),
    )


def _revision(turn: int) -> int:
    return int(day_of(turn).strftime("%Y%m%d"))
