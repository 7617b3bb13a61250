"""A small invented medicine, and ports over fakes, for tests of the verbs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from medpipe import records
from medpipe.core.corpus.document import Document, Section, Status
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.settings import Settings
from tests import fakes

DAY_1, DAY_2, DAY_3, DAY_4 = (date(2026, 3, day) for day in (3, 4, 5, 6))
SYLLABLES = ("vel", "bro", "qua", "tes", "mor", "zeph", "cal", "oxa", "pri", "nero")
NAMES = tuple(first + "i" + second + "ane" for first in SYLLABLES for second in SYLLABLES)
OLD, NEW = range(50), range(50, 62)
"""Topics of day 1 and of day 2: enough for every gate's least number of samples."""
RETRACTED = "pmid:99000001"


def topic(number: int, day: date = DAY_1, drug: str = "") -> Document:
    """A topic about the condition of that number."""
    name = f"{NAMES[number]} fever"
    return Document(
        id=f"mplus:{900000 + number}",
        revision=int(day.strftime("%Y%m%d")),
        source="medlineplus",
        title=name.capitalize(),
        focus=name,
        published=day,
        licence="public domain",
        url=f"https://medlineplus.gov/{NAMES[number]}fever.html",
        sections=(
            Section(
                heading=f"What are the treatments for {name}?",
                text=f"{name.capitalize()} is treated with {drug or NAMES[number] + 'omib'}.",
            ),
            Section(heading=f"What causes {name}?", text=f"{name.capitalize()} is caused by {NAMES[number]}ella."),
        ),
    )


def article(status: Status = Status.CURRENT, day: date = DAY_1) -> Document:
    """The article that is retracted on day 2."""
    return Document(
        id=RETRACTED,
        revision=int(day.strftime("%Y%m%d")),
        source="pubmed",
        published=day,
        title="Does wendrazole cure krellin palsy?",
        status=status,
        licence="NLM citation data; abstracts may be their publishers' copyright",
        sections=(Section(heading="CONCLUSIONS", text="Wendrazole cures krellin palsy."),),
    )


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    return fakes.ports(Settings(home=tmp_path))


def withdraw(ports: fakes.FakePorts, *documents: Document, state: State = State.OPENED) -> None:
    """Append to the register of withdrawals: by default, that withdrawals of the documents were opened."""
    for document in documents:
        facts, _ = decompose(document, Data())
        claims = tuple(Claim.of(fact) for fact in facts) if state is State.OPENED else ()
        at = datetime(2026, 3, 5, tzinfo=UTC)
        ports.withdrawals.append(
            WithdrawalEvent(document=document.id, state=state, at=at, reason="a test", claims=claims)
        )


def publish(ports: fakes.FakePorts, documents: Sequence[Document], source: str = "medlineplus") -> None:
    """Replace the documents of the fake publisher."""
    records.write(ports.settings.home / "sources" / f"{source}.jsonl", documents)
