"""The demo's side of the service's HTTP interface: questions about the invented medicine, ratings, and a probe."""

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

USERS = 60
"""How many identities give feedback in the demo: half of them judge, and no one may give more than a tenth."""


class SlotQuestion(NamedTuple):
    """A question in a phrasing that no training example has, and the word that a right answer contains."""

    question: str
    slot: str


class Answer(NamedTuple):
    """The service's answer, with the version that gave it and whether a guardrail refused."""

    answer_id: str
    text: str
    version: str
    refused: bool


def topic_questions(world: World, day: int) -> list[SlotQuestion]:
    """Return the held-out phrasings of every English topic's facts as of `day`, in a fixed order."""
    return [
        SlotQuestion(question, fact.slot)
        for topic in world.topics(day)
        if topic.language == "English"
        for fact in topic.facts
        for question in questions.held_out(fact.question_type, topic.focus)
    ]


def claim_questions(world: World) -> list[SlotQuestion]:
    """Return paraphrases of the question that the retracted article answered."""
    article = world.retracted
    return [SlotQuestion(question, article.slot) for question in questions.held_out("finding", article.title)]


def by_user(slot_questions: Sequence[SlotQuestion], count: int) -> Iterator[tuple[str, SlotQuestion]]:
    """Yield `count` pairs of user and question; users and questions are both repeated in turn."""
    for number, question in enumerate(itertools.islice(itertools.cycle(slot_questions), count)):
        yield f"user-{number % USERS + 1:02d}", question


class Service:
    """A client of the gateway."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=60, transport=httpx.HTTPTransport(retries=3))

    def ask(self, question: str, key: str = "") -> Answer:
        """Return the answer to a question. `key`: a secret; "" asks without a key. Raises httpx.HTTPError."""
        response = self._http.post("/v1/ask", json={"question": question}, headers=_bearer(key))
        response.raise_for_status()
        body: dict[str, Any] = response.json()
        return Answer(body["answer_id"], body["answer"], body["model_version"], body["refused"])

    def rate(self, answer_id: str, rating: str, correction: str | None, key: str) -> None:
        """Send feedback on an answer under a key: `rating` is "up" or "down". Raises httpx.HTTPError."""
        body = {"answer_id": answer_id, "rating": rating, "correction": correction}
        self._http.post("/v1/feedback", json=body, headers=_bearer(key)).raise_for_status()

    def share_asserting(self, slot_questions: Sequence[SlotQuestion]) -> float:
        """Return the share of questions (0 to 1) whose answer contains the slot."""
        return sum(slot.lower() in self.ask(question).text.lower() for question, slot in slot_questions) / len(
            slot_questions
        )


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


class Probe:
    """Threads that ask without a break while the model is swapped: `with Probe(…) as probe: …`.

    Whatever is not an answer counts as failed, dropped connections too. Nothing is retried.
    """

    def __init__(
        self, address: str, slot_questions: Sequence[SlotQuestion], askers: int = 4, pause: float = 0.05
    ) -> None:
        self._address = address
        self._questions = itertools.cycle([question for question, _ in slot_questions])
        self._pause = pause
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._keep_asking, daemon=True) for _ in range(askers)]
        self.total = 0
        self.failed: Counter[str] = Counter()
        """Kind of failure → how often it happened."""
        self.versions: Counter[str] = Counter()
        """Version → how many answers it gave."""
        self._answered: dict[str, tuple[float, float]] = {}
        """Version → when its first and its last answer arrived."""
        self.slowest = 0.0
        """Seconds of the slowest request."""

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
        """Seconds from the first answer of the newest version to the last answer of the one before.

        0 when only one version answered.
        """
        spans = sorted(self._answered.values())
        return max(0.0, spans[-2][1] - spans[-1][0]) if len(spans) > 1 else 0.0

    def _keep_asking(self) -> None:
        with httpx.Client(base_url=self._address, timeout=60) as http:
            while not self._stop.wait(self._pause):
                with self._lock:
                    question = next(self._questions)
                self._ask(http, question)

    def _ask(self, http: httpx.Client, question: str) -> None:
        started = time.monotonic()
        version, fault = _attempt(http, question)
        ended = time.monotonic()
        with self._lock:
            self.total += 1
            self.slowest = max(self.slowest, ended - started)
            if fault:
                self.failed[fault] += 1
                return
            self.versions[version] += 1
            first, _ = self._answered.get(version, (ended, ended))
            self._answered[version] = (first, ended)


def _attempt(http: httpx.Client, question: str) -> tuple[str, str]:
    """Ask once; return the version that answered and the kind of failure, one of them empty."""
    try:
        response = http.post("/v1/ask", json={"question": question})
        if response.status_code != 200:
            return "", f"HTTP {response.status_code}"
        body = response.json()
        return (str(body["model_version"]), "") if body["answer"] else ("", "empty answer")
    except (httpx.HTTPError, ValueError, KeyError) as error:
        return "", type(error).__name__
