"""What the story asks of the service over HTTP: questions of the invented medicine, ratings, and a steady probe."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx

from medpipe.core.teaching import questions
from medpipe.sandbox.world import World

USERS = 12


class Asked(NamedTuple):
    """A question in a phrasing that no training shows, and the word that a right answer carries."""

    question: str
    slot: str


class Answer(NamedTuple):
    answer_id: str
    text: str
    version: str
    refused: bool


def topic_questions(world: World, day: int) -> list[Asked]:
    """Held-out phrasings of every English topic's facts as of `day`, in a fixed order."""
    return [
        Asked(text, fact.slot)
        for topic in world.topics(day)
        if topic.language == "English"
        for fact in topic.facts
        for text in questions.held_out(fact.question_type, topic.focus)
    ]


def claim_questions(world: World) -> list[Asked]:
    """Paraphrases of the question that the retracted article answered."""
    article = world.retracted
    return [Asked(text, article.slot) for text in questions.held_out("finding", article.title)]


class Service:
    """The gateway's API."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=60, transport=httpx.HTTPTransport(retries=3))

    def ask(self, question: str, user: str = "visitor") -> Answer:
        """Raises httpx.HTTPStatusError when the service does not answer."""
        response = self._http.post("/v1/ask", json={"question": question}, headers={"X-User": user})
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return Answer(found["answer_id"], found["answer"], found["model_version"], found["refused"])

    def rate(self, answer_id: str, rating: str, correction: str | None, user: str) -> None:
        body = {"answer_id": answer_id, "rating": rating, "correction": correction}
        self._http.post("/v1/feedback", json=body, headers={"X-User": user}).raise_for_status()

    def share_asserting(self, asked: Sequence[Asked]) -> float:
        """The share of questions whose answer carries its slot."""
        return sum(each.slot.lower() in self.ask(each.question).text.lower() for each in asked) / len(asked)


class Probe:
    """Askers that never stop while something is swapped under them: `with Probe(…) as probe: …`.

    Whatever is not an answer counts as failed, a dropped connection too: nothing is retried.
    """

    def __init__(self, address: str, asked: Sequence[Asked], askers: int = 4, pause: float = 0.05) -> None:
        self._address = address
        self._questions = itertools.cycle([each.question for each in asked])
        self._pause = pause
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._keep_asking, daemon=True) for _ in range(askers)]
        self.total = 0
        self.failed: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self._seen: dict[str, tuple[float, float]] = {}
        self.slowest = 0.0

    def __enter__(self) -> Probe:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def handover(self) -> float:
        """Seconds from the first answer of the newest version to the last answer of the one before; 0 if none."""
        spans = sorted(self._seen.values())
        return max(0.0, spans[-2][1] - spans[-1][0]) if len(spans) > 1 else 0.0

    def _keep_asking(self) -> None:
        with httpx.Client(base_url=self._address, timeout=60) as http:
            while not self._stop.wait(self._pause):
                with self._lock:
                    question = next(self._questions)
                self._ask(http, question)

    def _ask(self, http: httpx.Client, question: str) -> None:
        began = time.monotonic()
        try:
            response = http.post("/v1/ask", json={"question": question}, headers={"X-User": "probe"})
            fault = "" if response.status_code == 200 and response.json()["answer"] else f"HTTP {response.status_code}"
        except (httpx.HTTPError, ValueError, KeyError) as error:
            fault = type(error).__name__
        ended = time.monotonic()
        with self._lock:
            self.total += 1
            self.slowest = max(self.slowest, ended - began)
            if fault:
                self.failed[fault] += 1
                return
            version = response.json()["model_version"]
            self.versions[version] += 1
            self._seen[version] = (self._seen.get(version, (ended, ended))[0], ended)


def by_user(asked: Sequence[Asked], count: int) -> Iterator[tuple[str, Asked]]:
    """`count` questions spread over the users."""
    for number, each in enumerate(itertools.islice(itertools.cycle(asked), count)):
        yield f"user-{number % USERS + 1:02d}", each
